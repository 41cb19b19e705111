// @ts-check
// Rows of keyed State, one a key. A row that has become final stays a moment, so that the eye can follow.

/** @import { Key } from './user-hub.js' */

/**
 * @template Data
 * @typedef {object} Row
 * @property {HTMLElement} node
 * @property {(data: Data | null, final: boolean) => void} update  null: there is a value, and nobody knows it
 */

const LEAVES_AFTER = 1_800;

/** @template Data  what is shown in one row */
export class Rows {
  #container;
  #create;
  /** @type {Map<Key, Row<Data>>} */
  #rows = new Map();
  /** @type {Map<Key, ReturnType<typeof setTimeout>>} */
  #leaving = new Map();

  /**
   * @param {HTMLElement} container
   * @param {(key: string) => Row<Data>} create
   */
  constructor(container, create) {
    this.#container = container;
    this.#create = create;
  }

  /**
   * @param {ReadonlyMap<Key, Data>} values
   * @param {ReadonlySet<Key>} unknown
   */
  render(values, unknown) {
    for (const key of [...this.#rows.keys()]) {
      if (!values.has(key) && !unknown.has(key) && !this.#leaving.has(key)) this.#remove(key);
    }
    for (const key of unknown) this.#row(key).update(null, false);
    for (const [key, data] of values) this.#row(key).update(data, false);
  }

  /** @param {string} key @param {Data} data @param {boolean} synced */
  finish(key, data, synced) {
    // A device that comes back hears of ends whose beginning it never saw: those are no news.
    if (!synced && !this.#rows.has(key)) return;
    const row = this.#row(key);
    row.update(data, true);
    row.node.classList.add('leaving');
    this.#leaving.set(key, setTimeout(() => this.#remove(key), LEAVES_AFTER));
  }

  /** Removes everything at once, for another user. */
  forget() {
    for (const key of [...this.#rows.keys()]) this.#remove(key);
  }

  /** @param {Key} key */
  #row(key) {
    clearTimeout(this.#leaving.get(key));
    this.#leaving.delete(key);
    let row = this.#rows.get(key);
    if (!row) {
      row = this.#create(key ?? '');
      this.#rows.set(key, row);
      this.#container.prepend(row.node);
    }
    row.node.classList.remove('leaving');
    return row;
  }

  /** @param {Key} key */
  #remove(key) {
    clearTimeout(this.#leaving.get(key));
    this.#leaving.delete(key);
    this.#rows.get(key)?.node.remove();
    this.#rows.delete(key);
  }
}
