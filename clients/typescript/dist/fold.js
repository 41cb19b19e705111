// The fold: what records add up to.
//
// A State sets (type, key). A final State is shown and removed. A removal removes. A Log record is handed on, and
// leaves nothing behind here. The hub's own tests fold the same streams to the same values.
/** A server that refuses ever new keys must not fill the page. */
const MAX_UNKNOWN = 64;
/** Whether a record is one of a Log: of a State it has no `prevLog`. */
export function isLog(record) {
    return record.prevLog !== undefined;
}
/** The State of one user, as far as one device knows it. */
export class Fold {
    #states = new Map();
    #unknown = new Map();
    /** Takes one record; says what it was. */
    apply(record) {
        if (isLog(record))
            return { kind: "log", record };
        const { type, key } = record;
        this.#states.get(type)?.delete(key);
        this.#unknown.get(type)?.delete(key);
        if (record.removed) {
            // Cleared and expired values are gone. Any other removal says only that the value is not known.
            if (record.reason !== "cleared" && record.reason !== "expired")
                this.#markUnknown(type, key);
            return { kind: "removed", record };
        }
        if (record.final)
            return { kind: "final", record };
        let states = this.#states.get(type);
        if (!states)
            this.#states.set(type, (states = new Map()));
        states.set(key, record);
        return { kind: "state", record };
    }
    /** The record of the current value; undefined where there is none, or none that is known. */
    get(type, key) {
        return this.#states.get(type)?.get(key);
    }
    /** Every record of a current value of a type, by key, in the order in which they were set; it changes as they do. */
    all(type) {
        return this.#states.get(type) ?? new Map();
    }
    /** The keys whose value exists but was refused by the hub: it is not known, and the one before it is wrong. */
    unknown(type) {
        return this.#unknown.get(type) ?? new Set();
    }
    /** Forgets everything; returns what was there. */
    clear() {
        const records = [...this.#states.values()].flatMap((states) => [...states.values()]);
        this.#states.clear();
        this.#unknown.clear();
        return records;
    }
    #markUnknown(type, key) {
        let keys = this.#unknown.get(type);
        if (!keys)
            this.#unknown.set(type, (keys = new Set()));
        keys.add(key);
        if (keys.size > MAX_UNKNOWN)
            for (const oldest of keys)
                return void keys.delete(oldest);
    }
}
