export interface Clock {
    /** Milliseconds since 1970. */
    now(): number;
    /** Calls once, later; returns what takes that back. */
    after(milliseconds: number, then: () => void): () => void;
}
export declare const systemClock: Clock;
