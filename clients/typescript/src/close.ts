// Close codes: the range says whether to come back.

/** Sign in again, then come back. */
export const SESSION_EXPIRED = 3005;
/** The first of those after which a device does not come back by itself. */
export const STAY_AWAY = 3500;
const STAY_AWAY_LAST = 3999;

/** Whether a device comes back by itself after a connection was closed with this code; null where there was none. */
export function comesBack(code: number | null): boolean {
  return code === null || !(code >= STAY_AWAY && code <= STAY_AWAY_LAST);
}
