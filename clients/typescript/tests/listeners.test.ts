import assert from "node:assert/strict";
import { describe, test } from "node:test";

import {
  EPOCH,
  chain,
  closing,
  connected,
  event,
  gap,
  heartbeat,
  pnl,
  recovered,
  removal,
  reset,
  synced,
} from "./support/frames.js";
import { live, reported, started } from "./support/world.js";

describe("who listens to a type", () => {
  test("gets the data, and the whole record", () => {
    const { client, send } = live();
    const heard: unknown[] = [];
    client.on("CHAIN_UPDATE", (data, record) =>
      heard.push([data, record.seq, record.key, record.removed, record.reason]),
    );
    client.on("LIFECYCLE_EVENT", (data, record) => heard.push([data, record.prevLog]));
    send(chain(1, "a"), event(2, 0), removal(3, "a", "expired"));
    assert.deepEqual(heard, [
      [{ chain: { chainId: "a", status: "open" } }, 1, "a", undefined, undefined],
      [{ event: { id: "e2" } }, 0],
      [undefined, 3, "a", true, "expired"],
    ]);
  });

  test("hears of no other type, however it is called", () => {
    const { client, send } = live();
    const heard: string[] = [];
    const names = [
      "PNL_UPDATE",
      "status",
      "gap",
      "effect",
      "on PNL_UPDATE",
      "__proto__",
      "constructor",
      "toString",
      "",
    ];
    for (const name of [...names, "HEARTBEAT", "GAP", "RESET", "SYNCED", "undefined"])
      client.on(name, () => heard.push(name));
    send(heartbeat(0), gap(null, null, 0), reset, synced(0));
    for (const [index, type] of names.entries()) send({ ...pnl(index + 1), type });
    assert.deepEqual(heard, names);
  });

  test("hears a final value, which is not there any more", () => {
    const { client, send } = live();
    const heard: unknown[] = [];
    client.on("CHAIN_UPDATE", (data, record) =>
      heard.push([data.chain.status, record.final, client.states("CHAIN_UPDATE").size]),
    );
    send(chain(1, "a"), chain(2, "a", "closed", { final: true }));
    assert.deepEqual(heard, [
      ["open", undefined, 1],
      ["closed", true, 0],
    ]);
  });

  test("finds all of a group there already", () => {
    const { client, send } = live();
    let seen: unknown;
    client.on("PNL_UPDATE", () => (seen = client.state("CHAIN_UPDATE", "a")));
    send(pnl(1, 1, { group: 2 }), chain(2, "a", "open", { group: 2 }));
    assert.deepEqual(seen, { chain: { chainId: "a", status: "open" } });
  });

  test("twice is called twice, and ends one by one", () => {
    const { client, send } = live();
    let calls = 0;
    const listener = (): void => void calls++;
    const end = client.on("PNL_UPDATE", listener);
    const endToo = client.on("PNL_UPDATE", listener);
    send(pnl(1));
    assert.equal(calls, 2);
    end();
    end();
    send(pnl(2));
    assert.equal(calls, 3);
    endToo();
    send(pnl(3));
    assert.equal(calls, 3);
  });

  test("goes on to hear after a stop and a new start", () => {
    const { client, send } = live(1);
    const heard: unknown[] = [];
    client.on("PNL_UPDATE", (data) => heard.push(data?.pnl.totalPnL));
    client.stop();
    client.start();
    send(connected(), pnl(5));
    assert.deepEqual(heard, [5]);
  });

  test("is told of each key when all State is dropped, and then of the values that come again", () => {
    const { client, send } = live(3, chain(1, "a"), chain(2, "b"), { ...chain(3, ""), key: "" });
    const heard: unknown[] = [];
    client.on("CHAIN_UPDATE", (data, record) => heard.push([record.key, data ? "is" : record.reason, record.seq]));
    send(reset, chain(2, "b"), synced(3));
    assert.deepEqual(heard, [
      ["a", "forgotten", 1],
      ["b", "forgotten", 2],
      ["", "forgotten", 3],
      ["b", "is", 2],
    ]);
  });

  test("finds nothing here any more when it is told that a value is forgotten", () => {
    const { client } = live(2, pnl(1), chain(2, "a"));
    const seen: unknown[] = [];
    client.on("PNL_UPDATE", () =>
      seen.push(client.userId, client.cursor, client.synced, client.state("CHAIN_UPDATE", "a")),
    );
    client.stop();
    assert.deepEqual(seen, [null, null, false, undefined]);
  });

  test("is told of the end of a State without a key, without a key", () => {
    const { client } = live(1, pnl(1));
    const records: object[] = [];
    client.on("PNL_UPDATE", (_data, record) => records.push(record));
    client.stop();
    const [record] = records;
    const { data: _data, ...kept } = pnl(1);
    assert.deepEqual(record, { ...kept, removed: true, reason: "forgotten" });
    assert.ok(!Object.hasOwn(record!, "key"));
  });
});

describe("a listener that throws", () => {
  test("harms nobody else, and what it threw is reported", (t) => {
    const errors = reported(t);
    const { client, send, clock } = live(1);
    const heard: string[] = [];
    const fail = (what: string) => (): never => {
      heard.push(what);
      throw new Error(what);
    };
    client.onEffect(fail("effect"));
    client.on("PNL_UPDATE", fail("record"));
    client.on("PNL_UPDATE", () => heard.push("another"));
    client.onGap(fail("gap"));
    client.onStatus(fail("status"));
    send(pnl(2), gap(3, 4, 4));
    assert.deepEqual(heard, ["effect", "record", "another", "effect", "gap"]);
    assert.deepEqual(
      errors.map(String),
      ["effect", "record", "effect", "gap"].map((what) => `Error: ${what}`),
    );
    send(closing(1001));
    assert.equal(client.status.state, "reconnecting");
    clock.pass(1_000);
    send(recovered(4, 4), synced(4, 4));
    assert.equal(client.status.state, "live");
    assert.equal(client.cursor, `${EPOCH}-4`);
  });

  test("does not hold up a start or a stop", (t) => {
    const errors = reported(t);
    const { client, links, clock } = live(1, pnl(1), chain(1, "a"));
    client.on("PNL_UPDATE", () => {
      throw new Error("no");
    });
    client.onStatus(() => {
      throw new Error("nor this");
    });
    client.stop();
    assert.deepEqual([client.status.state, clock.waiting], ["stopped", 0]);
    client.start();
    assert.equal(links.length, 2);
    assert.equal(errors.length, 3);
  });
});

describe("whoever hears every effect", () => {
  test("hears them in order, and before those who hear the records", () => {
    const { client, send } = started();
    const heard: string[] = [];
    client.onEffect(({ kind }) => heard.push(kind));
    client.on("PNL_UPDATE", (data) => heard.push(data ? "(value)" : "(gone)"));
    send(connected(), pnl(1), gap(2, 3, 3), event(4, 3), synced(4, 4), heartbeat(4, 4), reset, closing(1001));
    assert.deepEqual(heard, [
      "connected",
      "cleared",
      "syncing",
      "state",
      "(value)",
      "gap",
      "log",
      "synced",
      "cleared",
      "(gone)",
      "syncing",
      "closing",
    ]);
  });
});
