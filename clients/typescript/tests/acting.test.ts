// Listeners that end each other, or stop, start or reconnect the client, while a frame is told.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { EPOCH, chain, closing, connected, event, gap, heartbeat, pnl, reset, synced } from "./support/frames.js";
import { live, settle, started, world } from "./support/world.js";

describe("a listener that ends itself or another in the middle of a frame", () => {
  test("is not called again, nor is the other", () => {
    const { client, send } = live();
    const heard: string[] = [];
    const endFirst = client.on("PNL_UPDATE", () => {
      heard.push("first");
      endFirst();
      endThird();
    });
    client.on("PNL_UPDATE", () => heard.push("second"));
    const endThird = client.on("PNL_UPDATE", () => heard.push("third"));
    send(pnl(1, 1, { group: 2 }), pnl(2, 2, { group: 2 }));
    assert.deepEqual(heard, ["first", "second", "second"]);
  });

  test("and begins another one, which hears what comes next", () => {
    const { client, send } = live();
    const heard: number[] = [];
    let begun = 0;
    client.on("PNL_UPDATE", () => {
      if (begun++ < 3) client.on("PNL_UPDATE", (_data, { seq }) => heard.push(seq));
    });
    send(pnl(1), pnl(2));
    assert.deepEqual(heard, [2]);
  });

  test("ends the hearing of the status too", () => {
    const { client, cut } = live();
    const heard: string[] = [];
    const end = client.onStatus(({ state }) => {
      heard.push(state);
      end();
    });
    cut();
    client.stop();
    assert.deepEqual(heard, ["reconnecting"]);
  });
});

describe("a listener that stops the client", () => {
  test("in the middle of a group: nobody is told a value after it", () => {
    const { client, send, links, clock } = live(1, pnl(1));
    const heard: unknown[] = [];
    client.on("PNL_UPDATE", (data) => data && client.stop("enough"));
    client.on("PNL_UPDATE", (data, { seq }) => heard.push([seq, data?.pnl.totalPnL]));
    client.on("LIFECYCLE_EVENT", (_data, { seq }) => heard.push(seq));
    client.onGap(() => heard.push("gap"));
    send(pnl(2, 20, { group: 3 }), event(3, 0, { group: 3 }));
    assert.deepEqual(heard, [[2, undefined]], "only that it is forgotten");
    assert.deepEqual([client.status.state, client.status.reason], ["stopped", "enough"]);
    send(gap(4, 5, 5), pnl(6));
    assert.deepEqual([heard.length, links[0]!.closed, clock.waiting], [1, true, 0]);
  });

  test("when it hears an effect: nobody is told what the effect was", () => {
    for (const frame of [pnl(2), gap(2, 3, 3), reset, heartbeat(9, 9), closing(1001), connected()]) {
      const { client, send, statuses, clock } = live(1, pnl(1));
      const heard: string[] = [];
      client.onEffect(() => client.stop());
      client.onEffect(({ kind }) => heard.push(kind));
      client.on("PNL_UPDATE", (data) => heard.push(data ? "value" : "forgotten"));
      client.onGap(() => heard.push("gap"));
      send(frame);
      assert.deepEqual(heard, ["forgotten"], frame.type);
      assert.equal(statuses.at(-1)?.state, "stopped", frame.type);
      assert.equal(clock.waiting, 0);
    }
  });

  test("on the first of several values that are dropped: all are told", () => {
    for (const frame of [reset, connected({ userId: "bob" })]) {
      const { client, send } = live(2, pnl(1), chain(2, "a"));
      const heard: string[] = [];
      client.on("PNL_UPDATE", () => client.stop());
      client.on("PNL_UPDATE", (data) => data === undefined && heard.push("pnl"));
      client.on("CHAIN_UPDATE", (data) => data === undefined && heard.push("chain"));
      send(frame);
      assert.deepEqual(heard, ["pnl", "chain"]);
      assert.equal(client.status.state, "stopped");
    }
  });

  test("when it is live: nobody is told so afterwards", () => {
    const { client, send, links } = started();
    const heard: string[] = [];
    client.onStatus(({ state }) => state === "live" && client.stop());
    client.onStatus(({ state }) => heard.push(state));
    send(connected(), synced(1));
    assert.deepEqual(heard, ["syncing", "stopped"]);
    assert.ok(links[0]!.closed);
  });

  test("when it is reconnecting: it does not come back, and asks nobody for the session", async () => {
    let asked = 0;
    const { client, cut, clock, links } = started({
      session: async () => {
        asked++;
        return "valid";
      },
    });
    client.onStatus(({ state }) => state === "reconnecting" && client.stop());
    cut();
    await settle();
    clock.pass(60_000);
    assert.deepEqual([asked, links.length, client.status.state], [0, 1, "stopped"]);
  });

  test("when it is connecting: no link is opened", () => {
    const { client, links, clock } = world();
    client.onStatus(({ state }) => state === "connecting" && client.stop());
    client.start();
    assert.deepEqual([links.length, clock.waiting, client.status.state], [0, 0, "stopped"]);
  });

  test("when a value is forgotten because it is started anew: it is stopped", () => {
    const begun = live(1, pnl(1));
    const { client, links } = begun;
    client.on("PNL_UPDATE", () => client.stop("mine"));
    client.start();
    assert.deepEqual([client.status.state, client.status.reason, links.length], ["stopped", "mine", 1]);
    assert.deepEqual([begun.clock.waiting, begun.listens], [0, false]);
  });

  test("when it is being stopped: the one that is told is the one that stands", () => {
    const { client, statuses } = live(1, pnl(1));
    client.on("PNL_UPDATE", () => client.stop("inner"));
    client.stop("outer");
    assert.deepEqual(
      statuses.filter(({ state }) => state === "stopped").map(({ reason }) => reason),
      ["inner"],
    );
  });
});

describe("a listener that starts the client", () => {
  test("in the middle of a group: the rest of the group belongs to the device before", () => {
    const { client, send, links, statuses } = live(1);
    const heard: unknown[] = [];
    client.on("PNL_UPDATE", (data) => data && client.start());
    client.on("LIFECYCLE_EVENT", () => heard.push("event"));
    send(pnl(2, 20, { group: 3 }), event(3, 0, { group: 3 }));
    assert.deepEqual(heard, []);
    assert.deepEqual([links.length, links[0]!.closed, links[1]!.resume], [2, true, null]);
    assert.equal(statuses.at(-1)?.state, "connecting");
  });

  test("when it is stopped, or a value is forgotten by that: it runs", () => {
    for (const how of ["status", "value"]) {
      const begun = live(1, pnl(1));
      const { client, links, send } = begun;
      if (how === "status") client.onStatus(({ state }) => state === "stopped" && client.start());
      else client.on("PNL_UPDATE", (data) => data === undefined && client.status.state === "live" && client.start());
      client.stop();
      assert.deepEqual([client.status.state, links.length, begun.listens], ["connecting", 2, true], how);
      send(connected(), synced(1));
      assert.equal(client.status.state, "live");
      assert.equal(begun.clock.waiting, 1);
    }
  });
});

describe("a listener that reconnects the client", () => {
  test("in the middle of a group: the rest is told, because the cursor is behind it", () => {
    for (const how of ["reconnect", "useTransport"] as const) {
      const { client, send, clock, links } = live(1);
      const heard: unknown[] = [];
      client.on("PNL_UPDATE", () => (how === "reconnect" ? client.reconnect() : client.useTransport("sse")));
      client.on("PNL_UPDATE", (data) => heard.push(data.pnl.totalPnL));
      client.on("LIFECYCLE_EVENT", (_data, { seq }) => heard.push(seq));
      send(pnl(2, 20, { group: 3 }), event(3, 0, { group: 3 }));
      assert.deepEqual(heard, [20, 3], how);
      clock.pass(0);
      assert.deepEqual([links.length, links[1]!.resume], [2, `${EPOCH}-3`]);
    }
  });

  test("in a frame that ends a group: the connection that is not there any more is not live", () => {
    const { client, send, statuses, clock, links } = started();
    client.on("PNL_UPDATE", () => client.reconnect());
    send(connected(), pnl(1, 1, { group: 2 }), synced(2));
    assert.deepEqual(
      statuses.map(({ state }) => state),
      ["connecting", "syncing", "reconnecting"],
    );
    clock.pass(0);
    assert.equal(links[1]!.resume, `${EPOCH}-2`);
  });

  test("when it hears that the connection begins: it begins the next one, with a time to answer of its own", () => {
    const { client, send, statuses, clock, links } = started();
    const end = client.onEffect(({ kind }) => {
      if (kind !== "connected") return;
      end();
      client.reconnect();
    });
    send(connected({ heartbeat: 1 }));
    assert.equal(statuses.at(-1)?.state, "reconnecting");
    clock.pass(10_000);
    assert.equal(links.length, 2);
    send(connected(), synced(1));
    assert.equal(client.status.state, "live");
  });

  test("but the hub says to stay away: it stays away", () => {
    const { client, send, clock, links } = live();
    client.on("PNL_UPDATE", (data) => data && client.reconnect());
    send(pnl(1, 1, { group: 2 }), closing(3503));
    clock.pass(60_000);
    assert.deepEqual([client.status.state, links.length], ["stopped", 1]);
  });

  test("while a hole was found in the same frame: it comes back once", () => {
    const { client, send, clock, links } = live(1, event(1, 0));
    client.onEffect(({ kind }) => kind === "reconnect" && client.reconnect());
    send(event(9, 5));
    clock.pass(999);
    assert.deepEqual([links.length, links[1]!.resume, clock.waiting], [2, `${EPOCH}-1`, 1]);
  });

  test("when it is connecting: it connects once", () => {
    const { client, links, clock } = world();
    const end = client.onStatus(() => {
      end();
      client.reconnect();
    });
    client.start();
    clock.pass(0);
    assert.equal(links.length, 1);
    assert.equal(clock.waiting, 1);
  });

  test("when a value is forgotten by a start or a stop: that changes nothing", () => {
    const begun = live(1, pnl(1));
    const { client, links, clock } = begun;
    client.on("PNL_UPDATE", () => client.reconnect());
    client.start();
    assert.deepEqual([links.length, clock.waiting, begun.listens], [2, 1, true]);
    assert.equal(client.status.state, "connecting");
    begun.send(connected(), pnl(1), synced(1));
    client.stop();
    assert.deepEqual([client.status.state, clock.waiting], ["stopped", 0]);
  });
});
