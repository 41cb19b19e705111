// When the world says that a connection that looks alive may not be: the tab was asleep, or the network was gone.
/** Those of a page; where there is no page, there are none. */
export const browserWakes = (woken) => {
    if (typeof document === "undefined")
        return () => { };
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
