import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { type Store, stateStore, statesStore, statusStore } from "user-hub/store";

import { chain, connected, heartbeat, pnl, recovered, removal, reset, synced } from "./support/frames.js";
import { live, started, world } from "./support/world.js";

/** What `useSyncExternalStore` does: reads a snapshot after each notice, and draws again if it is another one. */
function drawn<Snapshot>(store: Store<Snapshot>): {
  readonly drawings: Snapshot[];
  notices: () => number;
  end: () => void;
} {
  const { subscribe, getSnapshot } = store;
  const drawings = [getSnapshot()];
  let notices = 0;
  const end = subscribe(() => {
    notices++;
    const snapshot = getSnapshot();
    assert.equal(getSnapshot(), snapshot, "a snapshot is the same object until something has changed");
    if (snapshot !== drawings.at(-1)) drawings.push(snapshot);
  });
  return { drawings, notices: () => notices, end };
}

describe("the store of a State", () => {
  test("has its value, the same object until there is another one", () => {
    const { client, send } = live(1, pnl(1));
    const store = stateStore(client, "PNL_UPDATE");
    const { drawings } = drawn(store);
    assert.equal(store.getSnapshot(), client.state("PNL_UPDATE"));
    send(heartbeat(1), chain(2, "a"), pnl(3, 30));
    assert.deepEqual(drawings, [{ pnl: { totalPnL: 1 } }, { pnl: { totalPnL: 30 } }]);
  });

  test("has that of its key only", () => {
    const { client, send } = live(2, chain(1, "a"), chain(2, "b"));
    const { drawings } = drawn(stateStore(client, "CHAIN_UPDATE", "a"));
    send(chain(3, "b", "closing"), chain(4, "a", "closing"), removal(5, "b"), removal(6, "a"));
    assert.deepEqual(drawings, [
      { chain: { chainId: "a", status: "open" } },
      { chain: { chainId: "a", status: "closing" } },
      undefined,
    ]);
  });

  test("loses it with a final value, a RESET, and a stop", () => {
    for (const end of ["final", "reset", "stop"]) {
      const { client, send } = live(1, chain(1, "a"));
      const { drawings } = drawn(stateStore(client, "CHAIN_UPDATE", "a"));
      if (end === "stop") client.stop();
      else send(end === "reset" ? reset : chain(2, "a", "closed", { final: true }));
      assert.equal(drawings.at(-1), undefined, end);
      assert.equal(drawings.length, 2, end);
    }
  });

  test("is the same after a stop and a new start, and after a reconnect", () => {
    const { client, send, cut, clock } = live(1, pnl(1));
    const { drawings } = drawn(stateStore(client, "PNL_UPDATE"));
    cut();
    clock.pass(1_000);
    send(recovered(1), pnl(2, 2), synced(2));
    client.stop();
    client.start();
    send(connected(), pnl(7, 7));
    assert.deepEqual(
      drawings.map((data) => data?.pnl.totalPnL),
      [1, 2, undefined, 7],
    );
  });

  test("tells nobody any more who does not want to know", () => {
    const { client, send } = live(0);
    const { drawings, notices, end } = drawn(stateStore(client, "PNL_UPDATE"));
    send(pnl(1));
    end();
    end();
    send(pnl(2));
    assert.deepEqual([drawings.length, notices()], [2, 1]);
  });

  test("has nothing before the client is started, as on a server", () => {
    const { client } = world();
    assert.equal(stateStore(client, "PNL_UPDATE").getSnapshot(), undefined);
    const values = statesStore(client, "CHAIN_UPDATE");
    assert.equal(values.getSnapshot(), values.getSnapshot());
    assert.equal(values.getSnapshot().size, 0);
    assert.equal(statusStore(client).getSnapshot().state, "stopped");
  });
});

describe("the store of a State with keys", () => {
  test("has all values by key, the same map until one changes", () => {
    const { client, send } = live(2, chain(1, "a"), chain(2, "b"));
    const store = statesStore(client, "CHAIN_UPDATE");
    const { drawings, notices } = drawn(store);
    send(pnl(3), heartbeat(3), removal(4, "nobody"));
    assert.deepEqual([drawings.length, notices()], [1, 1], "a removal of what was not there changes nothing");
    send(chain(5, "a", "closing"), removal(6, "b"), chain(7, "c"), chain(8, "c", "closed", { final: true }));
    assert.deepEqual(
      drawings.map((values) => [...values].map(([key, data]) => `${key} ${data.chain.status}`)),
      [["a open", "b open"], ["b open", "a closing"], ["a closing"], ["a closing", "c open"], ["a closing"]],
    );
  });

  test("has another map when the same keys have other values, or come in another order", () => {
    const { client, send } = live(2, chain(1, "a"), chain(2, "b"));
    const store = statesStore(client, "CHAIN_UPDATE");
    const before = store.getSnapshot();
    send(chain(3, "b"));
    const after = store.getSnapshot();
    assert.notEqual(after, before);
    assert.deepEqual([...after.keys()], ["a", "b"]);
    send(removal(4, "a"), chain(5, "c"));
    assert.deepEqual([...store.getSnapshot().keys()], ["b", "c"]);
  });

  test("has another map when the same value comes under another key", () => {
    const { client, send } = live(1, chain(1, "a", "", { data: 7 }));
    const store = statesStore(client, "CHAIN_UPDATE");
    assert.deepEqual([...store.getSnapshot()], [["a", 7]]);
    send(removal(2, "a"), chain(3, "b", "", { data: 7 }));
    assert.deepEqual([...store.getSnapshot()], [["b", 7]]);
  });

  test("gives what a change is compared with, and leaves it as it was", () => {
    const { client, send } = live(1, chain(1, "a"));
    const before = statesStore(client, "CHAIN_UPDATE").getSnapshot();
    send(chain(2, "b"));
    assert.deepEqual([...before.keys()], ["a"]);
  });

  test("is empty after a stop, and told so", () => {
    const { client } = live(2, chain(1, "a"), chain(2, "b"));
    const { drawings } = drawn(statesStore(client, "CHAIN_UPDATE"));
    client.stop();
    assert.deepEqual([...drawings.at(-1)!], []);
    assert.equal(drawings.length, 2, "at once, not key by key");
  });
});

describe("the store of the status", () => {
  test("has the status, and tells of each change", () => {
    const { client, send, cut } = started();
    const { drawings } = drawn(statusStore(client));
    send(connected(), synced(1), heartbeat(1));
    cut(1006);
    assert.deepEqual(
      drawings.map(({ state }) => state),
      ["connecting", "syncing", "live", "reconnecting"],
    );
    assert.equal(drawings.at(-1), client.status);
  });
});
