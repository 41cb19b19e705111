// Time, and chance: given to the client, so that a test can hold them still.

/** What a client knows of time. The two may disagree: somebody may set `now`, which changes nothing for `after`. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls once, later, also for 0; returns what takes that back. */
  after(milliseconds: number, then: () => void): () => void;
}

/** Beyond this many milliseconds a timer of a browser fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** The wall clock, and the timers of the system. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(milliseconds, then) {
    const timer = setTimeout(then, Math.min(milliseconds, LONGEST_TIMER));
    return () => clearTimeout(timer);
  },
};
