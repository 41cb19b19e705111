import { type Clock } from "./clock.js";
import { type Effect, type Gap } from "./device.js";
import type { Addresses, OpenLink, Transport } from "./link.js";
import type { Fold } from "./fold.js";
import { type Wakes } from "./wake.js";
/** What the generated types say of one event type. */
export interface EventType {
    readonly kind: "state" | "log";
    readonly key: string | undefined;
    readonly data: unknown;
}
/** A map from names to event types, as it is generated. */
export type EventTypesOf<E> = {
    readonly [T in keyof E]: EventType;
};
/** For who has no generated types: every name, and any data. */
export type AnyEvents = Record<string, any>;
/** The names of the event types in a map of them. */
export type EventName<E> = keyof E & string;
/** The names of those whose values stand under keys. */
export type KeyedName<E> = {
    [T in EventName<E>]: E[T] extends {
        key: string;
    } ? T : never;
}[EventName<E>];
/** The names of the States with one value a user. */
export type SingleName<E> = {
    [T in EventName<E>]: E[T] extends {
        kind: "state";
        key: undefined;
    } ? T : never;
}[EventName<E>];
type DataOf<Type> = Type extends {
    data: infer Data;
} ? Data : unknown;
type KeyOf<Type> = Type extends {
    key: string;
} ? {
    readonly key: string;
} : {
    readonly key?: undefined;
};
interface Head<Name> {
    readonly seq: number;
    readonly type: Name;
    readonly timestamp: string;
    readonly group?: number;
}
/** A Log record. */
export type LogRecord<Name, Type> = Head<Name> & {
    readonly prevLog: number;
    readonly data: DataOf<Type>;
};
/** A value of a State. */
export type StateRecord<Name, Type> = Head<Name> & KeyOf<Type> & {
    readonly final?: true;
    readonly removed?: undefined;
    readonly data: DataOf<Type>;
};
/** The end of a value: `forgotten` when all State was dropped because the hub begins anew, else what the hub says. */
export type RemovedRecord<Name, Type> = Head<Name> & KeyOf<Type> & {
    readonly final?: undefined;
    readonly removed: true;
    readonly reason: "cleared" | "expired" | "rejected" | "forgotten" | (string & {});
    readonly data?: undefined;
};
/**
 * Gets what is in `data`, and the whole record. For a State there may be no data: the value is gone, or not known, and must
 * not be shown any longer.
 */
export type Handler<Name, Type> = Type extends {
    kind: "log";
} ? (data: DataOf<Type>, record: LogRecord<Name, Type>) => void : (data: DataOf<Type> | undefined, record: StateRecord<Name, Type> | RemovedRecord<Name, Type>) => void;
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
/** Connects, and stays connected until it is stopped. */
export declare function connect<E extends EventTypesOf<E> = AnyEvents>(options: Options): Client<E>;
export declare class Client<E extends EventTypesOf<E> = AnyEvents> {
    #private;
    /** Nothing happens before `start`. Throws a `TypeError` if there is no address for the transport. */
    constructor(options: Options);
    /** Whose device this is, as the hub says; null before the first connection. */
    get userId(): string | null;
    /** An object that is another one after each change, and the same until then. */
    get status(): Status;
    get transport(): Transport;
    /** The cursor of what was processed last; null before there is one. */
    get cursor(): string | null;
    /** Whether everything that the hub has was here once, and nothing since has said that it is not. */
    get synced(): boolean;
    /** The records behind `state` and `states`. Another object after each `start`. */
    get fold(): Fold;
    /** The current value of a State, or of one key of it; undefined where there is none, or none that is known. */
    state<T extends SingleName<E>>(type: T): DataOf<E[T]> | undefined;
    state<T extends KeyedName<E>>(type: T, key: string): DataOf<E[T]> | undefined;
    /** The current values of a State with keys, by key, in the order in which they came. A copy. */
    states<T extends KeyedName<E>>(type: T): ReadonlyMap<string, DataOf<E[T]>>;
    /** Hears the records of a type from now on. Returns what ends that. */
    on<T extends EventName<E>>(type: T, handler: Handler<T, E[T]>): () => void;
    /** Hears each change of the status. */
    onStatus(listener: (status: Status) => void): () => void;
    /** Hears of Log records that cannot be had any more: the place to fetch them from elsewhere. */
    onGap(listener: (gap: Gap) => void): () => void;
    /** Hears everything that frames do, in order: for logs and tests. */
    onEffect(listener: (effect: Effect) => void): () => void;
    /** Starts as a new device: what an earlier user had is forgotten. */
    start(): void;
    /** Disconnects, forgets what is here, and does not come back. */
    stop(reason?: string, code?: number | null): void;
    /** Goes on by another transport, from the same cursor. */
    useTransport(transport: Transport): void;
    /** Gives the connection up and opens another one at once, unless the server asked to wait. Nothing is forgotten. */
    reconnect(): void;
}
export {};
