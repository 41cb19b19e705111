import { type AnyRecord, Fold, type Folded } from "./fold.js";
/** Log records that cannot be had any more. */
export interface Gap {
    /** The first position that may be missing; null when nobody knows. */
    readonly from: number | null;
    /** The last one; null when nobody knows. */
    readonly to: number | null;
    /** `evicted`: away for too long; `unknown`: the hub began anew; `lost`: they went astray twice. */
    readonly reason: "evicted" | "unknown" | "lost" | (string & {});
}
/**
 * What a frame does, in the order in which it happens:
 *
 * - a record that is folded, see `Folded`;
 * - `gap`: Log records cannot be had any more;
 * - `connected`: whose device this is, whether the hub knew its cursor, and the seconds between heartbeats, if there
 *   are any;
 * - `cleared`: all State is dropped, and was that; `syncing`: the current State is coming; `synced`: it is here;
 * - `closing`: the hub ends the connection, and says whether and when to come back, in milliseconds;
 * - `reconnect`: something is missing or cannot be read, so the connection is given up.
 */
export type Effect = Folded | ({
    readonly kind: "gap";
} & Gap) | {
    readonly kind: "connected";
    readonly userId: string;
    readonly recovered: boolean;
    readonly heartbeat: number | null;
} | {
    readonly kind: "cleared";
    readonly records: readonly AnyRecord[];
} | {
    readonly kind: "syncing";
} | {
    readonly kind: "synced";
    readonly cursor: string | null;
    readonly stateSource: string;
} | {
    readonly kind: "closing";
    readonly code: number;
    readonly reason: string;
    readonly reconnect: boolean;
    readonly retryAfterMs: number;
} | {
    readonly kind: "reconnect";
};
/** What was parsed from the wire: nothing is known of it yet. */
type Parsed = any;
/** What one device knows: the cursor, the State, and what it has proved of the Log. */
export declare class Device {
    #private;
    readonly fold: Fold;
    /** As the hub says; null before the first connection. */
    userId: string | null;
    /** Whether the folded State is everything that the user has. */
    synced: boolean;
    /** The text to resume from; null before there is any. */
    get cursor(): string | null;
    /**
     * A connection begins. What an earlier one held back was never processed, so it is dropped. Returns the cursor to
     * resume from.
     */
    begin(): string | null;
    /** Takes one parsed frame. For what is no frame the connection is given up: nobody knows what it would have said. */
    receive(frame: Parsed): Effect[];
}
export {};
