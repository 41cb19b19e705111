// The client as external stores, by the contract of React's `useSyncExternalStore`, which others have taken over:
// a snapshot is the same object until something has changed.
export function stateStore(client, type, key) {
    return {
        subscribe: (changed) => client.on(type, changed),
        getSnapshot: () => client.fold.get(type, key)?.data,
    };
}
/**
 * All current values of a State with keys, by key, in the order in which they came. A snapshot is compared value by
 * value, so make one store for all who show the same.
 */
export function statesStore(client, type) {
    let last = new Map();
    return {
        subscribe: (changed) => client.on(type, changed),
        getSnapshot() {
            const now = client.states(type);
            // Compared rather than noted on a change, because a snapshot is also taken before anybody has subscribed.
            if (!same(last, now))
                last = now;
            return last;
        },
    };
}
/** What a badge shows. */
export function statusStore(client) {
    return { subscribe: (changed) => client.onStatus(changed), getSnapshot: () => client.status };
}
/** Whether two maps have the same values under the same keys in the same order. */
function same(one, other) {
    if (one.size !== other.size)
        return false;
    const others = other.entries();
    for (const [key, value] of one) {
        const [otherKey, otherValue] = others.next().value;
        if (key !== otherKey || value !== otherValue)
            return false;
    }
    return true;
}
