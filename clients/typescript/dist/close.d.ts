/** Sign in again, then come back. */
export declare const SESSION_EXPIRED = 3005;
/** The first of those after which a device does not come back by itself. */
export declare const STAY_AWAY = 3500;
/** Whether a device comes back by itself after a connection was closed with this code; null where there was none. */
export declare function comesBack(code: number | null): boolean;
