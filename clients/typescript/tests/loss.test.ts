import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { begun, feed, resumed } from "./support/devices.js";
import { EPOCH, OTHER_EPOCH, connected, event, gap, heartbeat, pnl, recovered, synced } from "./support/frames.js";

describe("a loss is proved", () => {
  test("by prevLog: the frame is dropped, and the device comes back from what it has", () => {
    const device = begun(connected(), event(1, 0), synced(1, 1), pnl(2), pnl(6));
    assert.deepEqual(feed(device, event(7, 5)), ["reconnect"]);
    assert.deepEqual(feed(device, pnl(8)), [], "nothing more is heard of this connection");
    assert.equal(device.begin(), `${EPOCH}-1`);
    assert.deepEqual(feed(device, recovered(1, 1), event(5, 1), event(7, 5), synced(7, 7)), [
      "connected",
      "syncing",
      "log 5",
      "log 7",
      "synced",
    ]);
  });

  test("by the lastLog of SYNCED and of HEARTBEAT, which then move nothing", () => {
    const beginning = begun(connected());
    assert.deepEqual(feed(beginning, synced(4, 3)), ["reconnect"]);
    assert.equal(beginning.cursor, `${EPOCH}-0`);
    assert.equal(beginning.synced, false);

    const device = begun(connected(), synced(4));
    assert.deepEqual(feed(device, heartbeat(9, 8)), ["reconnect"]);
    assert.equal(device.cursor, `${EPOCH}-0`);
  });

  test("by the lastLog of a CONNECTED that recovered, before it is a baseline", () => {
    const device = begun(connected({ lastLog: 2 }), synced(9, 2));
    assert.deepEqual(resumed(device, recovered(9, 8)), ["connected", "reconnect"]);
    assert.equal(device.begin(), `${EPOCH}-2`);
  });

  test("and drops the whole group that it is found in", () => {
    const device = begun(connected(), synced(0));
    assert.deepEqual(feed(device, pnl(4, 4, { group: 5 }), event(5, 2, { group: 5 })), ["reconnect"]);
    assert.equal(device.fold.get("PNL_UPDATE"), undefined);
    assert.equal(device.cursor, `${EPOCH}-0`);
  });

  test("and drops a group that it is found in by a later member", () => {
    const device = begun(connected(), event(1, 0), synced(1, 1));
    const group = [event(2, 1, { group: 5 }), event(5, 4, { group: 5 })];
    assert.deepEqual(feed(device, ...group), ["reconnect"]);
    assert.equal(device.cursor, `${EPOCH}-1`, "the first member does not count");
  });

  test("by a frame that ends a group, which then is not heard", () => {
    const device = begun(connected(), synced(0));
    feed(device, event(5, 3, { group: 6 }));
    assert.deepEqual(feed(device, pnl(8)), ["reconnect"]);
    assert.equal(device.fold.get("PNL_UPDATE"), undefined);
  });

  test("is reported when one reconnect did not help, once", () => {
    const device = begun(connected(), event(1, 0), synced(1, 1));
    feed(device, event(7, 5));
    device.begin();
    feed(device, recovered(1, 1));
    const effects = device.receive(event(7, 5));
    assert.deepEqual(
      effects.map(({ kind }) => kind),
      ["gap", "log"],
    );
    assert.deepEqual(effects[0], { kind: "gap", from: 2, to: 5, reason: "lost" });
    assert.deepEqual(feed(device, heartbeat(7, 7), synced(7, 7)), ["synced"]);
    assert.deepEqual(feed(device, event(12, 10)), ["reconnect"], "another loss is worth another reconnect");
  });

  test("is reported for a check too, and then that is the baseline", () => {
    const device = begun(connected(), event(1, 0), synced(1, 1));
    feed(device, heartbeat(9, 8));
    device.begin();
    feed(device, recovered(1, 1));
    const effects = device.receive(synced(9, 8));
    assert.deepEqual(effects[0], { kind: "gap", from: 2, to: 8, reason: "lost" });
    assert.deepEqual(
      effects.map(({ kind }) => kind),
      ["gap", "synced"],
    );
    assert.equal(device.cursor, `${EPOCH}-9`);
    assert.deepEqual(feed(device, event(10, 8)), ["log 10"]);
  });

  test("within a group that comes a second time, record by record", () => {
    const device = begun(connected(), event(1, 0), synced(1, 1));
    feed(device, event(9, 8));
    device.begin();
    feed(device, recovered(1, 1));
    const effects = [event(4, 3, { group: 9 }), event(9, 8, { group: 9 })].flatMap((frame) => device.receive(frame));
    const gaps = effects.filter(({ kind }) => kind === "gap");
    assert.deepEqual(
      gaps.map((one) => one.kind === "gap" && [one.from, one.to]),
      [
        [2, 3],
        [5, 8],
      ],
    );
  });
});

describe("no loss is", () => {
  test("what a baseline declares", () => {
    assert.deepEqual(feed(begun(connected({ lastLog: 40 }), synced(41, 40)), event(42, 40)), ["log 42"]);
    const gapped = begun(connected(), synced(3));
    assert.deepEqual(feed(gapped, gap(4, 40, 40), event(42, 40), heartbeat(42, 42)), ["gap", "log 42"]);
  });

  test("what a baseline declared on a connection before", () => {
    const device = begun(connected(), synced(3));
    feed(device, gap(4, 40, 40), heartbeat(40, 40));
    assert.deepEqual(resumed(device, recovered(40, 40), event(41, 40)), ["connected", "syncing", "log 41"]);
  });

  test("State that was replaced, however much of it", () => {
    const device = begun(connected(), event(1, 0), synced(1, 1));
    assert.deepEqual(feed(device, pnl(900), event(901, 1)), ["state 900", "log 901"]);
  });

  test("what was lost of another incarnation of the log", () => {
    const device = begun(connected(), event(50, 0), synced(50, 50));
    resumed(device, connected({ epoch: OTHER_EPOCH }), gap(null, null, 2, "unknown"));
    assert.deepEqual(feed(device, event(3, 2)), ["log 3"]);
    assert.deepEqual(feed(device, event(9, 8)), ["reconnect"]);
  });

  test("what another user has, even after a loss that was not made good", () => {
    const device = begun(connected(), event(1, 0), synced(1, 1));
    feed(device, event(7, 5));
    resumed(device, connected({ userId: "bob", epoch: OTHER_EPOCH }));
    assert.deepEqual(feed(device, event(3, 2)), ["reconnect"], "a hole of bob's is worth a reconnect of its own");
  });
});

describe("a gap says", () => {
  test("from where to where, and why", () => {
    const device = begun(connected(), synced(3));
    assert.deepEqual(device.receive(gap(4, 40, 40)), [{ kind: "gap", from: 4, to: 40, reason: "evicted" }]);
  });

  test("from behind what was seen or declared, so that what went astray right before it is in it", () => {
    const seen = begun(connected(), event(2, 0), synced(3, 2));
    assert.deepEqual(seen.receive(gap(null, 9, 9)), [{ kind: "gap", from: 3, to: 9, reason: "evicted" }]);
    assert.deepEqual(seen.receive(gap(12, 20, 20)), [{ kind: "gap", from: 10, to: 20, reason: "evicted" }]);
  });

  test("nothing if all of it was seen or declared", () => {
    const device = begun(connected(), event(9, 0), synced(9, 9));
    assert.deepEqual(feed(device, gap(4, 8, 8), gap(4, 9, 9)), []);
    assert.deepEqual(feed(device, gap(4, 10, 10), gap(4, 10, 10)), ["gap"]);
    assert.deepEqual(feed(device, event(12, 10)), ["log 12"]);
  });

  test("that nobody knows from where, or to where", () => {
    const fresh = begun(connected(), synced(3));
    assert.deepEqual(fresh.receive(gap(null, null, 0, "unknown")), [
      { kind: "gap", from: null, to: null, reason: "unknown" },
    ]);
    const device = begun(connected(), event(9, 0), synced(9, 9));
    assert.deepEqual(device.receive(gap(null, null, 9, "unknown")), [
      { kind: "gap", from: 10, to: null, reason: "unknown" },
    ]);
  });
});
