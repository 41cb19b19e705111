import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { type AnyRecord, Fold } from "user-hub";

import { TIMESTAMP, type Frame, chain, event, pnl, removal } from "./support/frames.js";

/** A fold that answers what each record was. */
class TestFold extends Fold {
  take(...frames: Frame[]): string[] {
    return frames.map((frame) => this.apply(frame as unknown as AnyRecord).kind);
  }
}

const seqs = (fold: Fold, type: string): number[] => [...fold.all(type).values()].map(({ seq }) => seq);

describe("the fold", () => {
  test("sets a State by type and key; a newer one replaces it and comes last", () => {
    const fold = new TestFold();
    assert.deepEqual(fold.take(chain(1, "a"), chain(2, "b"), chain(3, "a", "closing")), ["state", "state", "state"]);
    assert.deepEqual([...fold.all("CHAIN_UPDATE").keys()], ["b", "a"]);
    assert.equal(fold.get("CHAIN_UPDATE", "a")?.seq, 3);
    assert.equal(fold.get("CHAIN_UPDATE"), undefined, "without a key it is another State");
    assert.equal(fold.get("CHAIN_UPDATE", "c"), undefined);
    assert.equal(fold.get("PNL_UPDATE"), undefined, "and of another type there is none");
  });

  test("shows a final State, and removes it", () => {
    const fold = new TestFold();
    fold.take(chain(1, "a"), chain(2, "b"));
    assert.deepEqual(fold.take(chain(3, "a", "closed", { final: true })), ["final"]);
    assert.deepEqual([...fold.all("CHAIN_UPDATE").keys()], ["b"]);
    fold.take(chain(4, "a"));
    assert.equal(fold.get("CHAIN_UPDATE", "a")?.seq, 4, "a new life of the same key");
  });

  test("takes the server's word for what is final, whatever the type and the status", () => {
    const fold = new TestFold();
    assert.deepEqual(fold.take(chain(1, "a", "closed")), ["state"]);
    assert.deepEqual(fold.take({ seq: 2, type: "WEATHER", key: "k", final: true, data: {} }), ["final"]);
  });

  test("tells no key from the empty one", () => {
    const fold = new TestFold();
    fold.take(pnl(1), pnl(2, 2, { key: "" }));
    assert.deepEqual([fold.get("PNL_UPDATE")?.seq, fold.get("PNL_UPDATE", "")?.seq], [1, 2]);
    fold.take({ seq: 3, type: "PNL_UPDATE", timestamp: TIMESTAMP, key: "", removed: true, reason: "rejected" });
    assert.equal(fold.get("PNL_UPDATE")?.seq, 1);
    assert.deepEqual([...fold.unknown("PNL_UPDATE")], [""]);
    fold.take(pnl(4, 4, { final: true }));
    assert.equal(fold.get("PNL_UPDATE"), undefined);
    assert.deepEqual([...fold.unknown("PNL_UPDATE")], [""], "the empty key is still unknown");
  });

  test("removes what is removed, and says whether it is gone or not known", () => {
    for (const [reason, unknown] of [
      ["cleared", false],
      ["expired", false],
      ["rejected", true],
      ["new", true],
      [undefined, true],
    ] as const) {
      const fold = new TestFold();
      assert.deepEqual(fold.take(chain(1, "a"), { ...removal(2, "a"), reason }), ["state", "removed"]);
      assert.equal(fold.get("CHAIN_UPDATE", "a"), undefined);
      assert.equal(fold.unknown("CHAIN_UPDATE").has("a"), unknown, String(reason));
      fold.take(chain(3, "a"));
      assert.equal(fold.unknown("CHAIN_UPDATE").has("a"), false);
    }
  });

  test("does not call a value unknown any longer once it was cleared or was final", () => {
    const fold = new TestFold();
    fold.take(removal(1, "a", "rejected"), removal(2, "b", "rejected"));
    fold.take(removal(3, "a", "cleared"), chain(4, "b", "closed", { final: true }));
    assert.equal(fold.unknown("CHAIN_UPDATE").size, 0);
  });

  test("removes what was never there", () => {
    assert.deepEqual(new TestFold().take(removal(1, "a"), chain(2, "a", "closed", { final: true })), [
      "removed",
      "final",
    ]);
  });

  test("hands a Log record on, and keeps nothing of it", () => {
    const fold = new TestFold();
    assert.deepEqual(fold.take(event(1, 0), event(2, 1, { key: "a" })), ["log", "log"]);
    assert.equal(fold.all("LIFECYCLE_EVENT").size, 0);
  });

  test("remembers no more than 64 unknown keys of a type, the newest", () => {
    const fold = new TestFold();
    for (let seq = 1; seq <= 100; seq++) fold.take(removal(seq, `k${seq}`, "rejected"));
    assert.equal(fold.unknown("CHAIN_UPDATE").size, 64);
    assert.ok(fold.unknown("CHAIN_UPDATE").has("k100"));
    assert.ok(!fold.unknown("CHAIN_UPDATE").has("k36"));
    assert.ok(fold.unknown("CHAIN_UPDATE").has("k37"));
  });

  test("forgets everything at once, and says what there was", () => {
    const fold = new TestFold();
    fold.take(pnl(1), chain(2, "a"), removal(3, "b", "rejected"), chain(4, "c", "closed", { final: true }));
    assert.deepEqual(
      fold.clear().map(({ seq }) => seq),
      [1, 2],
    );
    assert.deepEqual(seqs(fold, "CHAIN_UPDATE"), []);
    assert.equal(fold.get("PNL_UPDATE"), undefined);
    assert.equal(fold.unknown("CHAIN_UPDATE").size, 0);
    assert.deepEqual(fold.clear(), []);
  });

  test("takes names and keys that objects have of their own for names and keys", () => {
    const fold = new TestFold();
    const names = ["__proto__", "constructor", "toString", "hasOwnProperty", "prototype", "__defineGetter__", ""];
    for (const name of names) {
      assert.equal(fold.get(name, name), undefined, name);
      assert.equal(fold.all(name).size, 0);
      assert.equal(fold.unknown(name).size, 0);
      fold.take({ seq: 1, type: name, key: name, data: name });
      assert.equal(fold.get(name, name)?.data, name);
    }
    assert.equal(fold.clear().length, names.length);
  });
});
