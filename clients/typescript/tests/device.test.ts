import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Device } from "#dist/device.js";

import { begun, feed, resumed } from "./support/devices.js";
import {
  EPOCH,
  OTHER_EPOCH,
  TIMESTAMP,
  chain,
  closing,
  connected,
  event,
  gap,
  heartbeat,
  pnl,
  recovered,
  reset,
  synced,
} from "./support/frames.js";

describe("a device clears all State", () => {
  test("with recovered: false and with RESET, and none with recovered: true", () => {
    const device = begun(connected(), pnl(1), synced(1));
    assert.deepEqual(resumed(device, recovered(1)), ["connected", "syncing"]);
    assert.equal(device.fold.get("PNL_UPDATE")?.seq, 1);
    assert.equal(device.synced, false);
    assert.deepEqual(feed(device, synced(1)), ["synced"]);
    assert.equal(device.synced, true);
    assert.deepEqual(feed(device, reset), ["cleared", "syncing"]);
    assert.equal(device.fold.get("PNL_UPDATE"), undefined);
    assert.equal(device.synced, false);

    feed(device, pnl(1), synced(1));
    assert.deepEqual(resumed(device, connected()), ["connected", "cleared", "syncing"]);
    assert.equal(device.fold.get("PNL_UPDATE"), undefined);
    assert.equal(device.synced, false);
  });

  test("and says what it was", () => {
    const device = begun(connected(), pnl(1), chain(2, "a"), synced(2));
    const [cleared] = device.receive(reset);
    assert.ok(cleared?.kind === "cleared");
    assert.deepEqual(
      cleared.records.map(({ seq }) => seq),
      [1, 2],
    );
  });

  test("with a RESET, after which State below the cursor comes again and the cursor stays", () => {
    const device = begun(connected(), pnl(3), chain(5, "a"), event(6, 0), synced(6, 6));
    feed(device, reset);
    assert.deepEqual(feed(device, pnl(3), chain(5, "a")), ["state 3", "state 5"]);
    assert.equal(device.cursor, `${EPOCH}-6`);
    assert.deepEqual(feed(device, event(6, 0)), [], "a Log record is not told twice");
    feed(device, pnl(9), synced(9, 6));
    assert.equal(device.cursor, `${EPOCH}-9`);
  });

  test("of a user who is not there any more, with cursor and proof", () => {
    const device = begun(connected(), pnl(1), event(2, 0), synced(2, 2));
    device.begin();
    const effects = device.receive(connected({ userId: "bob", epoch: OTHER_EPOCH, recovered: true, lastLog: 0 }));
    assert.deepEqual(effects[0], { kind: "connected", userId: "bob", recovered: false, heartbeat: 25 });
    assert.equal(device.fold.get("PNL_UPDATE"), undefined);
    assert.equal(device.cursor, null);
    assert.equal(device.userId, "bob");
    assert.deepEqual(feed(device, event(1, 0), synced(1, 1, OTHER_EPOCH)), ["log 1", "synced"]);
    assert.equal(device.cursor, `${OTHER_EPOCH}-1`);
  });

  test("also when the other user comes in the middle of a connection", () => {
    const device = begun(connected(), pnl(1), synced(1), pnl(2, 2, { group: 3 }));
    assert.deepEqual(feed(device, connected({ userId: "bob", epoch: OTHER_EPOCH })), [
      "state 2",
      "connected",
      "cleared",
      "syncing",
    ]);
    assert.equal(device.fold.get("PNL_UPDATE"), undefined);
  });
});

describe("the cursor of a device", () => {
  test("is none before the first Log frame or SYNCED of a new device", () => {
    const device = begun(connected(), pnl(1), chain(2, "a"));
    assert.equal(device.cursor, null);
    assert.equal(device.begin(), null, "cut in the snapshot it begins anew");
    feed(device, connected(), pnl(1), chain(2, "a"), synced(2));
    assert.equal(device.cursor, `${EPOCH}-2`);

    const withLog = begun(connected(), pnl(1), event(2, 0));
    assert.equal(withLog.cursor, `${EPOCH}-2`);
    feed(withLog, pnl(3));
    assert.equal(withLog.cursor, `${EPOCH}-3`);
  });

  test("begins with a HEARTBEAT too", () => {
    const device = begun(connected(), pnl(1), heartbeat(1));
    assert.equal(device.cursor, `${EPOCH}-1`);
    feed(device, pnl(2));
    assert.equal(device.cursor, `${EPOCH}-2`);
  });

  test("is kept while it is unknown, until a frame moves it", () => {
    const device = begun(connected(), synced(7));
    assert.equal(device.begin(), `${EPOCH}-7`);
    feed(device, connected({ epoch: OTHER_EPOCH }), gap(null, null, 0, "unknown"));
    assert.equal(device.cursor, `${EPOCH}-7`);
    feed(device, pnl(2));
    assert.equal(device.cursor, `${OTHER_EPOCH}-2`);
  });

  test("is moved by records, SYNCED and HEARTBEAT only, and never back", () => {
    const device = begun(connected(), synced(4));
    feed(device, gap(5, 8, 8), { type: "NEWS", cursor: `${EPOCH}-9` }, reset);
    assert.equal(device.cursor, `${EPOCH}-4`);
    feed(device, heartbeat(9));
    assert.equal(device.cursor, `${EPOCH}-9`);
    feed(device, heartbeat(6), synced(5), heartbeat(99, 0, OTHER_EPOCH), { ...heartbeat(9), cursor: "garbage" });
    assert.equal(device.cursor, `${EPOCH}-9`);
    feed(device, pnl(10));
    assert.equal(device.cursor, `${EPOCH}-10`);
  });

  test("is moved back by no frame of a connection that resumed", () => {
    const device = begun(connected(), synced(9));
    resumed(device, recovered(9), heartbeat(3));
    assert.equal(device.cursor, `${EPOCH}-9`);
  });

  test("may be lower on another connection: of another incarnation", () => {
    const device = begun(connected(), synced(9));
    resumed(device, connected({ epoch: OTHER_EPOCH }), synced(2, 0, OTHER_EPOCH));
    assert.equal(device.cursor, `${OTHER_EPOCH}-2`);
  });

  test("is moved by records of a type that nobody knows", () => {
    const device = begun(connected(), synced(0));
    feed(device, { seq: 1, type: "WEATHER", timestamp: TIMESTAMP, data: {} });
    assert.equal(device.cursor, `${EPOCH}-1`);
  });
});

describe("a device takes a record once", () => {
  test("by its seq, within a connection and over a resume", () => {
    const device = begun(connected(), pnl(5, 50), synced(5));
    assert.deepEqual(feed(device, pnl(5, 1), pnl(4, 1)), []);
    assert.deepEqual(resumed(device, recovered(5), pnl(5, 1)), ["connected", "syncing"]);
    assert.deepEqual(device.fold.get("PNL_UPDATE")?.data, { pnl: { totalPnL: 50 } });
  });

  test("also where only some of a group were here", () => {
    const device = begun(connected(), event(4, 0), synced(4, 4));
    feed(device, reset);
    assert.deepEqual(feed(device, pnl(3, 3, { group: 4 }), event(4, 0, { group: 4 })), ["state 3"]);
    assert.deepEqual(feed(device, synced(4, 4)), ["synced"]);
  });
});

describe("a device hears", () => {
  test("nothing before CONNECTED", () => {
    const device = new Device();
    device.begin();
    assert.deepEqual(feed(device, pnl(1), synced(3), heartbeat(3), gap(1, 2, 2), reset, { type: "NEWS" }), []);
    assert.equal(device.cursor, null);
  });

  test("CLOSING before CONNECTED, and nothing after it", () => {
    const device = new Device();
    device.begin();
    assert.deepEqual(feed(device, closing(3503)), ["closing"]);
    assert.deepEqual(feed(device, connected(), closing(1001)), []);
    assert.deepEqual(resumed(device, connected(), synced(1), closing(1001), pnl(2)), [
      "connected",
      "cleared",
      "syncing",
      "synced",
      "closing",
    ]);
  });

  test("CONNECTED anew on each connection", () => {
    const device = begun(connected(), synced(1));
    device.begin();
    assert.deepEqual(feed(device, pnl(2), synced(2)), []);
    assert.equal(device.cursor, `${EPOCH}-1`);
  });

  test("frames that nobody knows, and does nothing", () => {
    const device = begun(connected(), synced(1));
    assert.deepEqual(feed(device, { type: "NEWS" }, { type: "NEWS", seq: "2" }, { type: "", seq: null }), []);
    assert.equal(device.cursor, `${EPOCH}-1`);
  });
});

describe("a group", () => {
  const live = (): Device => begun(connected(), synced(0));

  test("is held back until its last one, then moves the cursor to its end", () => {
    const device = live();
    assert.deepEqual(feed(device, pnl(1, 1, { group: 3 }), chain(2, "a", "open", { group: 3 })), []);
    assert.equal(device.cursor, `${EPOCH}-0`);
    assert.equal(device.fold.get("PNL_UPDATE"), undefined);
    assert.deepEqual(feed(device, event(3, 0, { group: 3 })), ["state 1", "state 2", "log 3"]);
    assert.equal(device.cursor, `${EPOCH}-3`);
  });

  test("is folded whole before any of it is told", () => {
    const device = live();
    feed(device, pnl(1, 1, { group: 2 }));
    const effects = device.receive(chain(2, "a", "open", { group: 2 }));
    assert.equal(effects.length, 2);
    assert.equal(device.fold.get("CHAIN_UPDATE", "a")?.seq, 2);
  });

  test("is ended by any other frame when its last member was replaced", () => {
    for (const other of [heartbeat(2), pnl(4), { type: "NEWS" }, closing(1001), reset, synced(2), gap(3, 4, 4)]) {
      const device = live();
      feed(device, chain(1, "a", "open", { group: 2 }));
      assert.equal(feed(device, other)[0], "state 1", other.type);
      assert.equal(device.cursor, `${EPOCH}-${Math.max(2, Number(other["seq"] ?? 0))}`);
    }
  });

  test("is ended by the next group", () => {
    assert.deepEqual(feed(live(), pnl(1, 1, { group: 2 }), pnl(3, 3, { group: 4 }), event(4, 0, { group: 4 })), [
      "state 1",
      "state 3",
      "log 4",
    ]);
  });

  test("is dropped when the connection is cut in it, and comes again", () => {
    const device = live();
    feed(device, pnl(1, 1, { group: 2 }));
    assert.equal(device.begin(), `${EPOCH}-0`);
    assert.deepEqual(feed(device, recovered(0), pnl(1, 1, { group: 2 }), event(2, 0, { group: 2 })), [
      "connected",
      "syncing",
      "state 1",
      "log 2",
    ]);
  });

  test("of the connection before does not end with the first frame of the next", () => {
    const device = live();
    feed(device, pnl(1, 1, { group: 2 }));
    assert.deepEqual(resumed(device, recovered(0)), ["connected", "syncing"]);
    assert.equal(device.fold.get("PNL_UPDATE"), undefined);
  });

  test("gives a new device a cursor only if a Log record is in it", () => {
    assert.equal(begun(connected(), pnl(1, 1, { group: 2 }), pnl(3)).cursor, null);
    assert.equal(begun(connected(), pnl(1, 1, { group: 2 }), event(2, 0, { group: 2 })).cursor, `${EPOCH}-2`);
  });

  test("of one is told at once", () => {
    assert.deepEqual(feed(live(), pnl(1, 1, { group: 1 })), ["state 1"]);
  });
});
