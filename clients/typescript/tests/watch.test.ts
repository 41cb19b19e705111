import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { EPOCH, connected, heartbeat, pnl, recovered, synced } from "./support/frames.js";
import { live, settle, started } from "./support/world.js";

describe("a connection is given up", () => {
  test("after 2.5 heartbeats without any frame", () => {
    const { client, clock, links, send } = started();
    send(connected({ heartbeat: 10 }), synced(1));
    clock.pass(24_000);
    send(heartbeat(1));
    clock.pass(24_999);
    assert.equal(client.status.state, "live");
    clock.pass(1);
    assert.equal(client.status.state, "reconnecting");
    assert.ok(links[0]!.closed);
    clock.pass(1_000);
    assert.equal(links[1]!.resume, `${EPOCH}-1`);
  });

  test("not while anything comes, be it what nobody knows", () => {
    const { client, clock, send } = started();
    send(connected({ heartbeat: 10 }), synced(1));
    for (const frame of [pnl(2), { type: "NEWS" }, pnl(1), heartbeat(2), pnl(3)]) {
      clock.pass(24_999);
      send(frame);
    }
    assert.equal(client.status.state, "live");
    assert.equal(clock.waiting, 1, "one timer, however many frames");
  });

  test("never if no heartbeats were announced, or none that can be", () => {
    for (const period of [null, undefined, 0, -5, "10", NaN]) {
      const { client, clock, send } = started();
      send(connected({ heartbeat: period }), synced(1));
      clock.pass(100 * 24 * 3_600_000);
      assert.equal(client.status.state, "live", String(period));
      assert.equal(clock.waiting, 0);
    }
  });

  test("if its first frame does not come within 20 s", async () => {
    const { client, clock, links, send } = started();
    clock.pass(19_999);
    assert.equal(client.status.state, "connecting");
    clock.pass(1);
    assert.deepEqual([client.status.state, links[0]!.closed], ["reconnecting", true]);
    clock.pass(1_000);
    assert.equal(links.length, 2);
    clock.pass(20_000);
    assert.equal(clock.next, 2_000, "and the next wait is longer");
    clock.pass(2_000);
    send(connected(), synced(1));
    assert.equal(client.status.state, "live");
  });

  test("if the first frame of a later connection does not come within 20 s, whatever the heartbeat was", () => {
    for (const period of [1, null]) {
      const { clock, cut, links, send } = started();
      send(connected({ heartbeat: period }), synced(1));
      cut();
      clock.pass(1_000);
      clock.pass(19_999);
      assert.equal(links[1]!.closed, false);
      clock.pass(1);
      assert.equal(links[1]!.closed, true);
    }
  });

  test("by the heartbeat of its own connection", () => {
    const { clock, client, cut, send } = started();
    send(connected({ heartbeat: 10 }), synced(1));
    cut();
    clock.pass(1_000);
    send({ ...recovered(1), heartbeat: 100 }, synced(1));
    clock.pass(249_999);
    assert.equal(client.status.state, "live");
    clock.pass(1);
    assert.equal(client.status.state, "reconnecting");
  });
});

describe("a wall clock", () => {
  test("that was set back does not make a silence last", () => {
    const { client, clock } = live(1);
    clock.pass(10_000);
    clock.set(-86_400_000);
    clock.pass(2 * 62_500);
    assert.equal(client.status.state, "reconnecting");
  });

  test("that was set back does not make a live connection look dead", () => {
    const { client, clock, send, wake } = live(1);
    clock.set(-86_400_000);
    for (let beat = 0; beat < 5; beat++) {
      clock.pass(25_000);
      send(heartbeat(1));
      wake("visible");
    }
    assert.equal(client.status.state, "live");
  });

  test("that was set forward costs one connection at most", () => {
    const { client, clock, links, send } = live(1);
    clock.set(86_400_000);
    clock.pass(62_500);
    clock.pass(1_000);
    assert.ok(links.length <= 2);
    send(recovered(1), synced(1));
    for (let beat = 0; beat < 5; beat++) {
      clock.pass(25_000);
      send(heartbeat(1));
    }
    assert.equal(client.status.state, "live");
    assert.ok(links.length <= 2);
  });

  test("that was set back does not lengthen the wait that a server asked for", () => {
    const { clock, client, links, send } = live(1);
    send({ type: "CLOSING", code: 1001, reason: "", reconnect: true, retryAfterMs: 7_000 });
    clock.set(-86_400_000);
    client.reconnect();
    clock.pass(7_000);
    assert.equal(links.length, 2);
  });

  test("that was set forward does not break a wait", () => {
    const { clock, links, send } = live(1);
    send({ type: "CLOSING", code: 1001, reason: "", reconnect: true, retryAfterMs: 7_000 });
    clock.set(86_400_000);
    clock.pass(7_000);
    assert.equal(links.length, 2);
  });
});

describe("a page that wakes", () => {
  test("gives up a connection that was silent for more than 1.2 heartbeats", () => {
    const { client, clock, links, wake } = live(1);
    clock.pass(30_001);
    wake("visible");
    assert.equal(client.status.state, "reconnecting");
    clock.pass(0);
    assert.deepEqual([links.length, links[0]!.closed, links[1]!.resume], [2, true, `${EPOCH}-1`]);
  });

  test("keeps one that was not", () => {
    const { client, clock, links, wake, send } = live(1);
    clock.pass(30_000);
    wake("visible");
    send(heartbeat(1));
    clock.pass(25_000);
    wake("visible");
    clock.pass(0);
    assert.deepEqual([client.status.state, links.length], ["live", 1]);
  });

  test("keeps one without heartbeats, and one that is just being opened", () => {
    const { clock, links, wake, send } = started();
    clock.pass(15_000);
    wake("visible");
    send(connected({ heartbeat: null }), synced(1));
    clock.pass(3_600_000);
    wake("visible");
    clock.pass(0);
    assert.equal(links.length, 1);
  });

  test("keeps one that is just being opened again, or anew, whatever was before", () => {
    const { client, clock, cut, links, send, wake } = started();
    send(connected({ heartbeat: 1 }), synced(1));
    cut();
    clock.pass(1_000);
    clock.pass(5_000);
    wake("visible");
    clock.pass(0);
    assert.equal(links.length, 2);
    send(recovered(1), synced(1));
    cut();
    client.stop();
    client.start();
    wake("visible");
    clock.pass(0);
    assert.equal(links.length, 3);
  });

  test("that has slept for long finds its timers late, and comes back at once", () => {
    const { clock, links, wake, client } = live(1);
    clock.set(3_600_000);
    wake("visible");
    clock.pass(0);
    assert.deepEqual([links.length, client.status.state], [2, "reconnecting"]);
  });

  test("does not wait any longer if it was waiting", async () => {
    const { clock, cut, links, wake } = live(1);
    for (let attempt = 0; attempt < 4; attempt++) {
      cut();
      await settle();
      if (attempt < 3) clock.pass(clock.next);
    }
    wake("visible");
    clock.pass(0);
    assert.equal(links.length, 5);
    cut();
    await settle();
    assert.equal(clock.next, 1_000, "and begins to count anew");
  });

  test("does nothing to a client that is stopped", () => {
    const { client, clock, links, wake } = live(1);
    const { wake: stale } = { wake };
    client.stop();
    stale("online");
    clock.pass(60_000);
    assert.equal(links.length, 1);
  });
});

describe("a network that is back, or a page that comes out of the cache", () => {
  test("means another connection, however alive the one before looks", () => {
    for (const why of ["online", "restored"] as const) {
      const { client, clock, links, wake } = live(1);
      wake(why);
      assert.deepEqual([links[0]!.closed, client.status.state], [true, "reconnecting"]);
      clock.pass(0);
      assert.equal(links[1]!.resume, `${EPOCH}-1`);
    }
  });

  test("ends a wait, and a connection that is just being opened", async () => {
    const { clock, cut, links, wake } = started();
    cut();
    await settle();
    wake("online");
    clock.pass(0);
    assert.equal(links.length, 2);
    wake("online");
    clock.pass(0);
    assert.deepEqual([links.length, links[1]!.closed], [3, true]);
  });

  test("twenty times at once means one", () => {
    const { clock, links, wake } = live(1);
    for (let time = 0; time < 20; time++) wake("online");
    clock.pass(0);
    assert.equal(links.length, 2);
    assert.equal(clock.waiting, 1);
  });
});
