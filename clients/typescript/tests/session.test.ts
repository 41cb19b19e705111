import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { Session } from "user-hub";

import { EPOCH, closing, connected, pnl, recovered, synced } from "./support/frames.js";
import { type World, settle, started } from "./support/world.js";

/** A client whose host answers when it is told to. */
function asking(): World & { answers: ((session: Session) => void)[] } {
  const answers: ((session: Session) => void)[] = [];
  const begun = started({ session: () => new Promise((resolve) => answers.push(resolve)) });
  return Object.assign(begun, { answers });
}

describe("the host is asked for the session", () => {
  test("when a connection could not be opened, and decides", async () => {
    for (const [session, state] of [
      ["ended", "stopped"],
      ["valid", "reconnecting"],
      ["unreachable", "reconnecting"],
    ] as const) {
      const { client, clock, links } = await refused(session);
      assert.equal(client.status.state, state, session);
      clock.pass(1_000);
      assert.equal(links.length, state === "stopped" ? 1 : 2, session);
    }
  });

  test("when it has expired, by CLOSING and by the close code", async () => {
    for (const how of ["frame", "code"]) {
      const { client, answers, links, cut, send, clock } = asking();
      send(connected(), pnl(1), synced(1));
      if (how === "frame") send(closing(3005, { reason: "session expired", retryAfterMs: 0 }));
      else cut(3005);
      assert.deepEqual([answers.length, client.status.state, client.status.code], [1, "reconnecting", 3005]);
      assert.notEqual(client.state("PNL_UPDATE"), undefined, "nobody has said yet that it is over");
      clock.pass(10_000);
      assert.equal(links.length, 1, "and nothing is opened before it is known");
      answers[0]!("ended");
      await settle();
      assert.deepEqual([client.status.state, client.status.code], ["stopped", 3005]);
      assert.equal(client.status.reason, how === "frame" ? "session expired" : "session ended");
      assert.equal(client.state("PNL_UPDATE"), undefined);
      clock.pass(60_000);
      assert.equal(links.length, 1);
    }
  });

  test("and if it is valid after all, the client comes back with its cursor, no earlier than it was asked to", async () => {
    const { answers, links, send, clock } = asking();
    send(connected(), synced(4), closing(3005, { retryAfterMs: 8_000 }));
    clock.pass(3_000);
    answers[0]!("valid");
    await settle();
    clock.pass(4_999);
    assert.equal(links.length, 1);
    clock.pass(1);
    assert.equal(links[1]!.resume, `${EPOCH}-4`);
  });

  test("not when a connection was cut that had been there", async () => {
    const { answers, send, cut } = asking();
    send(connected());
    cut();
    await settle();
    assert.equal(answers.length, 0);
  });

  test("again for each connection that could not be opened, and the waits grow", async () => {
    const { answers, cut, clock, links } = asking();
    for (const wait of [1_000, 2_000, 4_000]) {
      cut();
      answers.at(-1)!("unreachable");
      await settle();
      assert.equal(clock.next, wait);
      clock.pass(wait);
    }
    assert.deepEqual([answers.length, links.length], [3, 4]);
  });
});

describe("a host that does not say", () => {
  test("because it throws or rejects, counts as unreachable", async () => {
    for (const session of [
      (): never => {
        throw new Error("no");
      },
      () => Promise.reject(new Error("no")),
    ]) {
      const { client, clock, cut, links } = started({ session });
      cut();
      await settle();
      assert.equal(client.status.state, "reconnecting");
      clock.pass(1_000);
      assert.equal(links.length, 2);
    }
  });

  test("because it does not answer, is not waited for longer than 20 s, nor heard afterwards", async () => {
    const { client, answers, clock, cut, links, send } = asking();
    cut();
    clock.pass(19_999);
    assert.equal(clock.waiting, 1);
    clock.pass(1);
    assert.equal(client.status.code, 1006);
    clock.pass(1_000);
    assert.equal(links.length, 2);
    answers[0]!("ended");
    await settle();
    send(connected(), synced(1));
    assert.equal(client.status.state, "live");
  });

  test("in words that nobody knows, counts as unreachable", async () => {
    for (const answer of [undefined, null, true, "gone", {}]) {
      const { client, clock, cut, links } = started({ session: async () => answer as never });
      cut();
      await settle();
      clock.pass(1_000);
      assert.deepEqual([client.status.state, links.length], ["reconnecting", 2], String(answer));
    }
  });

  test("before the client is stopped, started or reconnected, is not heard afterwards", async () => {
    for (const how of ["stop", "start", "reconnect"] as const) {
      for (const answer of ["ended", "valid"] as const) {
        const { client, answers, clock, cut, links, statuses } = asking();
        cut();
        client[how]();
        const { length } = statuses;
        answers[0]!(answer);
        await settle();
        clock.pass(0);
        assert.equal(statuses.length, length, `${how}, ${answer}`);
        assert.equal(links.length, how === "stop" ? 1 : 2);
        assert.equal(clock.waiting, how === "stop" ? 0 : 1);
      }
    }
  });
});

describe("without a host to ask", () => {
  test("a connection that could not be opened is tried again", async () => {
    const { client, clock, cut, links } = started();
    cut(1006);
    await settle();
    clock.pass(1_000);
    assert.deepEqual([client.status.state, links.length], ["reconnecting", 2]);
  });

  test("a session that has expired is tried again, and its refusal believed", async () => {
    const { client, clock, cut, links, send } = started();
    send(connected(), synced(1));
    cut(3005);
    await settle();
    clock.pass(1_000);
    assert.deepEqual([client.status.state, links.length], ["reconnecting", 2]);
    cut(3005);
    await settle();
    assert.deepEqual(
      [client.status.state, client.status.reason, client.status.code],
      ["stopped", "session ended", 3005],
    );
  });
});

describe("a connection after a session was renewed", () => {
  test("is live as any other", async () => {
    const { client, answers, clock, send } = asking();
    send(connected(), synced(1), closing(3005));
    answers[0]!("valid");
    await settle();
    clock.pass(1_000);
    send(recovered(1), synced(1));
    assert.deepEqual([client.status.state, clock.waiting], ["live", 1]);
  });
});

/** A client whose first connection was refused, and whose host has answered so. */
async function refused(session: Session): Promise<World> {
  const begun = asking();
  begun.cut();
  assert.equal(begun.answers.length, 1);
  begun.answers[0]!(session);
  await settle();
  return begun;
}
