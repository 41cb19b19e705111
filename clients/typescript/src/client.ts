// Drives a device: opens links, comes back with the right delay, stays away when told to, and says what arrives.
//
// - There is one link at most. What an earlier one still says is not heard.
// - Whoever listens is called when everything of a frame, and of its group, is folded: `state` never shows half of it.
// - A listener that throws harms nobody else: what it threw is reported as if nobody had caught it.
// - A listener may stop, start or reconnect the client. After a stop nobody is told a value any more; after a reconnect
//   the rest of the frame is still told, because the cursor is behind it.

import { backOff } from "./backoff.js";
import { type Clock, systemClock } from "./clock.js";
import { SESSION_EXPIRED, comesBack } from "./close.js";
import { Device, type Effect, type Gap } from "./device.js";
import type { AnyEvents, DataOf, EventName, EventTypesOf, Handler, KeyedName, SingleName } from "./events.js";
import type { AnyRecord, Fold } from "./fold.js";
import { type Addresses, type Link, type OpenLink, type Transport, browserLinks } from "./link.js";
import { type Wakes, type Woken, browserWakes } from "./wake.js";

/**
 * - `connecting`: for the first time; nothing is here yet.
 * - `syncing`: connected, and on the way to the current State.
 * - `live`: everything that the hub has is here.
 * - `reconnecting`: what is here was true when the connection was lost.
 * - `stopped`: by `stop`, or because the hub said so; it does not come back by itself, and nothing is here.
 */
export type ConnectionState = "connecting" | "syncing" | "live" | "reconnecting" | "stopped";

/** What a badge shows. */
export interface Status {
  readonly state: ConnectionState;
  /** Since when it is in this state, in milliseconds since 1970. */
  readonly since: number;
  /** The close code that led here, as in 3503 for signed out; null where there was none. */
  readonly code: number | null;
  /** Why, in words for a log; may be empty. */
  readonly reason: string;
}

/**
 * What the host says of the session that a device belongs to: `ended`, and the client stops; otherwise it comes back
 * after its wait.
 */
export type Session = "valid" | "ended" | "unreachable";

/** What a client needs to know: one address at least, or an `open` of its own. All else has a default. */
export interface Options extends Addresses {
  /** Which of the two transports to begin with. Default `websocket` if there is an address for it, else `sse`. */
  readonly transport?: Transport;
  /**
   * Asks the host whether the session is still there, by an ordinary request: a browser does not show why a WebSocket
   * was refused. Asked when a connection could not be opened and when its session has expired. One that throws, or has
   * not answered within 20 s, counts as `unreachable`. Without it, server-sent events that are answered by 401 end the
   * session, and a WebSocket that is refused for good is tried again, every 30 s at last.
   */
  readonly session?: () => Promise<Session>;
  /**
   * Opens links in another way than a browser does: in tests, or around `browserLinks`. One that throws is reported as
   * an uncaught error, and tried again after a wait.
   */
  readonly open?: OpenLink;
  /** Default the system's. */
  readonly clock?: Clock;
  /** Draws the jitter of a wait, from 0 to 1; default `Math.random`. */
  readonly random?: () => number;
  /** Says when to look at the connection; default the events of the page, and none where there is no page. */
  readonly wakes?: Wakes;
}

/**
 * How long to wait for the first frame, since the hub may be loading State before it, and for the host's word on the
 * session, in milliseconds.
 */
const ANSWER_WITHIN = 20_000;
/** So many heartbeats without any frame, and the connection is dead. */
const HEARTBEATS_MISSED = 2.5;
/** So many, and a page that wakes does not wait for the rest. */
const HEARTBEATS_MISSED_ASLEEP = 1.2;

type Listener = (...values: never[]) => void;

/** What a listener threw is nobody's to catch: it goes where uncaught errors go. */
function report(error: unknown): void {
  setTimeout(() => {
    throw error;
  });
}

/**
 * Connects, and stays connected until it is stopped: a `Client` that has been started.
 *
 * Give it the generated map of event types, `connect<EventTypes>({ websocket: "/ws" })`; without one, every name is
 * accepted and data is `any`. Throws a `TypeError` if there is no address for the transport.
 */
export function connect<E extends EventTypesOf<E> = AnyEvents>(options: Options): Client<E> {
  const client = new Client<E>(options);
  client.start();
  return client;
}

/**
 * One device of one user: what the hub has for that user is here, and what happens is heard.
 *
 * No method throws because of the network or of what a server sends, and none waits. Create one a page, not one a
 * component: each is a connection.
 */
export class Client<E extends EventTypesOf<E> = AnyEvents> {
  #device = new Device();
  #status: Status;
  #listeners = new Map<string, Set<Listener>>();

  #options;
  #open;
  #clock;
  #random;
  #wakes;
  #transport: Transport;

  #running = false;
  #link: Link | null = null;
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
  #cancelRetry: (() => void) | null = null;
  #cancelWatch: (() => void) | null = null;
  #cancelWakes: (() => void) | null = null;

  /** Nothing happens before `start`. Throws a `TypeError` if there is no address for the transport. */
  constructor(options: Options) {
    this.#options = options;
    this.#transport = this.#known(options.transport ?? (options.websocket === undefined ? "sse" : "websocket"));
    this.#open = options.open ?? browserLinks(options);
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#wakes = options.wakes ?? browserWakes;
    this.#status = { state: "stopped", since: this.#clock.now(), code: null, reason: "" };
  }

  /** Whose device this is, as the hub says; null before the first connection and after `stop`. */
  get userId(): string | null {
    return this.#device.userId;
  }

  /** An object that is another one after each change, and the same until then. */
  get status(): Status {
    return this.#status;
  }

  /** The transport of this connection, or of the next. */
  get transport(): Transport {
    return this.#transport;
  }

  /** The cursor of what was processed last; null before there is one. */
  get cursor(): string | null {
    return this.#device.cursor;
  }

  /** Whether everything that the hub has was here once, and nothing since has said that it is not. */
  get synced(): boolean {
    return this.#device.synced;
  }

  /**
   * The records behind `state` and `states`, and the keys whose value is not known. Another object after each `start`
   * and `stop`: ask for it anew.
   */
  get fold(): Pick<Fold, "get" | "all" | "unknown"> {
    return this.#device.fold;
  }

  /**
   * The current value of a State, or of one key of it: the same object until it changes. Undefined where there is none,
   * or none that is known.
   */
  state<T extends SingleName<E>>(type: T): DataOf<E[T]> | undefined;
  state<T extends KeyedName<E>>(type: T, key: string): DataOf<E[T]> | undefined;
  state(type: string, key?: string): unknown {
    return this.fold.get(type, key)?.data;
  }

  /** The current values of a State with keys, by key, in the order in which they came. A copy. */
  states<T extends KeyedName<E>>(type: T): ReadonlyMap<string, DataOf<E[T]>> {
    const values = [...this.fold.all(type)].map(([key, record]) => [key, record.data]);
    return new Map(values as [string, DataOf<E[T]>][]);
  }

  /**
   * Hears the records of a type from now on: each Log record once, each change of a State, and, with `undefined` for
   * its data, the end of a value. Returns what ends that; after it the handler is not called again, not even for a
   * record that is just being told. What a handler throws goes where uncaught errors go.
   */
  on<T extends EventName<E>>(type: T, handler: Handler<T, E[T]>): () => void {
    return this.#listen(`on ${type}`, handler as Listener);
  }

  /** Hears each change of the status. Returns what ends that. */
  onStatus(listener: (status: Status) => void): () => void {
    return this.#listen("status", listener);
  }

  /**
   * Hears of Log records that cannot be had any more, before the first one behind them: the place to fetch them from
   * elsewhere. State is never in a gap. Returns what ends that.
   */
  onGap(listener: (gap: Gap) => void): () => void {
    return this.#listen("gap", listener);
  }

  /** Hears everything that frames do, in order: for logs and tests. Returns what ends that. */
  onEffect(listener: (effect: Effect) => void): () => void {
    return this.#listen("effect", listener);
  }

  /** Starts as a new device, also where it is running: what an earlier user had is forgotten. */
  start(): void {
    if (!this.#forget()) return;
    this.#running = true;
    this.#attempt = this.#askedFor = 0;
    this.#cancelWakes = this.#wakes((why) => this.#woken(why));
    const generation = this.#generation;
    this.#setStatus("connecting");
    if (generation === this.#generation) this.#connect();
  }

  /**
   * Disconnects, forgets what is here, and does not come back. Whoever listens is told of each value that it is
   * forgotten. Does nothing to a client that is stopped; `start` begins again.
   */
  stop(reason = "", code: number | null = null): void {
    if (this.#status.state === "stopped") return;
    if (this.#forget()) this.#setStatus("stopped", reason, code);
  }

  /**
   * Goes on by another transport, from the same cursor: nothing is missed or told twice. Throws a `TypeError` if there
   * is no address for it, and changes nothing then.
   */
  useTransport(transport: Transport): void {
    if (transport === this.#transport) return;
    this.#transport = this.#known(transport);
    this.reconnect();
  }

  /**
   * Gives the connection up and opens another one at once, unless the server asked to wait. Nothing is forgotten. Does
   * nothing to a client that is stopped.
   */
  reconnect(): void {
    if (!this.#running) return;
    this.#leave();
    this.#attempt = 0;
    this.#retryAfter(0);
    this.#setStatus("reconnecting");
  }

  #known(transport: Transport): Transport {
    if (!this.#options.open && this.#options[transport] === undefined) {
      throw new TypeError(`no address is known for the transport ${transport}`);
    }
    return transport;
  }

  #listen(name: string, listener: Listener): () => void {
    let listeners = this.#listeners.get(name);
    if (!listeners) this.#listeners.set(name, (listeners = new Set()));
    // A function of its own: who listens twice is called twice, and ends once.
    const own: Listener = (...values) => listener(...values);
    listeners.add(own);
    return () => listeners.delete(own);
  }

  /** Tells whoever listens, as long as it is true: somebody who is told may change that. */
  #tell(name: string, stillTrue: () => boolean, ...values: unknown[]): void {
    const listeners = this.#listeners.get(name);
    // A copy: who begins to listen meanwhile hears what comes next.
    for (const listener of [...(listeners ?? [])]) {
      if (!stillTrue()) return;
      if (!listeners!.has(listener)) continue;
      try {
        listener(...(values as never[]));
      } catch (error) {
        report(error);
      }
    }
  }

  #connect(): void {
    this.#connected = false;
    this.#silence = ANSWER_WITHIN;
    this.#heartbeat = Infinity;
    this.#heard = this.#clock.now();
    const generation = this.#generation;
    const current = (): boolean => generation === this.#generation;
    this.#watch();
    try {
      const link = this.#open(this.#transport, this.#device.begin(), {
        onFrame: (text) => current() && this.#receive(text),
        onClosed: (code) => current() && this.#closed(code),
      });
      if (current()) this.#link = link;
      else link.close();
    } catch (error) {
      report(error);
      if (current()) this.#retry();
    }
  }

  #receive(text: string): void {
    this.#heard = this.#clock.now();
    const device = this.#device;
    const generation = this.#generation;
    let effects;
    try {
      effects = device.receive(JSON.parse(text));
    } catch {
      // What it would have said is lost, and the cursor is still before it.
      this.#retry();
      return;
    }
    const here = (): boolean => device === this.#device;
    for (const effect of effects) {
      this.#tell("effect", here, effect);
      this.#take(effect, here, () => generation === this.#generation);
    }
  }

  /** `here`: not stopped or started since. `current`: nor was the connection given up. */
  #take(effect: Effect, here: () => boolean, current: () => boolean): void {
    switch (effect.kind) {
      case "connected":
        if (!current()) break;
        this.#connected = true;
        this.#heartbeat = effect.heartbeat === null ? Infinity : effect.heartbeat * 1000;
        this.#silence = this.#heartbeat * HEARTBEATS_MISSED;
        this.#watch();
        break;
      case "cleared":
        for (const record of effect.records) this.#dropped(record);
        break;
      case "syncing":
        if (current()) this.#setStatus("syncing");
        break;
      case "synced":
        if (!current()) break;
        this.#attempt = 0;
        this.#setStatus("live");
        break;
      case "gap":
        this.#tell("gap", here, effect);
        break;
      case "closing":
        if (here()) this.#closing(effect);
        break;
      case "reconnect":
        if (current()) this.#retry();
        break;
      default:
        this.#tell(`on ${effect.record.type}`, here, effect.record.data, effect.record);
    }
  }

  #dropped({ seq, type, timestamp, key }: AnyRecord): void {
    const record = { seq, type, timestamp, ...(key !== undefined && { key }), removed: true, reason: "forgotten" };
    // It stays dropped, whatever the first who is told does.
    this.#tell(`on ${type}`, () => true, undefined, record);
  }

  #closing({ code, reason, reconnect, retryAfterMs }: Extract<Effect, { kind: "closing" }>): void {
    this.#askedFor = retryAfterMs;
    this.#askedAt = this.#clock.now();
    if (!reconnect || !comesBack(code)) this.stop(reason, code);
    else if (code === SESSION_EXPIRED) void this.#retryIfSignedIn(code, reason);
    else this.#retry(code, reason);
  }

  #closed(code: number | null): void {
    if (!comesBack(code)) this.stop("", code);
    else if (this.#connected && code !== SESSION_EXPIRED) this.#retry(code);
    // A browser does not say why a connection could not be opened: the session may have ended.
    else void this.#retryIfSignedIn(code);
  }

  async #retryIfSignedIn(code: number | null, reason = ""): Promise<void> {
    // Who has no way to ask believes the answer to a request that was refused.
    let session: Session = code === SESSION_EXPIRED && !this.#connected ? "ended" : "unreachable";
    this.#leave();
    const generation = this.#generation;
    this.#cancelWatch = this.#clock.after(ANSWER_WITHIN, () => this.#retry(code, reason));
    this.#setStatus("reconnecting", reason, code);
    // Who was told may have stopped the client, or started it anew; so may somebody while the host is asked.
    if (generation !== this.#generation) return;
    try {
      session = (await this.#options.session?.()) ?? session;
    } catch {
      session = "unreachable";
    }
    if (generation !== this.#generation) return;
    if (session === "ended") this.stop(reason || "session ended", code);
    else this.#retry(code, reason);
  }

  #retry(code: number | null = null, reason = ""): void {
    this.#leave();
    this.#retryAfter(backOff(this.#attempt++, this.#random()));
    this.#setStatus("reconnecting", reason, code);
  }

  #retryAfter(milliseconds: number): void {
    // Neither is a wall clock that was set back a reason to stay away for longer.
    const since = Math.max(0, this.#clock.now() - this.#askedAt);
    const wait = Math.max(milliseconds, this.#askedFor - since);
    this.#cancelRetry = this.#clock.after(wait, () => {
      this.#cancelRetry = null;
      this.#askedFor = 0;
      this.#connect();
    });
  }

  #woken(why: Woken): void {
    const silent = this.#clock.now() - this.#heard;
    if (why !== "visible" || this.#cancelRetry || silent > this.#heartbeat * HEARTBEATS_MISSED_ASLEEP) this.reconnect();
  }

  /** One timer that looks again, instead of one that every frame sets anew. */
  #watch(): void {
    this.#cancelWatch?.();
    this.#cancelWatch = null;
    if (this.#silence === Infinity) return;
    // A wall clock that was set back would make a silence last for ever.
    this.#heard = Math.min(this.#heard, this.#clock.now());
    const left = this.#heard + this.#silence - this.#clock.now();
    if (left > 0) this.#cancelWatch = this.#clock.after(left, () => this.#watch());
    else this.#retry();
  }

  #leave(): void {
    this.#generation++;
    this.#cancelRetry?.();
    this.#cancelWatch?.();
    this.#cancelRetry = this.#cancelWatch = null;
    const link = this.#link;
    this.#link = null;
    link?.close();
  }

  /** Returns false if somebody who was told has stopped or started the client again. */
  #forget(): boolean {
    this.#running = false;
    this.#leave();
    this.#cancelWakes?.();
    this.#cancelWakes = null;
    const generation = this.#generation;
    const records = this.#device.fold.clear();
    this.#device = new Device();
    for (const record of records) this.#dropped(record);
    return generation === this.#generation;
  }

  #setStatus(state: ConnectionState, reason = "", code: number | null = null): void {
    const { state: before, reason: said, code: had } = this.#status;
    if (state === before && reason === said && code === had) return;
    this.#status = { state, since: state === before ? this.#status.since : this.#clock.now(), code, reason };
    const status = this.#status;
    this.#tell("status", () => this.#status === status, status);
  }
}
