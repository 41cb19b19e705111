/** What a client knows of time. The two may disagree: somebody may set `now`, which changes nothing for `after`. */
export interface Clock {
    /** Milliseconds since 1970. */
    now(): number;
    /** Calls once, later, also for 0; returns what takes that back. */
    after(milliseconds: number, then: () => void): () => void;
}
/** The wall clock, and the timers of the system. */
export declare const systemClock: Clock;
