// When the world says that a connection that looks alive may not be: the tab was asleep, or the network was gone.

/**
 * - `visible`: somebody looks at the page again. The connection may be alive: the client looks when it heard from it
 *   last.
 * - `online`: there is a network again, and it may be another one. The client opens another connection.
 * - `restored`: the page comes back out of the back-forward cache, where connections end unheard. Likewise.
 */
export type Woken = "visible" | "online" | "restored";

/** Begins to listen; returns what ends that. Never calls before it has returned. */
export type Wakes = (woken: (why: Woken) => void) => () => void;

/** Those of a page; where there is no page, there are none. */
export const browserWakes: Wakes = (woken) => {
  if (typeof document === "undefined") return () => {};
  const listening = new AbortController();
  const { signal } = listening;
  addEventListener("online", () => woken("online"), { signal });
  addEventListener("pageshow", (event) => event.persisted && woken("restored"), { signal });
  document.addEventListener("resume", () => woken("visible"), { signal });
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && woken("visible"), {
    signal,
  });
  return () => listening.abort();
};
