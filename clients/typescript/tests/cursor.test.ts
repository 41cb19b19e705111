import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { parseCursor } from "user-hub";
import { cursorText } from "#dist/cursor.js";

import { EPOCH } from "./support/frames.js";

describe("a cursor", () => {
  test("has one text form", () => {
    assert.deepEqual(parseCursor(`${EPOCH}-42`), { epoch: EPOCH, seq: 42 });
    assert.deepEqual(parseCursor(`${EPOCH}-0`), { epoch: EPOCH, seq: 0 });
    assert.equal(cursorText({ epoch: EPOCH, seq: 42 }), `${EPOCH}-42`);
    assert.equal(cursorText(null), null);
  });

  test("is nothing else", () => {
    const others = [
      "",
      EPOCH,
      `${EPOCH}-`,
      `${EPOCH}--1`,
      `${EPOCH}-01`,
      `${EPOCH.toUpperCase()}-1`,
      "aa-1",
      `0${EPOCH}-1`,
    ];
    for (const text of [
      ...others,
      `${EPOCH}-1 `,
      ` ${EPOCH}-1`,
      `${EPOCH}-1\n`,
      `${EPOCH}-1e3`,
      7,
      null,
      undefined,
      {},
      [],
    ]) {
      assert.equal(parseCursor(text), null, String(text));
    }
  });

  test("ends where numbers are exact", () => {
    assert.equal(parseCursor(`${EPOCH}-9007199254740991`)?.seq, Number.MAX_SAFE_INTEGER);
    assert.equal(parseCursor(`${EPOCH}-9007199254740992`), null);
    assert.equal(parseCursor(`${EPOCH}-${"9".repeat(400)}`), null);
  });
});
