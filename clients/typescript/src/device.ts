// One device of one user, without any input or output: frames go in, effects come out.
//
// What survives a connection: the cursor, the folded State, and the proof that no Log record is missing. The algorithm
// is that of the hub's design document, line by line ("What a client does").
//
// - The cursor never moves beyond what was handed out, and within a connection never back.
// - A group is folded whole before any effect of it is handed out, or not at all.
// - A hole in the Log is worth one reconnect; what is then still missing is declared.

import { type Cursor, cursorText, parseCursor } from "./cursor.js";
import { type AnyRecord, Fold, type Folded, isLog } from "./fold.js";

/** Log records that cannot be had any more. */
export interface Gap {
  /** The first position that may be missing; null when nobody knows. */
  readonly from: number | null;
  /** The last one; null when nobody knows. */
  readonly to: number | null;
  /** `evicted`: away for too long; `unknown`: the hub began anew; `lost`: they went astray twice. */
  readonly reason: "evicted" | "unknown" | "lost" | (string & {});
}

/**
 * What a frame does, in the order in which it happens:
 *
 * - a record that is folded, see `Folded`;
 * - `gap`: Log records cannot be had any more;
 * - `connected`: whose device this is, whether the hub knew its cursor, and the seconds between heartbeats, if there
 *   are any;
 * - `cleared`: all State is dropped, and was that; `syncing`: the current State is coming; `synced`: it is here;
 * - `closing`: the hub ends the connection, and says whether and when to come back, in milliseconds;
 * - `reconnect`: something is missing or cannot be read, so the connection is given up.
 */
export type Effect =
  | Folded
  | ({ readonly kind: "gap" } & Gap)
  | {
      readonly kind: "connected";
      readonly userId: string;
      readonly recovered: boolean;
      readonly heartbeat: number | null;
    }
  | { readonly kind: "cleared"; readonly records: readonly AnyRecord[] }
  | { readonly kind: "syncing" }
  | { readonly kind: "synced"; readonly cursor: string | null; readonly stateSource: string }
  | {
      readonly kind: "closing";
      readonly code: number;
      readonly reason: string;
      readonly reconnect: boolean;
      readonly retryAfterMs: number;
    }
  | { readonly kind: "reconnect" };

/** What was parsed from the wire: nothing is known of it yet. */
type Parsed = any;

const position = (value: unknown): number => (Number.isSafeInteger(value) ? (value as number) : 0);

/** What one device knows: the cursor, the State, and what it has proved of the Log. */
export class Device {
  readonly fold: Fold = new Fold();
  /** As the hub says; null before the first connection. */
  userId: string | null = null;
  /** Whether the folded State is everything that the user has. */
  synced = false;

  #cursor: Cursor | null = null;
  /** The last Log seq seen, and what the server said that the next one builds on. */
  #lastLog = 0;
  #baseline = 0;
  #retriedLoss = false;

  // The rest belongs to the connection.
  #epoch: string | null = null;
  /** The seq that a record must be above, or it was here before. */
  #lastSeq = 0;
  /** The highest seq that the cursor has had on this connection. */
  #reached = -1;
  /** Whether State frames move the cursor: not in the snapshot of a new device, which starts again when cut. */
  #anchored = false;
  #held: AnyRecord[] = [];
  #abandoned = false;

  /** The text to resume from; null before there is any. */
  get cursor(): string | null {
    return cursorText(this.#cursor);
  }

  /**
   * A connection begins. What an earlier one held back was never processed, so it is dropped. Returns the cursor to
   * resume from.
   */
  begin(): string | null {
    this.#epoch = null;
    this.#lastSeq = 0;
    this.#reached = -1;
    this.#anchored = this.#cursor !== null;
    this.#held = [];
    this.#abandoned = false;
    return this.cursor;
  }

  /** Takes one parsed frame. For what is no frame the connection is given up: nobody knows what it would have said. */
  receive(frame: Parsed): Effect[] {
    const effects: Effect[] = [];
    if (this.#abandoned) return effects;
    if (typeof frame?.type !== "string") {
      this.#abandoned = true;
      return [{ kind: "reconnect" }];
    }
    // CONNECTED is the first frame, unless there is to be no connection at all.
    if (this.#epoch === null && frame.type !== "CONNECTED" && frame.type !== "CLOSING") return effects;
    // Another frame ends a group whose last member was replaced.
    if (this.#held.length > 0 && this.#held[0]!.group !== frame.group) this.#release(effects);
    if (this.#abandoned) return effects;

    switch (frame.type) {
      case "CONNECTED":
        this.#connected(frame, effects);
        break;
      case "SYNCED":
        if (!this.#check(position(frame.lastLog), effects)) break;
        this.#moveTo(frame.cursor);
        this.synced = true;
        this.#retriedLoss = false;
        effects.push({ kind: "synced", cursor: this.cursor, stateSource: String(frame.stateSource ?? "none") });
        break;
      case "HEARTBEAT":
        if (this.#check(position(frame.lastLog), effects)) this.#moveTo(frame.cursor);
        break;
      case "GAP":
        this.#gap(frame, effects);
        break;
      case "RESET":
        // What follows starts below the cursor again, so no seq counts as seen; the cursor stays.
        this.#clear(effects);
        this.#lastSeq = 0;
        break;
      case "CLOSING":
        this.#abandoned = true;
        effects.push({
          kind: "closing",
          code: position(frame.code),
          reason: String(frame.reason ?? ""),
          reconnect: frame.reconnect !== false,
          retryAfterMs: Math.max(0, Number(frame.retryAfterMs) || 0),
        });
        break;
      default:
        this.#record(frame, effects);
    }
    return effects;
  }

  #connected(frame: Parsed, effects: Effect[]): void {
    this.#epoch = String(frame.epoch);
    const userId = String(frame.userId);
    if (this.userId !== null && this.userId !== userId) {
      this.#cursor = null;
      this.#retriedLoss = false;
    }
    const recovered = frame.recovered === true && this.#cursor !== null;
    this.userId = userId;
    const heartbeat = typeof frame.heartbeat === "number" && frame.heartbeat > 0 ? frame.heartbeat : null;
    effects.push({ kind: "connected", userId, recovered, heartbeat });
    if (recovered) {
      if (!this.#check(position(frame.lastLog), effects)) return;
      // No frame at or below the cursor comes again, unless a RESET says so.
      this.#lastSeq = this.#reached = this.#cursor!.seq;
      this.synced = false;
      effects.push({ kind: "syncing" });
    } else {
      this.#lastLog = 0;
      this.#clear(effects);
    }
    this.#baseline = position(frame.lastLog);
  }

  #gap(frame: Parsed, effects: Effect[]): void {
    // What went astray right before it is declared too, and what the device has is not.
    const proven = Math.max(this.#lastLog, this.#baseline);
    const from = proven > 0 ? proven + 1 : typeof frame.from === "number" ? frame.from : null;
    const to = typeof frame.to === "number" ? frame.to : null;
    if (to === null || to > proven) effects.push({ kind: "gap", from, to, reason: String(frame.reason ?? "unknown") });
    this.#baseline = position(frame.lastLog);
  }

  #record(frame: Parsed, effects: Effect[]): void {
    if (!Number.isSafeInteger(frame.seq)) return;
    if (!Number.isSafeInteger(frame.group)) {
      this.#accept([frame], frame.seq, effects);
      return;
    }
    this.#held.push(frame);
    if (frame.seq === frame.group) this.#release(effects);
  }

  #release(effects: Effect[]): void {
    const held = this.#held;
    this.#held = [];
    this.#accept(held, held[0]!.group!, effects);
  }

  /** A single record, or a whole group: all of it or, when a Log record before it is missing, nothing. */
  #accept(records: readonly AnyRecord[], upTo: number, effects: Effect[]): void {
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

  /** Proves that the Log record at `seq` was seen, or declared; false when the connection is given up for it. */
  #check(seq: number, effects: Effect[], lastLog = this.#lastLog): boolean {
    const proven = Math.max(lastLog, this.#baseline);
    if (seq <= proven) return true;
    if (this.#retriedLoss) {
      effects.push({ kind: "gap", from: proven + 1, to: seq, reason: "lost" });
      this.#baseline = seq;
      return true;
    }
    this.#retriedLoss = true;
    this.#abandoned = true;
    // Members of the held group are dropped with it, so only what was accepted before it counts.
    this.#cursor = { epoch: this.#epoch!, seq: Math.max(this.#lastLog, this.#baseline) };
    effects.push({ kind: "reconnect" });
    return false;
  }

  #moveTo(text: unknown): void {
    const cursor = parseCursor(text);
    if (!cursor || cursor.epoch !== this.#epoch) return;
    this.#anchored = true;
    this.#move(cursor.seq);
  }

  #move(seq: number): void {
    if (seq <= this.#reached) return;
    this.#reached = seq;
    this.#cursor = { epoch: this.#epoch!, seq };
  }

  #clear(effects: Effect[]): void {
    this.synced = false;
    effects.push({ kind: "cleared", records: this.fold.clear() }, { kind: "syncing" });
  }
}
