// Drives a device: opens links, comes back with the right delay, stays away when told to, and says what arrives.
//
// - There is one link at most. What an earlier one still says is not heard.
// - Whoever listens is called when everything of a frame, and of its group, is folded: `state` never shows half of it.
// - A listener that throws harms nobody else: what it threw is reported as if nobody had caught it.

import { backOff } from "./backoff.js";
import { type Clock, systemClock } from "./clock.js";
import { SESSION_EXPIRED, comesBack } from "./close.js";
import { Device, type Effect, type Gap } from "./device.js";
import type { Addresses, Link, OpenLink, Transport } from "./link.js";
import { browserLinks } from "./link.js";
import type { AnyRecord, Fold } from "./fold.js";
import { type Wakes, type Woken, browserWakes } from "./wake.js";

/** What the generated types say of one event type. */
export interface EventType {
  readonly kind: "state" | "log";
  readonly key: string | undefined;
  readonly data: unknown;
}

/** A map from names to event types, as it is generated. */
export type EventTypesOf<E> = { readonly [T in keyof E]: EventType };
/** For who has no generated types: every name, and any data. */
export type AnyEvents = Record<string, any>;

/** The names of the event types in a map of them. */
export type EventName<E> = keyof E & string;
/** The names of those whose values stand under keys. */
export type KeyedName<E> = { [T in EventName<E>]: E[T] extends { key: string } ? T : never }[EventName<E>];
/** The names of the States with one value a user. */
export type SingleName<E> = {
  [T in EventName<E>]: E[T] extends { kind: "state"; key: undefined } ? T : never;
}[EventName<E>];

type DataOf<Type> = Type extends { data: infer Data } ? Data : unknown;
type KeyOf<Type> = Type extends { key: string } ? { readonly key: string } : { readonly key?: undefined };

interface Head<Name> {
  readonly seq: number;
  readonly type: Name;
  readonly timestamp: string;
  readonly group?: number;
}

/** A Log record. */
export type LogRecord<Name, Type> = Head<Name> & { readonly prevLog: number; readonly data: DataOf<Type> };
/** A value of a State. */
export type StateRecord<Name, Type> = Head<Name> &
  KeyOf<Type> & { readonly final?: true; readonly removed?: undefined; readonly data: DataOf<Type> };
/** The end of a value: `forgotten` when all State was dropped because the hub begins anew, else what the hub says. */
export type RemovedRecord<Name, Type> = Head<Name> &
  KeyOf<Type> & {
    readonly final?: undefined;
    readonly removed: true;
    readonly reason: "cleared" | "expired" | "rejected" | "forgotten" | (string & {});
    readonly data?: undefined;
  };

/**
 * Gets what is in `data`, and the whole record. For a State there may be no data: the value is gone, or not known, and must
 * not be shown any longer.
 */
export type Handler<Name, Type> = Type extends { kind: "log" }
  ? (data: DataOf<Type>, record: LogRecord<Name, Type>) => void
  : (data: DataOf<Type> | undefined, record: StateRecord<Name, Type> | RemovedRecord<Name, Type>) => void;

/**
 * - `connecting`: for the first time; nothing is here yet.
 * - `syncing`: connected, and on the way to the current State.
 * - `live`: everything that the hub has is here.
 * - `reconnecting`: what is here was true when the connection was lost.
 * - `stopped`: by `stop`, or because the hub said so; it does not come back by itself, and nothing is here.
 */
export type State = "connecting" | "syncing" | "live" | "reconnecting" | "stopped";

export interface Status {
  readonly state: State;
  /** Since when, in milliseconds since 1970. */
  readonly since: number;
  /** The close code that led here; null where there was none. */
  readonly code: number | null;
  /** In words, for a log; may be empty. */
  readonly reason: string;
}

/** What the host says of the session that a device belongs to. */
export type Session = "valid" | "ended" | "unreachable";

export interface Options extends Addresses {
  /** Which of the addresses to begin with. Default WebSocket, if there is one. */
  readonly transport?: Transport;
  /**
   * Asks the host whether the session is still there, by an ordinary request: a browser does not show why a WebSocket was
   * refused. Asked when a connection could not be opened and when its session has expired. Without it, a WebSocket that is
   * refused for good is tried again, every 30 s at last.
   */
  readonly session?: () => Promise<Session>;
  /** Opens links in another way than a browser does. */
  readonly open?: OpenLink;
  /** Default the system's. */
  readonly clock?: Clock;
  /** From 0 to 1; default `Math.random`. */
  readonly random?: () => number;
  /** Default those of the browser, if there is one. */
  readonly wakes?: Wakes;
}

/** How long to wait for the first frame, in milliseconds: the hub may be loading State before it. */
const FIRST_FRAME_WITHIN = 20_000;
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

/** Connects, and stays connected until it is stopped. */
export function connect<E extends EventTypesOf<E> = AnyEvents>(options: Options): Client<E> {
  const client = new Client<E>(options);
  client.start();
  return client;
}

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

  /** Whose device this is, as the hub says; null before the first connection. */
  get userId(): string | null {
    return this.#device.userId;
  }

  /** An object that is another one after each change, and the same until then. */
  get status(): Status {
    return this.#status;
  }

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

  /** The records behind `state` and `states`. Another object after each `start`. */
  get fold(): Fold {
    return this.#device.fold;
  }

  /** The current value of a State, or of one key of it; undefined where there is none, or none that is known. */
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

  /** Hears the records of a type from now on. Returns what ends that. */
  on<T extends EventName<E>>(type: T, handler: Handler<T, E[T]>): () => void {
    return this.#listen(`on ${type}`, handler as Listener);
  }

  /** Hears each change of the status. */
  onStatus(listener: (status: Status) => void): () => void {
    return this.#listen("status", listener);
  }

  /** Hears of Log records that cannot be had any more: the place to fetch them from elsewhere. */
  onGap(listener: (gap: Gap) => void): () => void {
    return this.#listen("gap", listener);
  }

  /** Hears everything that frames do, in order: for logs and tests. */
  onEffect(listener: (effect: Effect) => void): () => void {
    return this.#listen("effect", listener);
  }

  /** Starts as a new device: what an earlier user had is forgotten. */
  start(): void {
    if (!this.#forget()) return;
    this.#running = true;
    this.#attempt = this.#askedFor = 0;
    this.#cancelWakes = this.#wakes((why) => this.#woken(why));
    const generation = this.#generation;
    this.#setStatus("connecting");
    if (generation === this.#generation) this.#connect();
  }

  /** Disconnects, forgets what is here, and does not come back. */
  stop(reason = "", code: number | null = null): void {
    this.#running = false;
    if (this.#forget()) this.#setStatus("stopped", reason, code);
  }

  /** Goes on by another transport, from the same cursor. */
  useTransport(transport: Transport): void {
    if (transport === this.#transport) return;
    this.#transport = this.#known(transport);
    this.reconnect();
  }

  /** Gives the connection up and opens another one at once, unless the server asked to wait. Nothing is forgotten. */
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

  #tell(name: string, ...values: unknown[]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        listener(...(values as never[]));
      } catch (error) {
        report(error);
      }
    }
  }

  #connect(): void {
    this.#connected = false;
    this.#silence = FIRST_FRAME_WITHIN;
    this.#heartbeat = Infinity;
    this.#heard = this.#clock.now();
    const generation = ++this.#generation;
    const ifCurrent = (then: () => void): void => {
      if (generation === this.#generation) then();
    };
    this.#watch();
    try {
      this.#link = this.#open(this.#transport, this.#device.begin(), {
        onFrame: (text) => ifCurrent(() => this.#receive(text)),
        onClosed: (code) => ifCurrent(() => this.#closed(code)),
      });
    } catch (error) {
      report(error);
      this.#retry();
    }
  }

  #receive(text: string): void {
    this.#heard = this.#clock.now();
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      // What it would have said is lost, and the cursor is still before it.
      this.#retry();
      return;
    }
    const generation = this.#generation;
    for (const effect of this.#device.receive(frame)) {
      this.#tell("effect", effect);
      // Who was told may have stopped the client, or started it anew.
      if (generation !== this.#generation) return;
      this.#take(effect);
      if (generation !== this.#generation) return;
    }
  }

  #take(effect: Effect): void {
    switch (effect.kind) {
      case "connected":
        this.#connected = true;
        this.#heartbeat = effect.heartbeat === null ? Infinity : effect.heartbeat * 1000;
        this.#silence = this.#heartbeat * HEARTBEATS_MISSED;
        this.#watch();
        break;
      case "cleared":
        for (const record of effect.records) this.#dropped(record);
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

  #dropped({ seq, type, timestamp, key }: AnyRecord): void {
    const record = { seq, type, timestamp, ...(key !== undefined && { key }), removed: true, reason: "forgotten" };
    this.#tell(`on ${type}`, undefined, record);
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
    this.#setStatus("reconnecting", reason, code);
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
    this.#cancelRetry?.();
    // Neither is a wall clock that was set back a reason to stay away for longer.
    const since = Math.max(0, this.#clock.now() - this.#askedAt);
    const wait = Math.max(milliseconds, this.#askedFor - since);
    this.#cancelRetry = this.#clock.after(wait, () => {
      this.#cancelRetry = null;
      this.#connect();
    });
  }

  #woken(why: Woken): void {
    const silent = this.#clock.now() - this.#heard;
    if (why === "online" || this.#cancelRetry || silent > this.#heartbeat * HEARTBEATS_MISSED_ASLEEP) this.reconnect();
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
    this.#leave();
    this.#cancelWakes?.();
    this.#cancelWakes = null;
    const generation = this.#generation;
    const records = this.#device.fold.clear();
    this.#device = new Device();
    for (const record of records) this.#dropped(record);
    return generation === this.#generation;
  }

  #setStatus(state: State, reason = "", code: number | null = null): void {
    const { state: before, reason: said, code: had } = this.#status;
    if (state === before && reason === said && code === had) return;
    this.#status = { state, since: state === before ? this.#status.since : this.#clock.now(), code, reason };
    this.#tell("status", this.#status);
  }
}
