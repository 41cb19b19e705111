// @ts-check
// How fast records come: how many a second, and how long after the server had them. It knows no DOM.
//
// A latency is the time of this device less the timestamp of the record, which is the time of the server: whatever the
// two clocks differ by is in it. That shows only where this one is behind, because no record comes before it was sent:
// then the fastest record counts as no time at all, and the others from there.

/** Records that came longer ago do not count, in milliseconds. */
export const WINDOW = 30_000;
/** A storm must not fill the memory of a page. */
const MOST = 10_000;

/**
 * @typedef {object} Measured
 * @property {number} rate  records a second
 * @property {number} median  milliseconds
 * @property {number} p95  milliseconds: 95 of 100 came at least as fast
 * @property {boolean} behind  whether the clock of this device is behind that of the server
 */

export class Deliveries {
  /** Oldest first. @type {{ at: number, latency: number }[]} */
  #came = [];
  #since;

  /** @param {number} now in milliseconds since 1970, as everywhere here */
  constructor(now) {
    this.#since = now;
  }

  /** @param {string} timestamp of a record that has just come @param {number} now */
  note(timestamp, now) {
    const latency = now - Date.parse(timestamp);
    if (Number.isNaN(latency)) return;
    this.#came.push({ at: now, latency });
    if (this.#came.length > MOST) this.#since = this.#came.splice(0, MOST / 2).at(-1)?.at ?? now;
  }

  /**
   * @param {number} now
   * @returns {Measured | null} when nothing has come
   */
  measure(now) {
    const begin = now - WINDOW;
    const first = this.#came.findIndex(({ at }) => at > begin);
    this.#came.splice(0, first < 0 ? this.#came.length : first);
    if (this.#came.length === 0) return null;
    const latencies = this.#came.map(({ latency }) => latency).sort((one, other) => one - other);
    const fastest = Math.min(0, latencies[0] ?? 0);
    const at = (/** @type {number} */ part) => (latencies[Math.ceil(latencies.length * part) - 1] ?? 0) - fastest;
    const seconds = (now - Math.max(begin, this.#since)) / 1000;
    return { rate: latencies.length / Math.max(1, seconds), median: at(0.5), p95: at(0.95), behind: fastest < 0 };
  }
}
