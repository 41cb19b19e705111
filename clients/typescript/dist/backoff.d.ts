/** The shortest wait, in milliseconds. */
export declare const BACK_OFF_MIN = 1000;
/** The longest one. */
export declare const BACK_OFF_MAX = 30000;
/**
 * Between half of a ceiling and all of it, so that devices that were cut together do not return together. The ceiling
 * doubles from 2 s to 30 s.
 *
 * `attempt` counts from 0, `chance` is from 0 to 1.
 */
export declare function backOff(attempt: number, chance: number): number;
