/** A record of any type, as it comes off the wire. */
export interface AnyRecord {
    readonly seq: number;
    readonly type: string;
    readonly timestamp: string;
    readonly key?: string;
    readonly group?: number;
    /** Only a Log record carries it. */
    readonly prevLog?: number;
    /** The last value of its key. */
    readonly final?: boolean;
    readonly removed?: boolean;
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
    apply(record: AnyRecord): Folded;
    get(type: string, key?: Key): AnyRecord | undefined;
    /** Every value of a type, by key, in the order in which they were set. */
    all(type: string): ReadonlyMap<Key, AnyRecord>;
    /** The keys whose value exists but was refused by the hub: it is not known, and the one before it is wrong. */
    unknown(type: string): ReadonlySet<Key>;
    /** Forgets everything; returns what was there. */
    clear(): AnyRecord[];
}
