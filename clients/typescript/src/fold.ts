// The fold: what records add up to.
//
// A State sets (type, key). A final State is shown and removed. A removal removes. A Log record is handed on, and
// leaves nothing behind here. The hub's own tests fold the same streams to the same values.

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
export type Folded = { readonly kind: "state" | "final" | "removed" | "log"; readonly record: AnyRecord };

/** A server that refuses ever new keys must not fill the page. */
const MAX_UNKNOWN = 64;

/** Whether a record is one of a Log: of a State it has no `prevLog`. */
export function isLog(record: AnyRecord): boolean {
  return record.prevLog !== undefined;
}

/** The State of one user, as far as one device knows it. */
export class Fold {
  #states = new Map<string, Map<Key, AnyRecord>>();
  #unknown = new Map<string, Set<Key>>();

  /** Takes one record; says what it was. */
  apply(record: AnyRecord): Folded {
    if (isLog(record)) return { kind: "log", record };
    const { type, key } = record;
    this.#states.get(type)?.delete(key);
    this.#unknown.get(type)?.delete(key);
    if (record.removed) {
      // Cleared and expired values are gone. Any other removal says only that the value is not known.
      if (record.reason !== "cleared" && record.reason !== "expired") this.#markUnknown(type, key);
      return { kind: "removed", record };
    }
    if (record.final) return { kind: "final", record };
    let states = this.#states.get(type);
    if (!states) this.#states.set(type, (states = new Map()));
    states.set(key, record);
    return { kind: "state", record };
  }

  /** The record of the current value; undefined where there is none, or none that is known. */
  get(type: string, key?: Key): AnyRecord | undefined {
    return this.#states.get(type)?.get(key);
  }

  /** Every record of a current value of a type, by key, in the order in which they were set; it changes as they do. */
  all(type: string): ReadonlyMap<Key, AnyRecord> {
    return this.#states.get(type) ?? new Map();
  }

  /** The keys whose value exists but was refused by the hub: it is not known, and the one before it is wrong. */
  unknown(type: string): ReadonlySet<Key> {
    return this.#unknown.get(type) ?? new Set();
  }

  /** Forgets everything; returns what was there. */
  clear(): AnyRecord[] {
    const records = [...this.#states.values()].flatMap((states) => [...states.values()]);
    this.#states.clear();
    this.#unknown.clear();
    return records;
  }

  #markUnknown(type: string, key: Key): void {
    let keys = this.#unknown.get(type);
    if (!keys) this.#unknown.set(type, (keys = new Set()));
    keys.add(key);
    if (keys.size > MAX_UNKNOWN) for (const oldest of keys) return void keys.delete(oldest);
  }
}
