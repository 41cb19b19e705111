import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { type Addresses, type Transport, Client, browserLinks } from "user-hub";

import { FakeEventSource, FakeWebSocket, fakeFetch, listening, pageAt } from "./support/browser.js";
import { EPOCH, connected, pnl, synced } from "./support/frames.js";
import { reported, settle, started } from "./support/world.js";
import { TestClock } from "./support/clock.js";

const CURSOR = `${EPOCH}-7`;

describe("the address of a link", () => {
  const cases: [href: string, transport: Transport, address: Addresses["sse"], expected: string][] = [
    ["http://desk.test/a/b?c#d", "websocket", "/ws", "ws://desk.test/ws"],
    ["https://desk.test/", "websocket", "/ws", "wss://desk.test/ws"],
    ["https://desk.test/a/b", "websocket", "ws", "wss://desk.test/a/ws"],
    ["https://desk.test/", "websocket", "//push.test/ws?token=a%20b", "wss://push.test/ws?token=a%20b"],
    ["https://desk.test/", "websocket", "wss://push.test:8443/ws", "wss://push.test:8443/ws"],
    ["https://desk.test/", "websocket", "ws://push.test/ws", "ws://push.test/ws"],
    ["https://desk.test/", "websocket", new URL("https://push.test/ws"), "wss://push.test/ws"],
    ["https://desk.test/", "websocket", "https://http.test/http", "wss://http.test/http"],
    ["https://desk.test/a/", "sse", "events", "https://desk.test/a/events"],
    ["http://desk.test/", "sse", "/events?a=1", "http://desk.test/events?a=1"],
    ["http://desk.test/", "sse", () => "/events", "http://desk.test/events"],
    ["http://desk.test/", "sse", () => new URL("https://push.test/events"), "https://push.test/events"],
  ];

  /** The address that is opened for one that is given. */
  const opened = (transport: Transport, address: Addresses["sse"], resume: string | null): string | undefined => {
    browserLinks({ [transport]: address! })(transport, resume, listening());
    return (transport === "sse" ? FakeEventSource.opened : FakeWebSocket.opened).at(-1)?.url;
  };

  test("is resolved against the page, with ws for http and wss for https", (t) => {
    FakeWebSocket.install(t);
    FakeEventSource.install(t);
    const location = pageAt(t, "");
    for (const [href, transport, address, expected] of cases) {
      location.href = href;
      assert.equal(opened(transport, address, null), expected);
    }
  });

  test("has the cursor to resume from, in the place of an earlier one", (t) => {
    FakeWebSocket.install(t);
    FakeEventSource.install(t);
    pageAt(t, "https://desk.test/");
    assert.equal(opened("websocket", "/ws", CURSOR), `wss://desk.test/ws?resume=${CURSOR}`);
    assert.equal(opened("sse", "/events?a=1&resume=old", CURSOR), `https://desk.test/events?a=1&resume=${CURSOR}`);
  });

  test("is not changed where it belongs to somebody else", (t) => {
    FakeWebSocket.install(t);
    const address = new URL("https://push.test/ws");
    opened("websocket", address, CURSOR);
    assert.equal(address.href, "https://push.test/ws");
  });

  test("is asked for before each connection if it is a function", (t) => {
    FakeWebSocket.install(t);
    pageAt(t, "https://desk.test/");
    let asked = 0;
    const clock = new TestClock();
    const client = new Client({ websocket: () => `/ws?token=${++asked}`, clock, random: () => 0 });
    client.start();
    const [first] = FakeWebSocket.opened;
    assert.equal(first!.url, "wss://desk.test/ws?token=1");
    first!.onmessage!({ data: JSON.stringify(connected()) });
    first!.onmessage!({ data: JSON.stringify(synced(7)) });
    first!.onclose!({ code: 1006 });
    clock.pass(1_000);
    assert.equal(FakeWebSocket.opened[1]!.url, `wss://desk.test/ws?token=2&resume=${CURSOR}`);
    client.stop();
  });

  test("needs a page only where it is relative", (t) => {
    FakeWebSocket.install(t);
    assert.equal(opened("websocket", "wss://push.test/ws", null), "wss://push.test/ws");
    assert.throws(() => opened("websocket", "/ws", null), TypeError);
  });

  test("that cannot be made is reported, and tried again", (t) => {
    const errors = reported(t);
    FakeWebSocket.install(t);
    let broken = true;
    const clock = new TestClock();
    const address = (): string => {
      if (broken) throw new Error("no token");
      return "wss://push.test/ws";
    };
    const client = new Client({ websocket: address, clock, random: () => 0 });
    client.start();
    assert.deepEqual(errors.map(String), ["Error: no token"]);
    assert.deepEqual([client.status.state, clock.next], ["reconnecting", 1_000]);
    broken = false;
    clock.pass(1_000);
    assert.equal(FakeWebSocket.opened.length, 1);
    client.stop();
  });

  test("that stops the client opens nothing that stays", (t) => {
    FakeWebSocket.install(t);
    const clock = new TestClock();
    const client: Client = new Client({
      websocket: () => {
        client.stop();
        return "wss://push.test/ws";
      },
      clock,
    });
    client.start();
    assert.equal(FakeWebSocket.opened[0]!.closedWith, 1000);
    assert.deepEqual([client.status.state, clock.waiting], ["stopped", 0]);
  });

  test("that stops the client and then throws leaves it stopped", (t) => {
    const errors = reported(t);
    const clock = new TestClock();
    const client: Client = new Client({
      websocket: () => {
        client.stop();
        throw new Error("signed out");
      },
      clock,
    });
    client.start();
    clock.pass(60_000);
    assert.deepEqual([client.status.state, clock.waiting, errors.length], ["stopped", 0, 1]);
  });
});

describe("a link that is opened in another way", () => {
  test("may say everything at once, before it is there", () => {
    let closed = 0;
    const { client } = started({
      open: (_transport, _resume, { onFrame }) => {
        for (const frame of [connected(), pnl(1), synced(1)]) onFrame(JSON.stringify(frame));
        return { close: () => void closed++ };
      },
    });
    assert.equal(client.status.state, "live");
    client.stop();
    assert.equal(closed, 1);
  });

  test("and is closed if it is over before it is there", async () => {
    let closed = 0;
    const { client, clock } = started({
      open: (_transport, _resume, { onClosed }) => {
        onClosed(3500);
        return { close: () => void closed++ };
      },
    });
    await settle();
    assert.deepEqual([client.status.state, closed, clock.waiting], ["stopped", 1, 0]);
  });

  test("is the only thing that is needed: no address", () => {
    const { client } = started({ websocket: undefined as never, transport: "websocket", open: () => ({ close() {} }) });
    client.useTransport("sse");
    assert.equal(client.transport, "sse");
  });
});

describe("a WebSocket", () => {
  const open = (): [FakeWebSocket, ReturnType<typeof listening>, { close(): void }] => {
    const handlers = listening();
    const link = browserLinks({ websocket: "wss://push.test/ws" })("websocket", null, handlers);
    return [FakeWebSocket.opened.at(-1)!, handlers, link];
  };

  test("hands on what is text, and ignores what is not", (t) => {
    FakeWebSocket.install(t);
    const [socket, { said }] = open();
    for (const data of ["one", new ArrayBuffer(2), new Blob(["x"]), 7, null, ""]) socket.onmessage!({ data });
    assert.deepEqual(said, ["one", ""]);
    assert.equal(socket.protocols, undefined);
  });

  test("hands on its close code", (t) => {
    FakeWebSocket.install(t);
    for (const code of [1000, 1006, 3503]) {
      const [socket, { said }] = open();
      socket.onclose!({ code });
      assert.deepEqual(said, [code]);
    }
  });

  test("is closed with 1000, and silent from then on", (t) => {
    FakeWebSocket.install(t);
    const [socket, { said }, link] = open();
    link.close();
    assert.equal(socket.closedWith, 1000);
    socket.onmessage?.({ data: "late" });
    socket.onclose?.({ code: 1006 });
    link.close();
    assert.deepEqual(said, []);
  });
});

describe("server-sent events", () => {
  const open = (
    addresses: Partial<Addresses> = {},
  ): [FakeEventSource, ReturnType<typeof listening>, { close(): void }] => {
    const handlers = listening();
    const link = browserLinks({ sse: "https://push.test/events", ...addresses })("sse", CURSOR, handlers);
    return [FakeEventSource.opened.at(-1)!, handlers, link];
  };

  test("hand on each message", (t) => {
    FakeEventSource.install(t);
    const [source, { said }] = open();
    source.onmessage!({ data: "one" });
    source.onmessage!({ data: "two" });
    assert.deepEqual(said, ["one", "two"]);
  });

  test("that are cut are closed, because the browser would come back with an old cursor", (t) => {
    FakeEventSource.install(t);
    const requests = fakeFetch(t);
    const [source, { said }] = open();
    source.cut();
    assert.deepEqual([source.closed, said, requests.length], [true, [null], 0]);
    source.cut();
    source.onmessage?.({ data: "late" });
    assert.deepEqual(said, [null]);
  });

  test("that were refused are asked why: 204 is stay away, 401 sign in, anything else come back", async (t) => {
    FakeEventSource.install(t);
    const requests = fakeFetch(t);
    const meanings = [
      [204, 3500],
      [401, 3005],
      [200, null],
      [403, null],
      [404, null],
      [502, null],
      [503, null],
    ] as const;
    for (const [status, code] of meanings) {
      const [source, { said }] = open();
      source.refuse();
      assert.deepEqual(said, [], "not before it is known");
      requests.at(-1)!.answer(status);
      await settle();
      assert.deepEqual(said, [code], String(status));
      assert.ok(source.closed);
      assert.ok(requests.at(-1)!.init.signal.aborted, "and no more of the answer is wanted");
    }
    assert.equal(requests.length, meanings.length);
  });

  test("that were refused without a network come back", async (t) => {
    FakeEventSource.install(t);
    const requests = fakeFetch(t);
    const [source, { said }] = open();
    source.refuse();
    requests[0]!.fail();
    await settle();
    assert.deepEqual(said, [null]);
  });

  test("ask with the same address, as an EventSource does", async (t) => {
    FakeEventSource.install(t);
    const requests = fakeFetch(t);
    for (const [withCredentials, credentials] of [
      [undefined, "same-origin"],
      [false, "same-origin"],
      [true, "include"],
    ] as const) {
      const [source] = open(withCredentials === undefined ? {} : { withCredentials });
      assert.equal(source.withCredentials, withCredentials ?? false);
      source.refuse();
      const { url, init } = requests.at(-1)!;
      assert.equal(url, source.url);
      assert.equal(init.credentials, credentials);
      assert.equal(init.cache, "no-store");
      assert.deepEqual(init.headers, { accept: "text/event-stream" });
      requests.at(-1)!.answer(503);
      await settle();
    }
  });

  test("are closed, and silent from then on", async (t) => {
    FakeEventSource.install(t);
    const [source, { said }, link] = open();
    link.close();
    assert.ok(source.closed);
    source.onmessage?.({ data: "late" });
    source.onerror?.();
    link.close();
    await settle();
    assert.deepEqual(said, []);
  });

  test("that are closed while they ask why are silent, and ask no longer", async (t) => {
    FakeEventSource.install(t);
    const requests = fakeFetch(t);
    const [source, { said }, link] = open();
    source.refuse();
    assert.equal(requests[0]!.init.signal.aborted, false);
    link.close();
    assert.equal(requests[0]!.init.signal.aborted, true);
    await settle();
    assert.deepEqual(said, []);

    const [other, heard, otherLink] = open();
    other.refuse();
    requests[1]!.answer(204);
    otherLink.close();
    await settle();
    assert.deepEqual(heard.said, [], "also if the answer was on its way");
  });

  test("of a session that has ended stop the client", async (t) => {
    FakeEventSource.install(t);
    const requests = fakeFetch(t);
    const clock = new TestClock();
    const client = new Client({ sse: "https://push.test/events", clock });
    client.start();
    FakeEventSource.opened[0]!.refuse();
    requests[0]!.answer(204);
    await settle();
    assert.deepEqual([client.status.state, client.status.code], ["stopped", 3500]);

    client.start();
    FakeEventSource.opened[1]!.refuse();
    requests[1]!.answer(401);
    await settle();
    assert.deepEqual(
      [client.status.state, client.status.code, client.status.reason],
      ["stopped", 3005, "session ended"],
    );
  });

  test("whose question hangs are given up with it", async (t) => {
    FakeEventSource.install(t);
    const requests = fakeFetch(t);
    const clock = new TestClock();
    const client = new Client({ sse: "https://push.test/events", clock, random: () => 0 });
    client.start();
    FakeEventSource.opened[0]!.refuse();
    clock.pass(20_000);
    assert.ok(requests[0]!.init.signal.aborted);
    clock.pass(1_000);
    assert.equal(FakeEventSource.opened.length, 2);
    client.stop();
  });
});
