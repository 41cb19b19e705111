import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { BACK_OFF_MAX, BACK_OFF_MIN, backOff } from "#dist/backoff.js";
import { comesBack } from "#dist/close.js";

describe("the wait before coming back", () => {
  test("doubles with jitter, between 1 s and 30 s", () => {
    assert.deepEqual([BACK_OFF_MIN, BACK_OFF_MAX], [1_000, 30_000]);
    assert.equal(backOff(0, 0), 1_000);
    assert.equal(backOff(0, 1), 2_000);
    assert.equal(backOff(2, 0), 4_000);
    assert.equal(backOff(2, 1), 8_000);
    assert.equal(backOff(4, 0), 15_000);
    assert.equal(backOff(4, 1), 30_000);
  });

  test("is never shorter or longer, however often, and whole milliseconds", () => {
    for (let attempt = 0; attempt < 2_000; attempt += 7) {
      for (const chance of [0, 1 / 3, 0.999]) {
        const wait = backOff(attempt, chance);
        assert.ok(wait >= BACK_OFF_MIN && wait <= BACK_OFF_MAX && Number.isInteger(wait), `${attempt}: ${wait}`);
      }
    }
    assert.equal(backOff(1e9, 1), BACK_OFF_MAX);
    assert.equal(backOff(1e9, 0), BACK_OFF_MAX / 2);
  });
});

describe("a close code", () => {
  test("up to 3499 says come back, and so does none, or one that nobody knows", () => {
    for (const code of [1000, 1001, 1006, 3000, 3005, 3499, 4000, 0, NaN, null])
      assert.ok(comesBack(code), String(code));
  });

  test("from 3500 to 3999 says stay away", () => {
    for (const code of [3500, 3503, 3504, 3999]) assert.ok(!comesBack(code), String(code));
  });
});
