import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Client, connect } from "user-hub";

import { EPOCH, chain, connected, event, gap, heartbeat, pnl, removal, reset, synced } from "./support/frames.js";
import { live, settle, started, world } from "./support/world.js";

describe("a client", () => {
  test("does nothing before it is started", () => {
    const { client, clock, links, listens } = world();
    assert.deepEqual(client.status, { state: "stopped", since: clock.now(), code: null, reason: "" });
    assert.deepEqual([links.length, clock.waiting, listens], [0, 0, false]);
    assert.deepEqual([client.userId, client.cursor, client.synced], [null, null, false]);
  });

  test("is started by connect", () => {
    const resumes: (string | null)[] = [];
    const client = connect({
      websocket: "/ws",
      open: (_transport, resume) => {
        resumes.push(resume);
        return { close() {} };
      },
    });
    assert.deepEqual(resumes, [null]);
    assert.equal(client.status.state, "connecting");
    client.stop();
  });

  test("goes from connecting over syncing to live, and over syncing again after a RESET", () => {
    const { client, send, statuses } = started();
    send(connected(), pnl(1), synced(1), reset, pnl(1), synced(1));
    assert.deepEqual(
      statuses.map(({ state }) => state),
      ["connecting", "syncing", "live", "syncing", "live"],
    );
    assert.equal(client.userId, "alice");
    assert.equal(client.cursor, `${EPOCH}-1`);
    assert.equal(client.synced, true);
  });

  test("says since when, and why", () => {
    const { client, clock, cut } = live();
    const since = clock.now();
    clock.pass(5_000);
    assert.equal(client.status.since, since);
    cut(1006);
    assert.deepEqual(client.status, { state: "reconnecting", since: since + 5_000, code: 1006, reason: "" });
    clock.pass(1_000);
    cut(1013);
    assert.equal(client.status.since, since + 5_000, "it is still the same absence");
  });

  test("has another status object after each change, and the same until then", () => {
    const { client, clock, send } = live(1);
    const status = client.status;
    clock.pass(20_000);
    send(heartbeat(1), pnl(2), synced(2));
    assert.equal(client.status, status);
    send(reset);
    assert.notEqual(client.status, status);
  });

  test("has the current State, by type and key, until it ends", () => {
    const { client, send } = live();
    assert.equal(client.state("PNL_UPDATE"), undefined);
    send(pnl(1), pnl(2, 20), chain(3, "a"), chain(4, "b"), chain(5, "a", "closing"));
    assert.deepEqual(client.state("PNL_UPDATE"), { pnl: { totalPnL: 20 } });
    assert.deepEqual(client.state("CHAIN_UPDATE", "a"), { chain: { chainId: "a", status: "closing" } });
    assert.equal(client.state("CHAIN_UPDATE", "c"), undefined);
    assert.deepEqual([...client.states("CHAIN_UPDATE").keys()], ["b", "a"]);
    assert.deepEqual(client.states("CHAIN_UPDATE").get("b"), { chain: { chainId: "b", status: "open" } });
    send(removal(6, "a"), chain(7, "b", "closed", { final: true }));
    assert.equal(client.states("CHAIN_UPDATE").size, 0);
    send(removal(8, "a", "rejected"));
    assert.deepEqual([...client.fold.unknown("CHAIN_UPDATE")], ["a"]);
  });

  test("gives the values as a copy, and each value as it is", () => {
    const { client, send } = live(1, chain(1, "a"));
    const before = client.states("CHAIN_UPDATE");
    assert.equal(before.get("a"), client.state("CHAIN_UPDATE", "a"));
    send(chain(2, "b"));
    assert.deepEqual([before.size, client.states("CHAIN_UPDATE").size], [1, 2]);
  });

  test("keeps what is here while it is away", () => {
    const { client, cut } = live(2, chain(1, "a"), pnl(2));
    cut();
    assert.deepEqual(client.state("PNL_UPDATE"), { pnl: { totalPnL: 2 } });
    assert.equal(client.states("CHAIN_UPDATE").size, 1);
    assert.equal(client.synced, true);
  });

  test("needs an address for its transport, or a way of its own to open links", () => {
    const error = { name: "TypeError", message: /no address is known for the transport sse/ };
    assert.throws(() => new Client({}), error);
    assert.throws(() => new Client({ websocket: "/ws", transport: "sse" }), error);
    assert.throws(() => connect({}), error);
    const client = new Client({ websocket: "/ws" });
    assert.throws(() => client.useTransport("sse"), error);
    assert.equal(client.transport, "websocket", "nothing has changed");
    assert.equal(new Client({ open: () => ({ close() {} }) }).transport, "sse");
  });

  test("begins with the transport that there is an address for, or that was asked for", () => {
    assert.equal(new Client({ websocket: "/ws" }).transport, "websocket");
    assert.equal(new Client({ sse: "/events" }).transport, "sse");
    assert.equal(new Client({ websocket: "/ws", sse: "/events" }).transport, "websocket");
    assert.equal(new Client({ websocket: "/ws", sse: "/events", transport: "sse" }).transport, "sse");
    assert.equal(started({ transport: "sse" }).link.transport, "sse");
  });
});

describe("a gap is told", () => {
  test("with from where to where and why, before what is behind it", () => {
    const { client, send } = live(2);
    const heard: unknown[] = [];
    client.onGap(({ from, to, reason }) => heard.push([from, to, reason]));
    client.on("LIFECYCLE_EVENT", (_data, { seq }) => heard.push(seq));
    send(gap(3, 40, 40), event(41, 40), gap(null, null, 41, "unknown"));
    assert.deepEqual(heard, [[3, 40, "evicted"], 41, [42, null, "unknown"]]);
  });

  test("without a reconnect, and without an end of what is here", () => {
    const { client, send, statuses, links } = live(2, pnl(2));
    send(gap(3, 40, 40));
    assert.deepEqual(client.state("PNL_UPDATE"), { pnl: { totalPnL: 2 } });
    assert.deepEqual([statuses.at(-1)?.state, links.length], ["live", 1]);
  });
});

describe("start and stop", () => {
  test("start after stop is a new device", () => {
    const { client, links, send } = live(1, pnl(1));
    client.stop();
    assert.ok(links[0]!.closed);
    assert.equal(client.state("PNL_UPDATE"), undefined);
    client.start();
    assert.equal(links[1]!.resume, null);
    assert.equal(client.status.state, "connecting");
    send(connected({ userId: "bob" }), synced(1));
    assert.deepEqual([client.userId, client.state("PNL_UPDATE")], ["bob", undefined]);
  });

  test("start begins to count the attempts anew", async () => {
    const { client, clock, cut } = started();
    for (let attempt = 0; attempt < 5; attempt++) {
      cut();
      await settle();
      clock.pass(30_000);
    }
    client.start();
    cut();
    await settle();
    assert.equal(clock.next, 1_000);
  });

  test("start twice is one connection, of a new device", () => {
    const { client, links, clock, send } = live(1, pnl(1));
    client.start();
    assert.deepEqual(
      links.map(({ closed, resume }) => [closed, resume]),
      [
        [true, null],
        [false, null],
      ],
    );
    assert.equal(client.state("PNL_UPDATE"), undefined);
    assert.equal(client.status.state, "connecting");
    assert.equal(clock.waiting, 1);
    send(connected(), synced(1));
    assert.equal(client.status.state, "live");
  });

  test("stop says why, and once", () => {
    const { client, statuses, clock } = live(1);
    client.stop("signed out", 3503);
    const { status } = client;
    assert.deepEqual([status.state, status.reason, status.code], ["stopped", "signed out", 3503]);
    clock.pass(1_000);
    client.stop();
    client.stop("again");
    assert.equal(client.status, status);
    assert.equal(statuses.filter(({ state }) => state === "stopped").length, 1);
  });

  test("stop leaves nothing behind: no link, no timer, nothing that listens to the page", () => {
    const waiting = live(1);
    waiting.cut();
    waiting.client.stop();
    assert.deepEqual([waiting.clock.waiting, waiting.listens], [0, false]);
    const alive = live(1);
    assert.equal(alive.listens, true);
    alive.client.stop();
    assert.deepEqual([alive.clock.waiting, alive.listens, alive.link.closed], [0, false, true]);
    assert.equal(alive.client.status.reason, "");
  });

  test("each link is closed once, however it ends", () => {
    const closes: number[] = [];
    const { client, clock } = started({
      open: () => {
        const index = closes.push(0) - 1;
        return { close: () => void closes[index]!++ };
      },
    });
    client.reconnect();
    clock.pass(0);
    clock.pass(20_000);
    client.reconnect();
    client.reconnect();
    clock.pass(0);
    client.start();
    client.stop();
    client.stop();
    assert.deepEqual(closes, [1, 1, 1, 1]);
  });

  test("stop before the first start does nothing", () => {
    const { client, statuses, links } = world();
    client.stop();
    client.reconnect();
    assert.deepEqual([statuses, links], [[], []]);
  });

  test("a start without a stop listens to the page once", () => {
    let listening = 0;
    const { client } = started({
      wakes: () => {
        listening++;
        return () => void listening--;
      },
    });
    client.start();
    client.start();
    assert.equal(listening, 1);
  });
});
