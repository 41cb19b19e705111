// @ts-check
// What came of being away: counted from the cut to the next SYNCED, and said in sentences. It knows no DOM.

import { parseCursor } from './user-hub.js';

/** @import { Effect, Gap } from './user-hub.js' */

/**
 * @typedef {object} Report
 * @property {boolean} recovered  whether the server still knew the place that this page had
 * @property {number} replayed  Log records that came after all
 * @property {number} values  States, and ends of States, that came
 * @property {number | null} replaced  older values that newer ones of the same key had replaced; null when unknown
 * @property {{ upTo: number | null, why: string } | null} lost  what was declared lost; upTo is null when unknown
 */

export class Absence {
  #cursor;
  #recovered = true;
  /** Whether the State was sent anew, so that positions say nothing about it. */
  #anew = false;
  /** By seq: a connection that is given up at once brings the same again. @type {Set<number>} */
  #replayed = new Set();
  /** @type {Set<number>} */
  #values = new Set();
  /** @type {Map<string, Gap>} */
  #gaps = new Map();

  /** @param {string | null} cursor what the page had processed when it was cut */
  constructor(cursor) {
    this.#cursor = parseCursor(cursor);
  }

  /**
   * @param {Effect} effect
   * @returns {Report | null} once everything is here
   */
  note(effect) {
    switch (effect.kind) {
      case 'connected':
        this.#recovered &&= effect.recovered;
        if (!effect.recovered) this.#beginAnew();
        return null;
      case 'cleared':
        this.#anew = true;
        this.#values.clear();
        return null;
      case 'gap':
        this.#gaps.set(`${effect.from} ${effect.to}`, effect);
        return null;
      case 'log':
        this.#replayed.add(effect.record.seq);
        return null;
      case 'state':
      case 'final':
      case 'removed':
        this.#values.add(effect.record.seq);
        return null;
      case 'synced':
        return this.#report(effect.cursor);
      default:
        return null;
    }
  }

  #beginAnew() {
    this.#replayed.clear();
    this.#values.clear();
    this.#gaps.clear();
  }

  /**
   * Every position between the two cursors was a record. What of them did not come was replaced or declared lost.
   * @param {string | null} cursor
   * @returns {Report}
   */
  #report(cursor) {
    const before = this.#cursor;
    const now = parseCursor(cursor);
    const came = this.#replayed.size + this.#values.size;
    const comparable = this.#recovered && !this.#anew && before !== null && now?.epoch === before.epoch;
    const missing = comparable ? Math.max(0, now.seq - before.seq - came) : null;
    return {
      recovered: this.#recovered,
      replayed: this.#replayed.size,
      values: this.#values.size,
      // A GAP covers values too: then nobody knows which of the two a missing one was.
      replaced: this.#gaps.size === 0 ? missing : null,
      lost: this.#gaps.size === 0 ? null : this.#lost(missing),
    };
  }

  /** @param {number | null} missing */
  #lost(missing) {
    let why = '';
    /** @type {number | null} */
    let covered = 0;
    for (const { from, to, reason } of this.#gaps.values()) {
      why ||= reason;
      covered = covered === null || from === null || to === null ? null : covered + to - from + 1;
    }
    const known = [missing, covered].filter((count) => count !== null);
    return { upTo: known.length > 0 ? Math.min(...known) : null, why };
  }
}

/** @param {number} count @param {string} one @param {string} [many] */
const counted = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

/** @type {Record<string, string>} */
const WHY = { evicted: 'the page was away for too long', unknown: 'the server began anew', lost: 'they went astray' };

/**
 * @param {Report} report
 * @returns {{ place: string, events: string, values: string, lost: string }}
 */
export function sentences({ recovered, replayed, values, replaced, lost }) {
  return {
    place: recovered
      ? 'The server knew where this page had been.'
      : 'The server did not know where this page had been, so it sent everything that it has.',
    events: replayed === 0 ? 'No event was replayed.' : `${counted(replayed, 'event was', 'events were')} replayed.`,
    values: `${counted(values, 'value came', 'values came')}${older(values, replaced)}`,
    lost:
      lost === null
        ? 'Nothing was lost.'
        : `${lost.upTo === null ? 'Events may be' : `Up to ${counted(lost.upTo, 'event is', 'events are')}`} lost: ${WHY[lost.why] ?? lost.why}.`,
  };
}

/** @param {number} values @param {number | null} replaced */
function older(values, replaced) {
  if (values === 0) return ': nothing had changed.';
  if (replaced === null) return '.';
  if (replaced === 0) return ', none was replaced in between.';
  return `, ${counted(replaced, 'older one', 'older ones')} in between ${replaced === 1 ? 'was' : 'were'} replaced.`;
}
