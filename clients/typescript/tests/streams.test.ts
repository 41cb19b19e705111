// Recorded streams, folded to the same screen as in Rust.
//
// The files of `streams` are recorded from a real hub by its tests (`tests/fold`), which fold them too. A line of a
// stream is a frame, or says that a connection begins or is over; what each line is expected to do, and what all of them
// add up to, is beside it.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { describe, test } from "node:test";

import { Device, type Effect, type Gap } from "#dist/device.js";
import type { AnyRecord, Key } from "#dist/fold.js";

interface Expected {
  readonly user: string | null;
  readonly cursor: string | null;
  readonly synced: boolean;
  /** seq, type, key and data. */
  readonly state: readonly (readonly [number, string, string | null, unknown])[];
  readonly unknown: readonly (readonly [string, string | null])[];
  readonly log: readonly number[];
  readonly gaps: readonly (readonly [number | null, number | null, string])[];
  readonly lines: readonly string[];
}

const folder = new URL("../streams/", import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, folder), "utf8");
const names = readdirSync(folder).flatMap((file) => (file.endsWith(".jsonl") ? [file.slice(0, -".jsonl".length)] : []));

/** A device, and what it did. */
class Screen {
  readonly device: Device = new Device();
  readonly log: number[] = [];
  readonly gaps: Gap[] = [];
  readonly lines: string[] = [];
  readonly #types = new Set<string>();

  take(line: any): void {
    this.lines.push(`${this.#did(line)} ${this.#digest()}`);
  }

  /** Every value, by position. */
  get state(): readonly AnyRecord[] {
    const values = [...this.#types].flatMap((type) => [...this.device.fold.all(type).values()]);
    return values.sort((one, other) => one.seq - other.seq);
  }

  get unknown(): readonly (readonly [string, string | null])[] {
    const keys = (type: string): Key[] => [...this.device.fold.unknown(type)];
    return [...this.#types].sort().flatMap((type) => keys(type).sort().map((key) => [type, key ?? null] as const));
  }

  #did(line: any): string {
    if ("disconnect" in line) return "disconnect";
    if ("connect" in line) {
      assert.equal(this.device.begin(), line.connect, "it resumes where it was");
      return "connect";
    }
    const effects = this.device.receive(line);
    this.#types.add(line.type);
    for (const effect of effects) {
      if (effect.kind === "log") this.log.push(effect.record.seq);
      if (effect.kind === "gap") this.gaps.push(effect);
    }
    return effects.map(shown).join(", ") || "nothing";
  }

  #digest(): string {
    const seqs = this.state.map((record) => record.seq);
    const sum = seqs.reduce((sum, seq) => sum + seq, 0);
    const at = `@${this.device.cursor?.split("-")[1] ?? "?"}`;
    return seqs.length > 0 ? `${at} ${seqs.length}:${sum}` : at;
  }
}

/** An effect in a few words, which Rust says too. */
function shown(effect: Effect): string {
  switch (effect.kind) {
    case "gap":
      return `gap ${effect.from ?? "?"}-${effect.to ?? "?"} ${effect.reason}`;
    case "connected":
      return ["connected", effect.userId, effect.recovered ? "resumed" : "anew", effect.heartbeat]
        .filter((part) => part !== null)
        .join(" ");
    case "cleared":
      return `cleared ${effect.records.length}`;
    case "synced":
      return `synced ${effect.stateSource}`;
    case "closing":
      return `closing ${effect.code} ${effect.reconnect ? "come back" : "stay away"} after ${effect.retryAfterMs}`;
    case "syncing":
    case "reconnect":
      return effect.kind;
    default:
      return `${effect.kind} ${effect.record.seq}`;
  }
}

describe("a recorded stream is folded as in Rust", () => {
  for (const name of names) {
    test(name, () => {
      const expected: Expected = JSON.parse(read(`${name}.expected.json`));
      const texts = read(`${name}.jsonl`).trimEnd().split("\n");
      const screen = new Screen();
      texts.forEach((text, at) => {
        screen.take(JSON.parse(text));
        assert.equal(screen.lines[at], expected.lines[at], `line ${at + 1}: ${text}`);
      });
      assert.equal(expected.lines.length, texts.length);
      const { userId: user, cursor, synced } = screen.device;
      const { unknown, log, lines } = screen;
      const state = screen.state.map(({ seq, type, key, data }) => [seq, type, key ?? null, data]);
      const gaps = screen.gaps.map(({ from, to, reason }) => [from, to, reason]);
      assert.deepEqual({ user, cursor, synced, state, unknown, log, gaps, lines }, expected);
    });
  }

  test("and there are streams", () => {
    assert.ok(names.length >= 13 && names.includes("random"), names.join(", "));
  });
});
