// How a client comes back, and when it does not.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import {
  EPOCH,
  OTHER_EPOCH,
  chain,
  closing,
  connected,
  event,
  gap,
  heartbeat,
  pnl,
  recovered,
  synced,
} from "./support/frames.js";
import { live, settle, started, world } from "./support/world.js";

describe("after a cut, a client", () => {
  test("comes back with its cursor, and goes over syncing to live", () => {
    const { clock, links, link, cut, send, statuses, ...rest } = live(4);
    cut();
    assert.ok(link.closed);
    clock.pass(999);
    assert.equal(links.length, 1);
    clock.pass(1);
    assert.equal(links.length, 2);
    assert.equal(links[1]!.resume, `${EPOCH}-4`);
    assert.equal(rest.client.status.state, "reconnecting", "until the hub says so");
    send(recovered(4));
    assert.equal(rest.client.status.state, "syncing");
    send(synced(4));
    assert.equal(rest.client.status.state, "live");
  });

  test("waits longer each time, until it was live again", async () => {
    const { clock, cut, links, send } = started();
    for (const wait of [1_000, 2_000, 4_000, 8_000, 15_000, 15_000]) {
      cut();
      await settle();
      const before = links.length;
      clock.pass(wait - 1);
      assert.equal(links.length, before, `${wait}`);
      clock.pass(1);
      assert.equal(links.length, before + 1, `${wait}`);
    }
    send(connected());
    cut();
    assert.equal(clock.next, 15_000, "connected is not yet live");
    clock.pass(15_000);
    send(connected(), synced(1));
    cut();
    assert.equal(clock.next, 1_000);
  });

  test("waits by chance up to twice as long", () => {
    const { clock, cut, links, send } = started({ random: () => 1 });
    send(connected(), synced(1));
    cut();
    clock.pass(1_999);
    assert.equal(links.length, 1);
    clock.pass(1);
    assert.equal(links.length, 2);
  });

  test("has one link, and hears nothing of those before", () => {
    const { client, clock, cut, links, send } = live(1, pnl(1));
    const [first] = links;
    cut();
    clock.pass(1_000);
    first!.onFrame(JSON.stringify(pnl(9)));
    first!.onClosed(3500);
    first!.onFrame("{");
    assert.deepEqual(client.state("PNL_UPDATE"), { pnl: { totalPnL: 1 } });
    assert.deepEqual([links.length, client.status.state, clock.waiting], [2, "reconnecting", 1]);
    send(recovered(1), synced(1));
    first!.onClosed(1006);
    first!.onFrame(JSON.stringify(pnl(9)));
    first!.onFrame("{");
    assert.equal(client.status.state, "live");
    assert.deepEqual(client.state("PNL_UPDATE"), { pnl: { totalPnL: 1 } });
  });

  test("gets what it missed, and each Log record once", () => {
    const { client, clock, cut, send } = live(2, event(2, 0));
    const heard: number[] = [];
    client.on("LIFECYCLE_EVENT", (_data, { seq }) => heard.push(seq));
    cut();
    clock.pass(1_000);
    send(recovered(2, 2), event(2, 0), event(5, 2), synced(5, 5), event(5, 2), event(6, 5));
    assert.deepEqual(heard, [5, 6]);
  });

  test("begins anew with a hub that does not know it", () => {
    const { client, clock, cut, send, link } = live(7, pnl(7));
    const heard: unknown[] = [];
    client.on("PNL_UPDATE", (data, record) => heard.push(data ?? (record.removed && record.reason)));
    cut();
    clock.pass(1_000);
    send(connected({ epoch: OTHER_EPOCH }), gap(null, null, 0, "unknown"));
    assert.equal(client.state("PNL_UPDATE"), undefined);
    send(pnl(1, 11), synced(1, 0, OTHER_EPOCH));
    assert.deepEqual(heard, ["forgotten", { pnl: { totalPnL: 11 } }]);
    assert.equal(client.cursor, `${OTHER_EPOCH}-1`);
    assert.ok(link.closed);
  });

  test("forgets what another user had who has signed in meanwhile", () => {
    const { client, clock, cut, send } = live(7, chain(6, "a"), pnl(7));
    const forgotten: string[] = [];
    client.on("CHAIN_UPDATE", (data, { key }) => data === undefined && forgotten.push(`chain ${key}`));
    client.on("PNL_UPDATE", (data) => data === undefined && forgotten.push("pnl"));
    cut();
    clock.pass(1_000);
    send(connected({ userId: "bob", epoch: OTHER_EPOCH }), chain(1, "b"), synced(1, 0, OTHER_EPOCH));
    assert.deepEqual(forgotten, ["chain a", "pnl"]);
    assert.equal(client.userId, "bob");
    assert.deepEqual([...client.states("CHAIN_UPDATE").keys()], ["b"]);
    assert.equal(client.state("PNL_UPDATE"), undefined);
  });
});

describe("a client that finds something missing", () => {
  test("comes back from what it has", () => {
    const { clock, send, links, client } = live(2, event(1, 0));
    send(event(9, 5));
    assert.equal(client.status.state, "reconnecting");
    assert.ok(links[0]!.closed);
    clock.pass(1_000);
    assert.equal(links[1]!.resume, `${EPOCH}-1`);
  });

  test("comes back once, and then says what is missing", () => {
    const { client, clock, links, send } = live(2, event(1, 0));
    const gaps: unknown[] = [];
    client.onGap(({ from, to, reason }) => gaps.push([from, to, reason]));
    send(event(9, 5));
    clock.pass(1_000);
    send(recovered(1, 1), event(9, 5), synced(9, 9));
    assert.deepEqual(gaps, [[2, 5, "lost"]]);
    assert.deepEqual([links.length, client.status.state], [2, "live"]);
  });

  test("does so also when a heartbeat shows it", () => {
    const { client, clock, links, send } = live(2, event(1, 0));
    send(heartbeat(9, 9));
    assert.equal(client.status.state, "reconnecting");
    clock.pass(1_000);
    assert.equal(links[1]!.resume, `${EPOCH}-1`);
  });
});

describe("a client that is told to close", () => {
  test("does not come back before retryAfterMs, not even when it is asked or woken", () => {
    const { client, clock, links, send, wake } = live(1);
    send(closing(1001, { retryAfterMs: 7_000 }));
    assert.ok(links[0]!.closed);
    assert.deepEqual(
      [client.status.state, client.status.code, client.status.reason],
      ["reconnecting", 1001, "because"],
    );
    clock.pass(1_000);
    client.reconnect();
    wake("online");
    wake("visible");
    client.useTransport("sse");
    clock.pass(5_999);
    assert.equal(links.length, 1);
    clock.pass(1);
    assert.equal(links.length, 2);
  });

  test("waits its own time if that is longer", () => {
    const { clock, send, links } = started({ random: () => 1 });
    send(connected(), synced(1), closing(1001, { retryAfterMs: 1_500 }));
    clock.pass(1_999);
    assert.equal(links.length, 1);
    clock.pass(1);
    assert.equal(links.length, 2);
  });

  test("heeds what it was asked for once", () => {
    const { clock, client, cut, links, send } = live(1);
    send(closing(1001, { retryAfterMs: 60_000 }));
    clock.pass(60_000);
    send(recovered(1), synced(1));
    clock.set(-30_000);
    cut();
    clock.pass(1_000);
    assert.equal(links.length, 3, "also with a wall clock that was set back");
    client.reconnect();
    clock.pass(0);
    assert.equal(links.length, 4);
  });

  test("heeds nothing of that after a new start", () => {
    const { clock, client, cut, links, send } = live(1);
    send(closing(1001, { retryAfterMs: 60_000 }));
    client.stop();
    client.start();
    assert.equal(links.length, 2);
    send(connected(), synced(1));
    cut();
    clock.pass(1_000);
    assert.equal(links.length, 3);
  });

  test("takes a wish that is none for none, and a huge one for what it is", () => {
    for (const retryAfterMs of [-7_000, "soon", null, undefined, NaN, {}, [], false]) {
      const { clock, send, links } = live(1);
      send(closing(1001, { retryAfterMs }));
      clock.pass(1_000);
      assert.equal(links.length, 2, String(retryAfterMs));
    }
    for (const retryAfterMs of [1e12, 1e300]) {
      const { clock, send, links, client } = live(1);
      send(closing(1001, { retryAfterMs }));
      clock.pass(1e11);
      assert.deepEqual([links.length, client.status.state], [1, "reconnecting"]);
      assert.equal(clock.waiting, 1);
    }
  });

  test("stays away when the frame or the close code says so, and has nothing any more", () => {
    const frames = [
      closing(3503),
      closing(3999),
      closing(1001, { reconnect: false }),
      closing(3503, { reconnect: true }),
    ];
    for (const frame of frames) {
      const stopped = live(1, pnl(1));
      const { client, clock, links, send } = stopped;
      const heard: unknown[] = [];
      client.on("PNL_UPDATE", (data, record) => heard.push([data, record.removed && record.reason]));
      send(frame);
      const { state, code, reason } = client.status;
      assert.deepEqual([state, code, reason], ["stopped", frame["code"], "because"]);
      assert.deepEqual(heard, [[undefined, "forgotten"]]);
      assert.deepEqual([client.state("PNL_UPDATE"), client.userId, client.cursor], [undefined, null, null]);
      assert.ok(links[0]!.closed);
      client.reconnect();
      clock.pass(3_600_000);
      assert.deepEqual([links.length, clock.waiting, stopped.listens], [1, 0, false]);
    }
    const coded = live(1);
    coded.cut(3500);
    assert.deepEqual([coded.client.status.state, coded.client.status.code], ["stopped", 3500]);
    coded.wake("online");
    coded.clock.pass(3_600_000);
    assert.equal(coded.links.length, 1);
  });

  test("comes back otherwise, whatever the code, with its cursor", () => {
    for (const code of [1000, 1001, 1006, 3008, 3012, 3499, 4000, 65_535, null]) {
      const { clock, cut, links } = live(1);
      cut(code);
      clock.pass(1_000);
      assert.equal(links[1]?.resume, `${EPOCH}-1`, String(code));
    }
    const { clock, links, send } = live(1);
    send(closing(3008));
    clock.pass(1_000);
    assert.equal(links[1]?.resume, `${EPOCH}-1`);
  });

  test("before it was connected heeds that too", () => {
    const { client, send, links, clock } = started();
    send(closing(3507, { reason: "not allowed" }));
    assert.deepEqual([client.status.state, client.status.reason], ["stopped", "not allowed"]);
    clock.pass(60_000);
    assert.equal(links.length, 1);
  });
});

describe("another transport", () => {
  test("goes on from the same cursor", () => {
    const { client, clock, links, send } = live(3, pnl(3));
    client.useTransport("sse");
    assert.ok(links[0]!.closed);
    assert.deepEqual([client.transport, client.status.state], ["sse", "reconnecting"]);
    clock.pass(0);
    assert.deepEqual([links[1]!.transport, links[1]!.resume], ["sse", `${EPOCH}-3`]);
    links[0]!.onFrame(JSON.stringify(pnl(9)));
    assert.deepEqual(client.state("PNL_UPDATE"), { pnl: { totalPnL: 3 } }, "the old link is not heard");
    send(recovered(3), synced(3));
    assert.equal(client.status.state, "live");
  });

  test("is none if it is the same", () => {
    const { client, links, clock } = live(3);
    client.useTransport("websocket");
    clock.pass(0);
    assert.deepEqual([links.length, links[0]!.closed], [1, false]);
  });

  test("of a client that is stopped is for its next start", () => {
    const { client, links, clock } = world();
    client.useTransport("sse");
    clock.pass(60_000);
    assert.equal(links.length, 0);
    client.start();
    assert.equal(links[0]!.transport, "sse");
  });
});

describe("reconnect", () => {
  test("opens another connection at once, from the same cursor", () => {
    const { client, clock, cut, links } = live(3);
    cut();
    client.reconnect();
    client.reconnect();
    clock.pass(0);
    assert.deepEqual([links.length, links[1]!.resume], [2, `${EPOCH}-3`]);
    assert.equal(client.status.code, null);
    cut();
    clock.pass(60_000);
  });

  test("begins to count the attempts anew", async () => {
    const { client, clock, cut } = live(3);
    for (let attempt = 0; attempt < 5; attempt++) {
      cut();
      await settle();
      clock.pass(30_000);
    }
    client.reconnect();
    clock.pass(0);
    cut();
    await settle();
    assert.equal(clock.next, 1_000);
  });
});
