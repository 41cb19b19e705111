import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { type Polling, pollWhileOffline } from "user-hub/polling";

import { closing, connected, recovered, reset, synced } from "./support/frames.js";
import { type World, live, settle, started, world } from "./support/world.js";

interface Asked {
  readonly signal: AbortSignal;
  answer(text: string): Promise<void>;
  fail(error: unknown): Promise<void>;
}

interface Polled {
  readonly asked: Asked[];
  readonly shown: string[];
  readonly errors: unknown[];
  readonly end: () => void;
}

/** Polls for this client; a request is answered when the test says so. */
function polled({ client, clock }: World, options: Partial<Polling<string>> = {}): Polled {
  const asked: Asked[] = [];
  const shown: string[] = [];
  const errors: unknown[] = [];
  const end = pollWhileOffline<string>(client, {
    poll: (signal) =>
      new Promise((resolve, reject) => {
        asked.push({
          signal,
          answer: (text) => (resolve(text), settle()),
          fail: (error) => (reject(error as Error), settle()),
        });
      }),
    show: (answer) => shown.push(answer),
    onError: (error) => errors.push(error),
    clock,
    ...options,
  });
  return { asked, shown, errors, end };
}

/** A client that was live, is cut off now, and does not come back by itself within a test's time. */
function cutOff(): World {
  const begun = live(1);
  begun.send(closing(1001, { retryAfterMs: 1e12 }));
  return begun;
}

/** The server lets it come back, and it is live. */
function back(begun: World): void {
  begun.client.start();
  begun.send(connected(), synced(1));
}

describe("polling", () => {
  test("begins after 60 s without a live client, and goes on every 60 s", async () => {
    const begun = cutOff();
    const { asked, shown } = polled(begun);
    begun.clock.pass(59_999);
    assert.equal(asked.length, 0);
    begun.clock.pass(1);
    assert.equal(asked.length, 1);
    await asked[0]!.answer("one");
    assert.deepEqual(shown, ["one"]);
    begun.clock.pass(59_999);
    assert.equal(asked.length, 1);
    begun.clock.pass(1);
    await asked[1]!.answer("two");
    assert.deepEqual(shown, ["one", "two"]);
  });

  test("begins and goes on as it was asked to", async () => {
    const begun = cutOff();
    const { asked } = polled(begun, { after: 5_000, every: 2_000 });
    begun.clock.pass(5_000);
    assert.equal(asked.length, 1);
    await asked[0]!.answer("one");
    begun.clock.pass(2_000);
    assert.equal(asked.length, 2);
  });

  test("begins at once if it was asked to", () => {
    const begun = cutOff();
    const { asked } = polled(begun, { after: 0 });
    begun.clock.pass(0);
    assert.equal(asked.length, 1);
  });

  test("never begins while the client is live or stopped", () => {
    const alive = live(1);
    const one = polled(alive);
    alive.client.stop();
    alive.clock.pass(3_600_000);
    const never = world();
    const other = polled(never);
    never.clock.pass(3_600_000);
    assert.deepEqual([one.asked, other.asked, never.clock.waiting], [[], [], 0]);
  });

  test("helps who could never connect", () => {
    const begun = started({ open: () => ({ close() {} }) });
    const { asked } = polled(begun);
    begun.clock.pass(60_000);
    assert.equal(asked.length, 1);
  });

  test("does not wait anew when a connection comes and goes without being live", () => {
    const begun = live(1);
    const { asked } = polled(begun);
    begun.cut();
    for (let second = 0; second < 59; second++) {
      begun.clock.pass(1_000);
      begun.send(recovered(1));
      begun.client.reconnect();
    }
    assert.equal(asked.length, 0);
    begun.clock.pass(1_000);
    assert.equal(asked.length, 1);
  });

  test("begins to wait anew when it was live in between", () => {
    const begun = live(1);
    const { asked } = polled(begun);
    for (let time = 0; time < 5; time++) {
      begun.send(reset);
      begun.clock.pass(40_000);
      begun.send(synced(1));
    }
    assert.equal(asked.length, 0);
    begun.send(reset);
    begun.clock.pass(15_000);
    begun.client.reconnect();
    begun.clock.pass(45_000);
    assert.equal(asked.length, 1);
  });

  test("ends when the client is live", async () => {
    const begun = cutOff();
    const { asked, shown } = polled(begun);
    begun.clock.pass(60_000);
    await asked[0]!.answer("one");
    back(begun);
    begun.clock.pass(20_000);
    begun.send({ type: "NEWS" });
    begun.clock.pass(50_000);
    assert.deepEqual([asked.length, shown.length], [1, 1]);
  });
});

describe("a request", () => {
  test("is the only one until it is answered, whatever the client does", async () => {
    const begun = cutOff();
    const { asked, shown } = polled(begun);
    begun.clock.pass(60_000);
    begun.client.reconnect();
    begun.clock.pass(600_000);
    assert.equal(asked.length, 1);
    await asked[0]!.answer("late");
    assert.deepEqual(shown, ["late"]);
    begun.clock.pass(60_000);
    assert.equal(asked.length, 2);
  });

  test("is aborted when the client is live, and its answer is dropped", async () => {
    const begun = cutOff();
    const { asked, shown, errors } = polled(begun);
    begun.clock.pass(60_000);
    assert.equal(asked[0]!.signal.aborted, false);
    back(begun);
    assert.equal(asked[0]!.signal.aborted, true);
    await asked[0]!.answer("older than what is there");
    assert.deepEqual([shown, errors], [[], []]);
  });

  test("that is aborted may fail, and nobody is told", async () => {
    const begun = cutOff();
    const { asked, errors } = polled(begun);
    begun.clock.pass(60_000);
    back(begun);
    await asked[0]!.fail(asked[0]!.signal.reason);
    begun.clock.pass(20_000);
    assert.deepEqual([errors, asked.length], [[], 1]);
  });

  test("that is aborted does not hold up the next absence", async () => {
    const begun = cutOff();
    const { asked, shown } = polled(begun);
    begun.clock.pass(60_000);
    back(begun);
    begun.send(reset);
    begun.client.reconnect();
    begun.clock.pass(60_000);
    assert.equal(asked.length, 2);
    await asked[0]!.answer("of the absence before");
    assert.deepEqual(shown, []);
    begun.client.reconnect();
    begun.clock.pass(10_000);
    assert.equal(asked.length, 2);
    await asked[1]!.answer("two");
    assert.deepEqual(shown, ["two"]);
  });

  test("that fails is told, and asked again", async () => {
    const begun = cutOff();
    const { asked, errors, shown } = polled(begun);
    begun.clock.pass(60_000);
    await asked[0]!.fail("no network");
    assert.deepEqual(errors, ["no network"]);
    begun.clock.pass(60_000);
    await asked[1]!.answer("two");
    assert.deepEqual(shown, ["two"]);
  });

  test("that throws at once is one that fails", async () => {
    const begun = cutOff();
    let asked = 0;
    const { errors } = polled(begun, {
      poll: () => {
        asked++;
        throw new Error("no");
      },
    });
    begun.clock.pass(60_000);
    await settle();
    begun.clock.pass(60_000);
    await settle();
    assert.deepEqual([asked, errors.map(String)], [2, ["Error: no", "Error: no"]]);
  });

  test("that fails is asked again also if nobody wants to be told", async () => {
    const begun = cutOff();
    let asked = 0;
    const end = pollWhileOffline(begun.client, {
      poll: () => Promise.reject(new Error(`no ${++asked}`)),
      show: () => assert.fail(),
      clock: begun.clock,
    });
    begun.clock.pass(60_000);
    await settle();
    begun.clock.pass(60_000);
    assert.equal(asked, 2);
    end();
  });
});

describe("polling that is ended", () => {
  test("asks no more, drops the answer, and hears nothing of the client", async () => {
    const begun = cutOff();
    const { asked, shown, end } = polled(begun);
    begun.clock.pass(60_000);
    const { waiting } = begun.clock;
    end();
    assert.equal(asked[0]!.signal.aborted, true);
    await asked[0]!.answer("late");
    begun.client.reconnect();
    begun.clock.pass(600_000);
    assert.deepEqual([asked.length, shown, begun.clock.waiting], [1, [], waiting]);
    end();
  });

  test("while it waits, waits no more", () => {
    const begun = cutOff();
    const { asked, end } = polled(begun);
    end();
    begun.clock.pass(600_000);
    assert.equal(asked.length, 0);
  });

  test("by what it shows, is ended", async () => {
    const begun = cutOff();
    const { asked, end } = polled(begun, { show: () => end() });
    begun.clock.pass(60_000);
    await asked[0]!.answer("one");
    begun.clock.pass(600_000);
    assert.equal(asked.length, 1);
  });

  test("by a stop of the client, begins again with its next start", async () => {
    const begun = cutOff();
    const { asked, shown } = polled(begun);
    begun.clock.pass(60_000);
    begun.client.stop();
    assert.equal(asked[0]!.signal.aborted, true);
    await asked[0]!.answer("signed out meanwhile");
    begun.clock.pass(600_000);
    assert.deepEqual([asked.length, shown], [1, []]);
    begun.client.start();
    begun.clock.pass(60_000);
    assert.equal(asked.length, 2);
  });
});
