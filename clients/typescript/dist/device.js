// One device of one user, without any input or output: frames go in, effects come out.
//
// What survives a connection: the cursor, the folded State, and the proof that no Log record is missing. The algorithm
// is that of the hub's design document, line by line ("What a client does").
//
// - The cursor never moves beyond what was handed out, and within a connection never back.
// - A group is folded whole before any effect of it is handed out, or not at all.
// - A hole in the Log is worth one reconnect; what is then still missing is declared.
import { cursorText, parseCursor } from "./cursor.js";
import { Fold, isLog } from "./fold.js";
const position = (value) => (Number.isSafeInteger(value) ? value : 0);
/** What one device knows: the cursor, the State, and what it has proved of the Log. */
export class Device {
    fold = new Fold();
    /** As the hub says; null before the first connection. */
    userId = null;
    /** Whether the folded State is everything that the user has. */
    synced = false;
    #cursor = null;
    /** The last Log seq seen, and what the server said that the next one builds on. */
    #lastLog = 0;
    #baseline = 0;
    #retriedLoss = false;
    // The rest belongs to the connection.
    #epoch = null;
    /** The seq that a record must be above, or it was here before. */
    #lastSeq = 0;
    /** The highest seq that the cursor has had on this connection. */
    #reached = -1;
    /** Whether State frames move the cursor: not in the snapshot of a new device, which starts again when cut. */
    #anchored = false;
    #held = [];
    #abandoned = false;
    /** The text to resume from; null before there is any. */
    get cursor() {
        return cursorText(this.#cursor);
    }
    /**
     * A connection begins. What an earlier one held back was never processed, so it is dropped. Returns the cursor to
     * resume from.
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
    /** Takes one parsed frame. For what is no frame the connection is given up: nobody knows what it would have said. */
    receive(frame) {
        const effects = [];
        if (this.#abandoned)
            return effects;
        if (typeof frame?.type !== "string") {
            this.#abandoned = true;
            return [{ kind: "reconnect" }];
        }
        // CONNECTED is the first frame, unless there is to be no connection at all.
        if (this.#epoch === null && frame.type !== "CONNECTED" && frame.type !== "CLOSING")
            return effects;
        // Another frame ends a group whose last member was replaced.
        if (this.#held.length > 0 && this.#held[0].group !== frame.group)
            this.#release(effects);
        if (this.#abandoned)
            return effects;
        switch (frame.type) {
            case "CONNECTED":
                this.#connected(frame, effects);
                break;
            case "SYNCED":
                if (!this.#check(position(frame.lastLog), effects))
                    break;
                this.#moveTo(frame.cursor);
                this.synced = true;
                this.#retriedLoss = false;
                effects.push({ kind: "synced", cursor: this.cursor, stateSource: String(frame.stateSource ?? "none") });
                break;
            case "HEARTBEAT":
                if (this.#check(position(frame.lastLog), effects))
                    this.#moveTo(frame.cursor);
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
    #connected(frame, effects) {
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
            if (!this.#check(position(frame.lastLog), effects))
                return;
            // No frame at or below the cursor comes again, unless a RESET says so.
            this.#lastSeq = this.#reached = this.#cursor.seq;
            this.synced = false;
            effects.push({ kind: "syncing" });
        }
        else {
            this.#lastLog = 0;
            this.#clear(effects);
        }
        this.#baseline = position(frame.lastLog);
    }
    #gap(frame, effects) {
        // What went astray right before it is declared too, and what the device has is not.
        const proven = Math.max(this.#lastLog, this.#baseline);
        const from = proven > 0 ? proven + 1 : typeof frame.from === "number" ? frame.from : null;
        const to = typeof frame.to === "number" ? frame.to : null;
        if (to === null || to > proven)
            effects.push({ kind: "gap", from, to, reason: String(frame.reason ?? "unknown") });
        this.#baseline = position(frame.lastLog);
    }
    #record(frame, effects) {
        if (!Number.isSafeInteger(frame.seq))
            return;
        if (!Number.isSafeInteger(frame.group)) {
            this.#accept([frame], frame.seq, effects);
            return;
        }
        this.#held.push(frame);
        if (frame.seq === frame.group)
            this.#release(effects);
    }
    #release(effects) {
        const held = this.#held;
        this.#held = [];
        this.#accept(held, held[0].group, effects);
    }
    /** A single record, or a whole group: all of it or, when a Log record before it is missing, nothing. */
    #accept(records, upTo, effects) {
        const fresh = records.filter((record) => record.seq > this.#lastSeq && !(isLog(record) && record.seq <= this.#lastLog));
        if (fresh.length === 0)
            return;
        let lastLog = this.#lastLog;
        for (const record of fresh) {
            if (!isLog(record))
                continue;
            if (!this.#check(position(record.prevLog), effects, lastLog))
                return;
            lastLog = record.seq;
        }
        for (const record of fresh)
            effects.push(this.fold.apply(record));
        if (lastLog > this.#lastLog)
            this.#anchored = true;
        this.#lastLog = lastLog;
        this.#lastSeq = upTo;
        if (this.#anchored)
            this.#move(upTo);
    }
    /** Proves that the Log record at `seq` was seen, or declared; false when the connection is given up for it. */
    #check(seq, effects, lastLog = this.#lastLog) {
        const proven = Math.max(lastLog, this.#baseline);
        if (seq <= proven)
            return true;
        if (this.#retriedLoss) {
            effects.push({ kind: "gap", from: proven + 1, to: seq, reason: "lost" });
            this.#baseline = seq;
            return true;
        }
        this.#retriedLoss = true;
        this.#abandoned = true;
        // Members of the held group are dropped with it, so only what was accepted before it counts.
        this.#cursor = { epoch: this.#epoch, seq: Math.max(this.#lastLog, this.#baseline) };
        effects.push({ kind: "reconnect" });
        return false;
    }
    #moveTo(text) {
        const cursor = parseCursor(text);
        if (!cursor || cursor.epoch !== this.#epoch)
            return;
        this.#anchored = true;
        this.#move(cursor.seq);
    }
    #move(seq) {
        if (seq <= this.#reached)
            return;
        this.#reached = seq;
        this.#cursor = { epoch: this.#epoch, seq };
    }
    #clear(effects) {
        this.synced = false;
        effects.push({ kind: "cleared", records: this.fold.clear() }, { kind: "syncing" });
    }
}
