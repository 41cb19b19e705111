import assert from "node:assert/strict";
import { test } from "node:test";

import { systemClock } from "#dist/clock.js";

test("the system's clock is that of the wall, and calls once, later", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000 });
  const calls: number[] = [];
  assert.equal(systemClock.now(), 1_000);
  systemClock.after(500, () => calls.push(systemClock.now()));
  const takeBack = systemClock.after(100, () => calls.push(-1));
  takeBack();
  t.mock.timers.tick(499);
  assert.deepEqual(calls, []);
  t.mock.timers.tick(1);
  t.mock.timers.tick(5_000);
  assert.deepEqual(calls, [1_500]);
  takeBack();
});

test("the system's clock does not take a long wait for none, as a browser's timers do", (t) => {
  const waits: number[] = [];
  t.mock.method(globalThis, "setTimeout", (_then: () => void, wait: number) => void waits.push(wait));
  for (const wait of [0, 1e12, Infinity]) systemClock.after(wait, () => {});
  assert.deepEqual(waits, [0, 2 ** 31 - 1, 2 ** 31 - 1]);
});
