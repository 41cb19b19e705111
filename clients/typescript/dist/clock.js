// Time, and chance: given to the client, so that a test can hold them still.
/** Beyond this many milliseconds a timer of a browser fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1;
/** The wall clock, and the timers of the system. */
export const systemClock = {
    now: () => Date.now(),
    after(milliseconds, then) {
        const timer = setTimeout(then, Math.min(milliseconds, LONGEST_TIMER));
        return () => clearTimeout(timer);
    },
};
