/** A record of any type, as it comes off the wire. */
export interface AnyRecord {
    /** Its position in the user's log, from 1. */
    readonly seq: number;
    readonly type: string;
    /** When it was broadcast: RFC 3339, UTC, milliseconds. */
    readonly timestamp: string;
    /** What its value stands under; absent where the type has no key. */
    readonly key?: string;
    /** The last seq of the group that it belongs to. */
    readonly group?: number;
    /** Only a Log record carries it. */
    readonly prevLog?: number;
    /** The last value of its key. */
    readonly final?: boolean;
    /** The value of its key is gone, or not known; then it has no data. */
    readonly removed?: boolean;
    /** Why it was removed. */
    readonly reason?: string;
    readonly data?: unknown;
}
/** What a State stands under. One without a key has none, which is another than the empty one. */
export type Key = string | undefined;
/** What a record was, once it is in the fold. */
export type Folded = {
    readonly kind: "state" | "final" | "removed" | "log";
    readonly record: AnyRecord;
};
/** Whether a record is one of a Log: of a State it has no `prevLog`. */
export declare function isLog(record: AnyRecord): boolean;
/** The State of one user, as far as one device knows it. */
export declare class Fold {
    #private;
    /** Takes one record; says what it was. */
    apply(record: AnyRecord): Folded;
    /** The record of the current value; undefined where there is none, or none that is known. */
    get(type: string, key?: Key): AnyRecord | undefined;
    /** Every record of a current value of a type, by key, in the order in which they were set; it changes as they do. */
    all(type: string): ReadonlyMap<Key, AnyRecord>;
    /** The keys whose value exists but was refused by the hub: it is not known, and the one before it is wrong. */
    unknown(type: string): ReadonlySet<Key>;
    /** Forgets everything; returns what was there. */
    clear(): AnyRecord[];
}
