import type { Client, Status } from "./client.js";
import type { AnyEvents, DataOf, EventTypesOf, KeyedName, SingleName } from "./events.js";
/** What `useSyncExternalStore(store.subscribe, store.getSnapshot, store.getSnapshot)` wants. */
export interface Store<Snapshot> {
    /** Calls after each change; returns what ends that. Bound: it can be passed on as it is. */
    readonly subscribe: (changed: () => void) => () => void;
    /** The value now: the same object until it changes. Bound, too. */
    readonly getSnapshot: () => Snapshot;
}
/**
 * The current value of a State, or of one key of it; undefined where there is none, or none that is known. It lives as
 * long as the client, over stops and starts. Cheap: make one for each component if you like, but not one for each
 * rendering.
 */
export declare function stateStore<E extends EventTypesOf<E> = AnyEvents, T extends SingleName<E> = SingleName<E>>(client: Client<E>, type: T): Store<DataOf<E[T]> | undefined>;
export declare function stateStore<E extends EventTypesOf<E> = AnyEvents, T extends KeyedName<E> = KeyedName<E>>(client: Client<E>, type: T, key: string): Store<DataOf<E[T]> | undefined>;
/**
 * All current values of a State with keys, by key, in the order in which they came. A snapshot is compared value by
 * value, so make one store for all who show the same.
 */
export declare function statesStore<E extends EventTypesOf<E> = AnyEvents, T extends KeyedName<E> = KeyedName<E>>(client: Client<E>, type: T): Store<ReadonlyMap<string, DataOf<E[T]>>>;
/** What a badge shows. */
export declare function statusStore(client: Pick<Client, "status" | "onStatus">): Store<Status>;
