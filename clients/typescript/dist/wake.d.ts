/** `visible`: somebody looks at the page again. `online`: there is a network again, and it may be another one. */
export type Woken = "visible" | "online";
/** Listens until the returned function is called. */
export type Wakes = (woken: (why: Woken) => void) => () => void;
/** Those of a browser; elsewhere there are none. */
export declare const browserWakes: Wakes;
