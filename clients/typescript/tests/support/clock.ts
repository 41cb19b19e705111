// A clock that stands still until it is told otherwise.

import type { Clock } from "user-hub";

interface Timer {
  readonly at: number;
  readonly then: () => void;
}

export class TestClock implements Clock {
  #elapsed = 0;
  #wall = 1_000_000;
  readonly #timers: Set<Timer> = new Set();

  now(): number {
    return this.#wall + this.#elapsed;
  }

  after(milliseconds: number, then: () => void): () => void {
    const timer = { at: this.#elapsed + Math.max(0, milliseconds), then };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Time passes; what is due is called, in order. */
  pass(milliseconds: number): void {
    const end = this.#elapsed + milliseconds;
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((one, other) => one.at - other.at);
      if (!next) break;
      this.#timers.delete(next);
      this.#elapsed = next.at;
      next.then();
    }
    this.#elapsed = end;
  }

  /** Somebody sets the wall clock; no time passes. */
  set(by: number): void {
    this.#wall += by;
  }

  /** How many timers are waiting. */
  get waiting(): number {
    return this.#timers.size;
  }

  /** How long until the next timer, in milliseconds; Infinity where there is none. */
  get next(): number {
    return Math.min(Infinity, ...[...this.#timers].map(({ at }) => at - this.#elapsed));
  }
}
