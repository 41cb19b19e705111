// When the world says that a connection that looks alive may not be: the tab was asleep, or the network was gone.

/** `visible`: somebody looks at the page again. `online`: there is a network again, and it may be another one. */
export type Woken = "visible" | "online";

/** Listens until the returned function is called. */
export type Wakes = (woken: (why: Woken) => void) => () => void;

/** Those of a browser; elsewhere there are none. */
export const browserWakes: Wakes = (woken) => {
  if (typeof document === "undefined") return () => {};
  const listening = new AbortController();
  const { signal } = listening;
  addEventListener("online", () => woken("online"), { signal });
  // A page that comes back out of the back-forward cache has lost its connections without having been told.
  addEventListener("pageshow", () => woken("visible"), { signal });
  document.addEventListener("resume", () => woken("visible"), { signal });
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && woken("visible"), {
    signal,
  });
  return () => listening.abort();
};
