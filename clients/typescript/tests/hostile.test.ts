// Whatever a server sends: nothing is thrown, nothing hangs, and what was here stays right.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { EPOCH, closing, connected, event, heartbeat, pnl, recovered, synced } from "./support/frames.js";
import { begun, feed } from "./support/devices.js";
import { live, reported, started } from "./support/world.js";

describe("text that is no frame", () => {
  const others = [
    "",
    "{",
    '{"seq":2',
    "nope",
    "null",
    "[]",
    "[1]",
    "7",
    '"text"',
    "true",
    "{}",
    '{"type":7}',
    '{"type":null}',
  ];

  test("ends the connection, which comes back from the cursor", () => {
    for (const text of others) {
      const { client, clock, links, send } = live(3);
      send(text);
      assert.equal(client.status.state, "reconnecting", text);
      assert.ok(links[0]!.closed);
      clock.pass(1_000);
      assert.equal(links[1]!.resume, `${EPOCH}-3`);
    }
  });

  test("also before CONNECTED, and again and again with longer waits", () => {
    const { clock, send } = started();
    for (const wait of [1_000, 2_000, 4_000]) {
      send("<html>");
      assert.equal(clock.next, wait);
      clock.pass(wait);
    }
  });

  test("drops a group that was being held back, and all that comes after it", () => {
    const device = begun(connected(), synced(0));
    assert.deepEqual(feed(device, pnl(1, 1, { group: 2 }), null, null, pnl(3), heartbeat(3)), ["reconnect"]);
    assert.equal(device.fold.get("PNL_UPDATE"), undefined);
    const { client, clock, send } = live(0);
    send(pnl(1, 1, { group: 2 }), "nope");
    assert.equal(client.state("PNL_UPDATE"), undefined);
    clock.pass(1_000);
    send(recovered(0), pnl(1, 1, { group: 2 }), pnl(2, 2, { group: 2 }));
    assert.deepEqual(client.state("PNL_UPDATE"), { pnl: { totalPnL: 2 } });
  });

  test("may be deep", () => {
    const { client, send } = live(0);
    send(`{"seq":1,"type":"PNL_UPDATE","timestamp":"","data":${"[".repeat(200_000)}${"]".repeat(200_000)}}`);
    assert.ok(["live", "reconnecting"].includes(client.status.state));
    const other = live(0);
    other.send("[".repeat(200_000));
    assert.equal(other.client.status.state, "reconnecting");
  });
});

describe("a frame with fields that are not what they should be", () => {
  const odd: unknown[] = [
    undefined,
    null,
    true,
    "5",
    -1,
    1.5,
    1e300,
    NaN,
    {},
    [],
    { toString: 1, valueOf: 1 },
    "__proto__",
  ];

  test("throws nothing, in any field of any frame, and the next good connection is live", (t) => {
    const errors = reported(t);
    const good = [
      connected(),
      synced(9, 9),
      heartbeat(9, 9),
      closing(1001),
      pnl(1),
      event(1, 0),
      { type: "GAP" },
      { type: "RESET" },
    ];
    for (const frame of [
      ...good,
      recovered(0),
      { ...pnl(1), removed: true, reason: "cleared", final: true, key: "k" },
    ]) {
      for (const field of [...Object.keys(frame), "group", "key", "removed", "final", "prevLog"]) {
        for (const value of odd) {
          const { client, clock, send } = live(0);
          send({ ...frame, [field]: value } as never);
          client.start();
          send(connected(), pnl(1), synced(1));
          assert.deepEqual(client.state("PNL_UPDATE"), { pnl: { totalPnL: 1 } });
          assert.equal(client.status.state, "live", `${frame.type}.${field} = ${String(JSON.stringify(value))}`);
          assert.equal(clock.waiting, 1);
        }
      }
    }
    assert.deepEqual(errors, []);
  });

  test("without a seq is no record, and a seq that is text is none", () => {
    const device = begun(connected(), synced(0));
    for (const seq of ["1", null, 1.5, 2 ** 53, NaN, {}]) assert.deepEqual(feed(device, { ...pnl(1), seq }), []);
    assert.deepEqual(feed(device, { ...pnl(0) }, { ...pnl(-1) }), []);
    assert.equal(device.cursor, `${EPOCH}-0`);
  });

  test("with a group that is text belongs to none, and counts at once", () => {
    for (const group of ["2", null, 1.5, {}]) {
      const device = begun(connected(), synced(0));
      assert.deepEqual(feed(device, pnl(1, 1, { group })), ["state 1"], String(group));
    }
  });

  test("with a group that ends before it does not hold anything back for ever", () => {
    const device = begun(connected(), synced(9));
    assert.deepEqual(feed(device, pnl(10, 1, { group: 2 })), []);
    assert.deepEqual(feed(device, pnl(11)), ["state 10", "state 11"]);
  });

  test("with a lastLog or prevLog that is no number proves nothing", () => {
    const device = begun(
      connected({ lastLog: "40" }),
      { ...synced(1), lastLog: null },
      { ...heartbeat(1), lastLog: {} },
    );
    assert.deepEqual(feed(device, { ...event(2, 0), prevLog: "1" }), ["log 2"]);
  });

  test("with a cursor that is none moves nothing", () => {
    const device = begun(connected(), synced(1));
    for (const cursor of [null, 7, "", "garbage", `${EPOCH}-1e9`, [`${EPOCH}-9`], { epoch: EPOCH, seq: 9 }]) {
      feed(device, { ...heartbeat(9), cursor });
      assert.equal(device.cursor, `${EPOCH}-1`);
    }
  });

  test("in a CLOSING is read as far as it can be", () => {
    const device = begun(connected(), synced(1));
    assert.deepEqual(device.receive({ type: "CLOSING" }), [
      { kind: "closing", code: 0, reason: "", reconnect: true, retryAfterMs: 0 },
    ]);
    const other = begun(connected());
    assert.deepEqual(
      other.receive({ type: "CLOSING", code: "3500", reason: 7, reconnect: false, retryAfterMs: "900" }),
      [{ kind: "closing", code: 0, reason: "7", reconnect: false, retryAfterMs: 900 }],
    );
  });

  test("in a GAP or SYNCED is read as far as it can be", () => {
    const device = begun(connected());
    assert.deepEqual(device.receive({ type: "GAP", from: "1", to: {} }), [
      { kind: "gap", from: null, to: null, reason: "unknown" },
    ]);
    assert.deepEqual(device.receive({ type: "SYNCED" }), [{ kind: "synced", cursor: null, stateSource: "none" }]);
  });
});

describe("very much of everything", () => {
  test("a million members of a group are one group", () => {
    const { client, send } = live(0);
    const { onFrame } = { onFrame: (text: string) => send(text) };
    let heard = 0;
    client.on("LIFECYCLE_EVENT", () => void heard++);
    const group = 1_000_000;
    for (let seq = 1; seq <= group; seq++) {
      onFrame(`{"seq":${seq},"prevLog":${seq - 1},"group":${group},"type":"LIFECYCLE_EVENT","timestamp":"","data":0}`);
    }
    assert.equal(heard, group);
    assert.equal(client.cursor, `${EPOCH}-${group}`);
  });

  test("a hundred thousand keys are dropped one by one", () => {
    const { client, send } = live(0);
    for (let seq = 1; seq <= 100_000; seq++) send(`{"seq":${seq},"type":"S","timestamp":"","key":"${seq}","data":0}`);
    let forgotten = 0;
    client.on("S", (data) => void (data === undefined && forgotten++));
    client.stop();
    assert.equal(forgotten, 100_000);
  });

  test("names that objects have of their own are names", () => {
    const { client, send } = live(0);
    let seq = 0;
    for (const name of ["__proto__", "constructor", "toString", "valueOf", "hasOwnProperty"]) {
      const heard: unknown[] = [];
      client.on(name, (data) => heard.push(data));
      send(`{"seq":${++seq},"type":"${name}","timestamp":"","key":"${name}","data":{"__proto__":{"polluted":true}}}`);
      assert.equal(heard.length, 1, name);
      assert.equal(client.states(name).size, 1);
      assert.notEqual(client.state(name, name), undefined);
    }
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
    client.stop();
  });

  test("a control frame that is not one is a name that nobody may have, and does what it says", () => {
    const { client, send } = live(0);
    const heard: unknown[] = [];
    for (const name of ["GAP", "RESET", "HEARTBEAT"]) client.on(name, () => heard.push(name));
    send({ seq: 1, type: "HEARTBEAT", timestamp: "", data: {} }, { seq: 2, type: "RESET", timestamp: "", data: {} });
    assert.deepEqual(heard, []);
    assert.equal(client.status.state, "syncing");
  });
});
