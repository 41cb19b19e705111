// When the world says that a connection that looks alive may not be: the tab was asleep, or the network was gone.
/** Those of a browser; elsewhere there are none. */
export const browserWakes = (woken) => {
    if (typeof document === "undefined")
        return () => { };
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
