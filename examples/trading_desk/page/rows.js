// @ts-check
// Rows of keyed State, one a key. A row that has become final stays a moment, so that the eye can follow.

/** @typedef {import('./fold.js').RecordFrame} RecordFrame */
/** @typedef {import('./fold.js').Key} Key */
/** @typedef {{ node: HTMLElement, update(record: RecordFrame | null): void }} Row */

const LEAVES_AFTER = 1_800;

export class Rows {
  #container;
  #create;
  /** @type {Map<Key, Row>} */
  #rows = new Map();
  /** @type {Map<Key, ReturnType<typeof setTimeout>>} */
  #leaving = new Map();

  /**
   * @param {HTMLElement} container
   * @param {(key: string) => Row} create
   */
  constructor(container, create) {
    this.#container = container;
    this.#create = create;
  }

  /**
   * @param {ReadonlyMap<Key, RecordFrame>} records
   * @param {ReadonlySet<Key>} unknown
   */
  render(records, unknown) {
    for (const key of [...this.#rows.keys()]) {
      if (!records.has(key) && !unknown.has(key) && !this.#leaving.has(key)) this.#remove(key);
    }
    for (const key of unknown) this.#row(key).update(null);
    for (const [key, record] of records) this.#row(key).update(record);
  }

  /** @param {RecordFrame} record @param {boolean} synced */
  finish(record, synced) {
    const key = record.key;
    // A device that comes back hears of ends whose beginning it never saw: those are no news.
    if (!synced && !this.#rows.has(key)) return;
    const row = this.#row(key);
    row.update(record);
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
