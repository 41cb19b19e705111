import { type Clock } from "./clock.js";
import { type Effect, type Gap } from "./device.js";
import type { AnyEvents, DataOf, EventName, EventTypesOf, Handler, KeyedName, SingleName } from "./events.js";
import type { Fold } from "./fold.js";
import { type Addresses, type OpenLink, type Transport } from "./link.js";
import { type Wakes } from "./wake.js";
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
 * Connects, and stays connected until it is stopped: a `Client` that has been started.
 *
 * Give it the generated map of event types, `connect<EventTypes>({ websocket: "/ws" })`; without one, every name is
 * accepted and data is `any`. Throws a `TypeError` if there is no address for the transport.
 */
export declare function connect<E extends EventTypesOf<E> = AnyEvents>(options: Options): Client<E>;
/**
 * One device of one user: what the hub has for that user is here, and what happens is heard.
 *
 * No method throws because of the network or of what a server sends, and none waits. Create one a page, not one a
 * component: each is a connection.
 */
export declare class Client<E extends EventTypesOf<E> = AnyEvents> {
    #private;
    /** Nothing happens before `start`. Throws a `TypeError` if there is no address for the transport. */
    constructor(options: Options);
    /** Whose device this is, as the hub says; null before the first connection and after `stop`. */
    get userId(): string | null;
    /** An object that is another one after each change, and the same until then. */
    get status(): Status;
    /** The transport of this connection, or of the next. */
    get transport(): Transport;
    /** The cursor of what was processed last; null before there is one. */
    get cursor(): string | null;
    /** Whether everything that the hub has was here once, and nothing since has said that it is not. */
    get synced(): boolean;
    /**
     * The records behind `state` and `states`, and the keys whose value is not known. Another object after each `start`
     * and `stop`: ask for it anew.
     */
    get fold(): Pick<Fold, "get" | "all" | "unknown">;
    /**
     * The current value of a State, or of one key of it: the same object until it changes. Undefined where there is none,
     * or none that is known.
     */
    state<T extends SingleName<E>>(type: T): DataOf<E[T]> | undefined;
    state<T extends KeyedName<E>>(type: T, key: string): DataOf<E[T]> | undefined;
    /** The current values of a State with keys, by key, in the order in which they came. A copy. */
    states<T extends KeyedName<E>>(type: T): ReadonlyMap<string, DataOf<E[T]>>;
    /**
     * Hears the records of a type from now on: each Log record once, each change of a State, and, with `undefined` for
     * its data, the end of a value. Returns what ends that; after it the handler is not called again, not even for a
     * record that is just being told. What a handler throws goes where uncaught errors go.
     */
    on<T extends EventName<E>>(type: T, handler: Handler<T, E[T]>): () => void;
    /** Hears each change of the status. Returns what ends that. */
    onStatus(listener: (status: Status) => void): () => void;
    /**
     * Hears of Log records that cannot be had any more, before the first one behind them: the place to fetch them from
     * elsewhere. State is never in a gap. Returns what ends that.
     */
    onGap(listener: (gap: Gap) => void): () => void;
    /** Hears everything that frames do, in order: for logs and tests. Returns what ends that. */
    onEffect(listener: (effect: Effect) => void): () => void;
    /** Starts as a new device, also where it is running: what an earlier user had is forgotten. */
    start(): void;
    /**
     * Disconnects, forgets what is here, and does not come back. Whoever listens is told of each value that it is
     * forgotten. Does nothing to a client that is stopped; `start` begins again.
     */
    stop(reason?: string, code?: number | null): void;
    /**
     * Goes on by another transport, from the same cursor: nothing is missed or told twice. Throws a `TypeError` if there
     * is no address for it, and changes nothing then.
     */
    useTransport(transport: Transport): void;
    /**
     * Gives the connection up and opens another one at once, unless the server asked to wait. Nothing is forgotten. Does
     * nothing to a client that is stopped.
     */
    reconnect(): void;
}
