// @ts-check
// One device of one user, without any input or output: frames go in, effects come out. It holds what
// survives a connection: the cursor, the folded State, and the proof that no Log record is missing.

import { cursorText, parseCursor } from './cursor.js';
import { Fold, isLog } from './fold.js';

/** @typedef {import('./cursor.js').Cursor} Cursor */
/** @typedef {import('./fold.js').RecordFrame} RecordFrame */
/** @typedef {{ kind: 'gap', from: number | null, to: number | null, reason: string, epoch: string }} Gap */
/**
 * @typedef {import('./fold.js').Folded
 *   | Gap
 *   | { kind: 'connected', userId: string, newUser: boolean, recovered: boolean, heartbeat: number | null }
 *   | { kind: 'cleared' }
 *   | { kind: 'syncing' }
 *   | { kind: 'synced', cursor: string | null, stateSource: string }
 *   | { kind: 'closing', code: number, reason: string, reconnect: boolean, retryAfterMs: number }
 *   | { kind: 'reconnect' }} Effect
 */

/** @param {unknown} value */
const position = (value) => (Number.isSafeInteger(value) ? /** @type {number} */ (value) : 0);

export class Device {
  fold = new Fold();
  /** @type {string | null} */
  userId = null;
  /** Whether the folded State is everything that the user has. */
  synced = false;

  /** @type {Cursor | null} */
  #cursor = null;
  /** The last Log seq seen, and what the server said that the next one builds on. */
  #lastLog = 0;
  #baseline = 0;
  /** A hole is worth one reconnect; what is then still missing is reported. */
  #retriedLoss = false;

  // The rest belongs to the connection.
  /** @type {string | null} */
  #epoch = null;
  /** The seq that a record must be above, or it was here before. */
  #lastSeq = 0;
  /** The highest seq that the cursor has had on this connection: it never goes back. */
  #reached = -1;
  /** Whether State frames move the cursor: not in the snapshot of a new device, which starts again when cut. */
  #anchored = false;
  /** @type {RecordFrame[]} */
  #held = [];
  #abandoned = false;

  /** @returns {string | null} */
  get cursor() {
    return cursorText(this.#cursor);
  }

  /**
   * A connection begins. What an earlier one held back was never processed, so it is dropped.
   * @returns {string | null} the cursor to resume from
   */
  begin() {
    this.#epoch = null;
    this.#lastSeq = 0;
    this.#reached = -1;
    this.#anchored = this.#cursor !== null;
    this.#held = [];
    this.#abandoned = false;
    return this.cursor;
  }

  /**
   * @param {any} frame one parsed frame
   * @returns {Effect[]}
   */
  receive(frame) {
    /** @type {Effect[]} */
    const effects = [];
    if (this.#abandoned || typeof frame?.type !== 'string') return effects;
    // CONNECTED is the first frame, unless there is to be no connection at all.
    if (this.#epoch === null && frame.type !== 'CONNECTED' && frame.type !== 'CLOSING') return effects;
    // Another frame ends a group whose last member was replaced.
    if (this.#held.length > 0 && this.#held[0].group !== frame.group) this.#release(effects);
    if (this.#abandoned) return effects;

    switch (frame.type) {
      case 'CONNECTED':
        this.#connected(frame, effects);
        break;
      case 'SYNCED':
        if (!this.#check(position(frame.lastLog), effects)) break;
        this.#moveTo(frame.cursor);
        this.synced = true;
        this.#retriedLoss = false;
        effects.push({ kind: 'synced', cursor: this.cursor, stateSource: String(frame.stateSource ?? 'none') });
        break;
      case 'HEARTBEAT':
        if (this.#check(position(frame.lastLog), effects)) this.#moveTo(frame.cursor);
        break;
      case 'GAP':
        this.#gap(frame, effects);
        break;
      case 'RESET':
        // What follows starts below the cursor again, so no seq counts as seen; the cursor stays.
        this.#clear(effects);
        this.#lastSeq = 0;
        effects.push({ kind: 'syncing' });
        break;
      case 'CLOSING':
        effects.push({
          kind: 'closing',
          code: position(frame.code),
          reason: String(frame.reason ?? ''),
          reconnect: frame.reconnect !== false,
          retryAfterMs: Math.max(0, Number(frame.retryAfterMs) || 0),
        });
        break;
      default:
        this.#record(frame, effects);
    }
    return effects;
  }

  /** @param {any} frame @param {Effect[]} effects */
  #connected(frame, effects) {
    this.#epoch = String(frame.epoch);
    const userId = String(frame.userId);
    const newUser = this.userId !== null && this.userId !== userId;
    this.userId = userId;
    if (newUser) {
      this.#cursor = null;
      this.#retriedLoss = false;
    }
    const recovered = frame.recovered === true && !newUser;
    effects.push({
      kind: 'connected',
      userId,
      newUser,
      recovered,
      heartbeat: typeof frame.heartbeat === 'number' && frame.heartbeat > 0 ? frame.heartbeat : null,
    });

    if (recovered) {
      if (!this.#check(position(frame.lastLog), effects)) return;
      // No frame at or below the cursor comes again, unless a RESET says so.
      this.#lastSeq = this.#reached = this.#cursor?.seq ?? 0;
    } else {
      this.#lastLog = 0;
      this.#clear(effects);
    }
    this.#baseline = position(frame.lastLog);
    this.synced = false;
    effects.push({ kind: 'syncing' });
  }

  /** @param {any} frame @param {Effect[]} effects */
  #gap(frame, effects) {
    const known = this.#lastLog > 0 ? this.#lastLog + 1 : null;
    effects.push({
      kind: 'gap',
      from: typeof frame.from === 'number' ? frame.from : known,
      to: typeof frame.to === 'number' ? frame.to : null,
      reason: String(frame.reason ?? 'unknown'),
      epoch: /** @type {string} */ (this.#epoch),
    });
    this.#baseline = position(frame.lastLog);
  }

  /** @param {RecordFrame} frame @param {Effect[]} effects */
  #record(frame, effects) {
    if (!Number.isSafeInteger(frame.seq)) return;
    if (frame.group === undefined) {
      this.#accept([frame], frame.seq, effects);
      return;
    }
    this.#held.push(frame);
    if (frame.seq === frame.group) this.#release(effects);
  }

  /** @param {Effect[]} effects */
  #release(effects) {
    const held = this.#held;
    this.#held = [];
    this.#accept(held, /** @type {number} */ (held[0].group), effects);
  }

  /**
   * A single record, or a whole group: all of it or, when a Log record before it is missing, nothing.
   * @param {RecordFrame[]} records @param {number} upTo @param {Effect[]} effects
   */
  #accept(records, upTo, effects) {
    const fresh = records.filter(
      (record) => record.seq > this.#lastSeq && !(isLog(record) && record.seq <= this.#lastLog),
    );
    if (fresh.length === 0) return;

    let lastLog = this.#lastLog;
    for (const record of fresh) {
      if (!isLog(record)) continue;
      if (!this.#check(position(record.prevLog), effects, lastLog)) return;
      lastLog = record.seq;
    }
    for (const record of fresh) effects.push(this.fold.apply(record));

    if (lastLog > this.#lastLog) this.#anchored = true;
    this.#lastLog = lastLog;
    this.#lastSeq = upTo;
    if (this.#anchored) this.#move(upTo);
  }

  /**
   * Proves that the Log record at `seq` was seen, or declared.
   * @param {number} seq @param {Effect[]} effects @param {number} [lastLog]
   * @returns {boolean} false when the connection is given up for it
   */
  #check(seq, effects, lastLog = this.#lastLog) {
    const proven = Math.max(lastLog, this.#baseline);
    if (seq <= proven) return true;
    const epoch = /** @type {string} */ (this.#epoch);
    if (this.#retriedLoss) {
      effects.push({ kind: 'gap', from: proven + 1, to: seq, reason: 'lost', epoch });
      this.#baseline = seq;
      return true;
    }
    this.#retriedLoss = true;
    this.#abandoned = true;
    // Members of the held group are dropped with it, so only what was accepted before it counts.
    this.#cursor = { epoch, seq: Math.max(this.#lastLog, this.#baseline) };
    effects.push({ kind: 'reconnect' });
    return false;
  }

  /** @param {unknown} text */
  #moveTo(text) {
    const cursor = parseCursor(text);
    if (!cursor || cursor.epoch !== this.#epoch) return;
    this.#anchored = true;
    this.#move(cursor.seq);
  }

  /** @param {number} seq */
  #move(seq) {
    if (seq <= this.#reached || this.#epoch === null) return;
    this.#reached = seq;
    this.#cursor = { epoch: this.#epoch, seq };
  }

  /** @param {Effect[]} effects */
  #clear(effects) {
    this.fold.clear();
    this.synced = false;
    effects.push({ kind: 'cleared' });
  }
}
