import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";

import { systemClock } from "#dist/clock.js";

/** The timers of the system, which do not fire by themselves. */
function timers(test: TestContext): { then: () => void; wait: number; cleared: boolean }[] {
  const set: { then: () => void; wait: number; cleared: boolean }[] = [];
  test.mock.method(
    globalThis,
    "setTimeout",
    (then: () => void, wait: number) => set.push({ then, wait, cleared: false }) - 1,
  );
  test.mock.method(globalThis, "clearTimeout", (index: number) => void (set[index]!.cleared = true));
  return set;
}

test("the system's clock is that of the wall", (t) => {
  t.mock.method(Date, "now", () => 1_000);
  assert.equal(systemClock.now(), 1_000);
});

test("the system's clock calls later, unless that is taken back", (t) => {
  const set = timers(t);
  let calls = 0;
  systemClock.after(500, () => calls++);
  const takeBack = systemClock.after(100, () => calls++);
  assert.deepEqual([calls, set.map(({ wait }) => wait)], [0, [500, 100]]);
  set[0]!.then();
  assert.equal(calls, 1);
  takeBack();
  takeBack();
  assert.deepEqual(
    set.map(({ cleared }) => cleared),
    [false, true],
  );
});

test("the system's clock does not take a long wait for none, as a browser's timers do", (t) => {
  const set = timers(t);
  for (const wait of [0, 1e12, Infinity]) systemClock.after(wait, () => {});
  assert.deepEqual(
    set.map(({ wait }) => wait),
    [0, 2 ** 31 - 1, 2 ** 31 - 1],
  );
});
