// Drives a device: opens links, comes back with the right delay, stays away when told to, and says what arrives.
//
// - There is one link at most. What an earlier one still says is not heard.
// - Whoever listens is called when everything of a frame, and of its group, is folded: `state` never shows half of it.
// - A listener that throws harms nobody else: what it threw is reported as if nobody had caught it.
import { backOff } from "./backoff.js";
import { systemClock } from "./clock.js";
import { SESSION_EXPIRED, comesBack } from "./close.js";
import { Device } from "./device.js";
import { browserLinks } from "./link.js";
import { browserWakes } from "./wake.js";
/** How long to wait for the first frame, in milliseconds: the hub may be loading State before it. */
const FIRST_FRAME_WITHIN = 20_000;
/** So many heartbeats without any frame, and the connection is dead. */
const HEARTBEATS_MISSED = 2.5;
/** So many, and a page that wakes does not wait for the rest. */
const HEARTBEATS_MISSED_ASLEEP = 1.2;
/** What a listener threw is nobody's to catch: it goes where uncaught errors go. */
function report(error) {
    setTimeout(() => {
        throw error;
    });
}
/** Connects, and stays connected until it is stopped. */
export function connect(options) {
    const client = new Client(options);
    client.start();
    return client;
}
export class Client {
    #device = new Device();
    #status;
    #listeners = new Map();
    #options;
    #open;
    #clock;
    #random;
    #wakes;
    #transport;
    #running = false;
    #link = null;
    /** Raised whenever the link changes, so that what an earlier one still says is not heard. */
    #generation = 0;
    #attempt = 0;
    /** How many milliseconds the server asked to be left alone for, and when it did. */
    #askedFor = 0;
    #askedAt = 0;
    #heard = 0;
    #heartbeat = Infinity;
    #silence = Infinity;
    #connected = false;
    #cancelRetry = null;
    #cancelWatch = null;
    #cancelWakes = null;
    /** Nothing happens before `start`. Throws a `TypeError` if there is no address for the transport. */
    constructor(options) {
        this.#options = options;
        this.#transport = this.#known(options.transport ?? (options.websocket === undefined ? "sse" : "websocket"));
        this.#open = options.open ?? browserLinks(options);
        this.#clock = options.clock ?? systemClock;
        this.#random = options.random ?? Math.random;
        this.#wakes = options.wakes ?? browserWakes;
        this.#status = { state: "stopped", since: this.#clock.now(), code: null, reason: "" };
    }
    /** Whose device this is, as the hub says; null before the first connection. */
    get userId() {
        return this.#device.userId;
    }
    /** An object that is another one after each change, and the same until then. */
    get status() {
        return this.#status;
    }
    get transport() {
        return this.#transport;
    }
    /** The cursor of what was processed last; null before there is one. */
    get cursor() {
        return this.#device.cursor;
    }
    /** Whether everything that the hub has was here once, and nothing since has said that it is not. */
    get synced() {
        return this.#device.synced;
    }
    /** The records behind `state` and `states`. Another object after each `start`. */
    get fold() {
        return this.#device.fold;
    }
    state(type, key) {
        return this.fold.get(type, key)?.data;
    }
    /** The current values of a State with keys, by key, in the order in which they came. A copy. */
    states(type) {
        const values = [...this.fold.all(type)].map(([key, record]) => [key, record.data]);
        return new Map(values);
    }
    /** Hears the records of a type from now on. Returns what ends that. */
    on(type, handler) {
        return this.#listen(`on ${type}`, handler);
    }
    /** Hears each change of the status. */
    onStatus(listener) {
        return this.#listen("status", listener);
    }
    /** Hears of Log records that cannot be had any more: the place to fetch them from elsewhere. */
    onGap(listener) {
        return this.#listen("gap", listener);
    }
    /** Hears everything that frames do, in order: for logs and tests. */
    onEffect(listener) {
        return this.#listen("effect", listener);
    }
    /** Starts as a new device: what an earlier user had is forgotten. */
    start() {
        if (!this.#forget())
            return;
        this.#running = true;
        this.#attempt = this.#askedFor = 0;
        this.#cancelWakes = this.#wakes((why) => this.#woken(why));
        const generation = this.#generation;
        this.#setStatus("connecting");
        if (generation === this.#generation)
            this.#connect();
    }
    /** Disconnects, forgets what is here, and does not come back. */
    stop(reason = "", code = null) {
        this.#running = false;
        if (this.#forget())
            this.#setStatus("stopped", reason, code);
    }
    /** Goes on by another transport, from the same cursor. */
    useTransport(transport) {
        if (transport === this.#transport)
            return;
        this.#transport = this.#known(transport);
        this.reconnect();
    }
    /** Gives the connection up and opens another one at once, unless the server asked to wait. Nothing is forgotten. */
    reconnect() {
        if (!this.#running)
            return;
        this.#leave();
        this.#attempt = 0;
        this.#retryAfter(0);
        this.#setStatus("reconnecting");
    }
    #known(transport) {
        if (!this.#options.open && this.#options[transport] === undefined) {
            throw new TypeError(`no address is known for the transport ${transport}`);
        }
        return transport;
    }
    #listen(name, listener) {
        let listeners = this.#listeners.get(name);
        if (!listeners)
            this.#listeners.set(name, (listeners = new Set()));
        // A function of its own: who listens twice is called twice, and ends once.
        const own = (...values) => listener(...values);
        listeners.add(own);
        return () => listeners.delete(own);
    }
    #tell(name, ...values) {
        for (const listener of [...(this.#listeners.get(name) ?? [])]) {
            try {
                listener(...values);
            }
            catch (error) {
                report(error);
            }
        }
    }
    #connect() {
        this.#connected = false;
        this.#silence = FIRST_FRAME_WITHIN;
        this.#heartbeat = Infinity;
        this.#heard = this.#clock.now();
        const generation = ++this.#generation;
        const ifCurrent = (then) => {
            if (generation === this.#generation)
                then();
        };
        this.#watch();
        try {
            this.#link = this.#open(this.#transport, this.#device.begin(), {
                onFrame: (text) => ifCurrent(() => this.#receive(text)),
                onClosed: (code) => ifCurrent(() => this.#closed(code)),
            });
        }
        catch (error) {
            report(error);
            this.#retry();
        }
    }
    #receive(text) {
        this.#heard = this.#clock.now();
        let frame;
        try {
            frame = JSON.parse(text);
        }
        catch {
            // What it would have said is lost, and the cursor is still before it.
            this.#retry();
            return;
        }
        const generation = this.#generation;
        for (const effect of this.#device.receive(frame)) {
            this.#tell("effect", effect);
            // Who was told may have stopped the client, or started it anew.
            if (generation !== this.#generation)
                return;
            this.#take(effect);
            if (generation !== this.#generation)
                return;
        }
    }
    #take(effect) {
        switch (effect.kind) {
            case "connected":
                this.#connected = true;
                this.#heartbeat = effect.heartbeat === null ? Infinity : effect.heartbeat * 1000;
                this.#silence = this.#heartbeat * HEARTBEATS_MISSED;
                this.#watch();
                break;
            case "cleared":
                for (const record of effect.records)
                    this.#dropped(record);
                break;
            case "syncing":
                this.#setStatus("syncing");
                break;
            case "synced":
                this.#attempt = 0;
                this.#setStatus("live");
                break;
            case "gap":
                this.#tell("gap", effect);
                break;
            case "closing":
                this.#closing(effect);
                break;
            case "reconnect":
                this.#retry();
                break;
            default:
                this.#tell(`on ${effect.record.type}`, effect.record.data, effect.record);
        }
    }
    #dropped({ seq, type, timestamp, key }) {
        const record = { seq, type, timestamp, ...(key !== undefined && { key }), removed: true, reason: "forgotten" };
        this.#tell(`on ${type}`, undefined, record);
    }
    #closing({ code, reason, reconnect, retryAfterMs }) {
        this.#askedFor = retryAfterMs;
        this.#askedAt = this.#clock.now();
        if (!reconnect || !comesBack(code))
            this.stop(reason, code);
        else if (code === SESSION_EXPIRED)
            void this.#retryIfSignedIn(code, reason);
        else
            this.#retry(code, reason);
    }
    #closed(code) {
        if (!comesBack(code))
            this.stop("", code);
        else if (this.#connected && code !== SESSION_EXPIRED)
            this.#retry(code);
        // A browser does not say why a connection could not be opened: the session may have ended.
        else
            void this.#retryIfSignedIn(code);
    }
    async #retryIfSignedIn(code, reason = "") {
        // Who has no way to ask believes the answer to a request that was refused.
        let session = code === SESSION_EXPIRED && !this.#connected ? "ended" : "unreachable";
        this.#leave();
        const generation = this.#generation;
        this.#setStatus("reconnecting", reason, code);
        try {
            session = (await this.#options.session?.()) ?? session;
        }
        catch {
            session = "unreachable";
        }
        if (generation !== this.#generation)
            return;
        if (session === "ended")
            this.stop(reason || "session ended", code);
        else
            this.#retry(code, reason);
    }
    #retry(code = null, reason = "") {
        this.#leave();
        this.#retryAfter(backOff(this.#attempt++, this.#random()));
        this.#setStatus("reconnecting", reason, code);
    }
    #retryAfter(milliseconds) {
        this.#cancelRetry?.();
        // Neither is a wall clock that was set back a reason to stay away for longer.
        const since = Math.max(0, this.#clock.now() - this.#askedAt);
        const wait = Math.max(milliseconds, this.#askedFor - since);
        this.#cancelRetry = this.#clock.after(wait, () => {
            this.#cancelRetry = null;
            this.#connect();
        });
    }
    #woken(why) {
        const silent = this.#clock.now() - this.#heard;
        if (why === "online" || this.#cancelRetry || silent > this.#heartbeat * HEARTBEATS_MISSED_ASLEEP)
            this.reconnect();
    }
    /** One timer that looks again, instead of one that every frame sets anew. */
    #watch() {
        this.#cancelWatch?.();
        this.#cancelWatch = null;
        if (this.#silence === Infinity)
            return;
        // A wall clock that was set back would make a silence last for ever.
        this.#heard = Math.min(this.#heard, this.#clock.now());
        const left = this.#heard + this.#silence - this.#clock.now();
        if (left > 0)
            this.#cancelWatch = this.#clock.after(left, () => this.#watch());
        else
            this.#retry();
    }
    #leave() {
        this.#generation++;
        this.#cancelRetry?.();
        this.#cancelWatch?.();
        this.#cancelRetry = this.#cancelWatch = null;
        const link = this.#link;
        this.#link = null;
        link?.close();
    }
    /** Returns false if somebody who was told has stopped or started the client again. */
    #forget() {
        this.#leave();
        this.#cancelWakes?.();
        this.#cancelWakes = null;
        const generation = this.#generation;
        const records = this.#device.fold.clear();
        this.#device = new Device();
        for (const record of records)
            this.#dropped(record);
        return generation === this.#generation;
    }
    #setStatus(state, reason = "", code = null) {
        const { state: before, reason: said, code: had } = this.#status;
        if (state === before && reason === said && code === had)
            return;
        this.#status = { state, since: state === before ? this.#status.since : this.#clock.now(), code, reason };
        this.#tell("status", this.#status);
    }
}
