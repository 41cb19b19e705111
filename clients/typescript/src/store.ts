// The client as external stores, by the contract of React's `useSyncExternalStore`, which others have taken over:
// a snapshot is the same object until something has changed.

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
export function stateStore<E extends EventTypesOf<E> = AnyEvents, T extends SingleName<E> = SingleName<E>>(
  client: Client<E>,
  type: T,
): Store<DataOf<E[T]> | undefined>;
export function stateStore<E extends EventTypesOf<E> = AnyEvents, T extends KeyedName<E> = KeyedName<E>>(
  client: Client<E>,
  type: T,
  key: string,
): Store<DataOf<E[T]> | undefined>;
export function stateStore(client: Client, type: string, key?: string): Store<unknown> {
  return {
    subscribe: (changed) => client.on(type, changed),
    getSnapshot: () => client.fold.get(type, key)?.data,
  };
}

/**
 * All current values of a State with keys, by key, in the order in which they came. A snapshot is compared value by
 * value, so make one store for all who show the same.
 */
export function statesStore<E extends EventTypesOf<E> = AnyEvents, T extends KeyedName<E> = KeyedName<E>>(
  client: Client<E>,
  type: T,
): Store<ReadonlyMap<string, DataOf<E[T]>>> {
  let last: ReadonlyMap<string, DataOf<E[T]>> = new Map();
  return {
    subscribe: (changed) => (client as Client).on(type, changed),
    getSnapshot() {
      const now = client.states(type);
      // Compared rather than noted on a change, because a snapshot is also taken before anybody has subscribed.
      if (!same(last, now)) last = now;
      return last;
    },
  };
}

/** What a badge shows. */
export function statusStore(client: Pick<Client, "status" | "onStatus">): Store<Status> {
  return { subscribe: (changed) => client.onStatus(changed), getSnapshot: () => client.status };
}

/** Whether two maps have the same values under the same keys in the same order. */
function same<Value>(one: ReadonlyMap<string, Value>, other: ReadonlyMap<string, Value>): boolean {
  if (one.size !== other.size) return false;
  const others = other.entries();
  for (const [key, value] of one) {
    const [otherKey, otherValue] = others.next().value!;
    if (key !== otherKey || value !== otherValue) return false;
  }
  return true;
}
