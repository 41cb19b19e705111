import type { Client, Status } from "./client.js";
import type { AnyEvents, DataOf, EventTypesOf, KeyedName, SingleName } from "./events.js";
export interface Store<Snapshot> {
    /** Calls after each change; returns what ends that. Bound: it can be passed on as it is. */
    readonly subscribe: (changed: () => void) => () => void;
    readonly getSnapshot: () => Snapshot;
}
/** The current value of a State, or of one key of it; undefined where there is none, or none that is known. */
export declare function stateStore<E extends EventTypesOf<E> = AnyEvents, T extends SingleName<E> = SingleName<E>>(client: Client<E>, type: T): Store<DataOf<E[T]> | undefined>;
export declare function stateStore<E extends EventTypesOf<E> = AnyEvents, T extends KeyedName<E> = KeyedName<E>>(client: Client<E>, type: T, key: string): Store<DataOf<E[T]> | undefined>;
/** All current values of a State with keys, by key, in the order in which they came. */
export declare function statesStore<E extends EventTypesOf<E> = AnyEvents, T extends KeyedName<E> = KeyedName<E>>(client: Client<E>, type: T): Store<ReadonlyMap<string, DataOf<E[T]>>>;
/** What the badge shows. */
export declare function statusStore(client: Pick<Client, "status" | "onStatus">): Store<Status>;
