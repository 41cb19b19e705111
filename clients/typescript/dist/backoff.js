// How long to wait before coming back.
/** The shortest wait, in milliseconds. */
export const BACK_OFF_MIN = 1_000;
/** The longest one. */
export const BACK_OFF_MAX = 30_000;
/**
 * Between half of a ceiling and all of it, so that devices that were cut together do not return together. The ceiling
 * doubles from 2 s to 30 s.
 *
 * `attempt` counts from 0, `chance` is from 0 to 1.
 */
export function backOff(attempt, chance) {
    const ceiling = Math.min(BACK_OFF_MAX, 2 * BACK_OFF_MIN * 2 ** attempt);
    return Math.round((ceiling / 2) * (1 + chance));
}
