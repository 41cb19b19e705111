// @ts-check
// The fold: what records add up to. A State sets (type, key); a final State is shown and removed;
// a removal removes; a Log record is handed on, and leaves nothing behind here.

/**
 * @typedef {object} RecordFrame
 * @property {number} seq
 * @property {string} type
 * @property {string} timestamp
 * @property {string} [key]
 * @property {number} [group]
 * @property {number} [prevLog]  only a Log record carries it
 * @property {boolean} [final]  the last value of its key
 * @property {boolean} [removed]
 * @property {string} [reason]
 * @property {any} [data]
 */

/** A State without a key has none, which is another than the empty one. @typedef {string | undefined} Key */
/** @typedef {{ kind: 'state' | 'final' | 'removed' | 'log', record: RecordFrame }} Folded */

/** A server that refuses ever new keys must not fill the page. */
const MAX_UNKNOWN = 64;

/** @param {RecordFrame} record */
export function isLog(record) {
  return record.prevLog !== undefined;
}

export class Fold {
  /** @type {Map<string, Map<Key, RecordFrame>>} */
  #states = new Map();
  /** @type {Map<string, Set<Key>>} */
  #unknown = new Map();

  /**
   * @param {RecordFrame} record
   * @returns {Folded}
   */
  apply(record) {
    if (isLog(record)) return { kind: 'log', record };
    const key = record.key;
    this.#forget(record.type, key);
    if (record.removed) {
      // Cleared and expired values are gone. Any other removal says only that the value is not known.
      if (record.reason !== 'cleared' && record.reason !== 'expired') this.#markUnknown(record.type, key);
      return { kind: 'removed', record };
    }
    if (record.final) return { kind: 'final', record };
    let states = this.#states.get(record.type);
    if (!states) this.#states.set(record.type, (states = new Map()));
    states.set(key, record);
    return { kind: 'state', record };
  }

  /**
   * @param {string} type
   * @param {Key} [key]
   * @returns {RecordFrame | undefined}
   */
  get(type, key) {
    return this.#states.get(type)?.get(key);
  }

  /**
   * @param {string} type
   * @returns {ReadonlyMap<Key, RecordFrame>}
   */
  all(type) {
    return this.#states.get(type) ?? new Map();
  }

  /**
   * The keys that exist but whose current value was refused.
   * @param {string} type
   * @returns {ReadonlySet<Key>}
   */
  unknown(type) {
    return this.#unknown.get(type) ?? new Set();
  }

  clear() {
    this.#states.clear();
    this.#unknown.clear();
  }

  /** @param {string} type @param {Key} key */
  #forget(type, key) {
    this.#states.get(type)?.delete(key);
    this.#unknown.get(type)?.delete(key);
  }

  /** @param {string} type @param {Key} key */
  #markUnknown(type, key) {
    let keys = this.#unknown.get(type);
    if (!keys) this.#unknown.set(type, (keys = new Set()));
    keys.add(key);
    if (keys.size > MAX_UNKNOWN) keys.delete(keys.values().next().value);
  }
}
