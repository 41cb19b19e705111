// A client on fake links and a clock that stands still.

import type { TestContext } from "node:test";
import {
  type AnyEvents,
  Client,
  type EventTypesOf,
  type LinkHandlers,
  type Options,
  type Status,
  type Transport,
  type Woken,
} from "user-hub";

import { TestClock } from "./clock.js";
import { type Frame, connected, synced } from "./frames.js";

/** What a client asked for, and what the other side may do with it. */
export interface TestLink extends LinkHandlers {
  readonly transport: Transport;
  readonly resume: string | null;
  closed: boolean;
}

export interface World<E extends EventTypesOf<E> = AnyEvents> {
  readonly client: Client<E>;
  readonly clock: TestClock;
  /** Every link that was ever opened. */
  readonly links: TestLink[];
  readonly statuses: Status[];
  /** Sends frames over the newest link. */
  send(...frames: (Frame | string)[]): void;
  /** The newest link is closed from the other side. */
  cut(code?: number | null): void;
  /** The world says that a connection may be dead. */
  wake(why: Woken): void;
  /** Whether the client listens to the world. */
  readonly listens: boolean;
  readonly link: TestLink;
}

/** A client that has not been started. Chance is always 0. */
export function world<E extends EventTypesOf<E> = AnyEvents>(options: Options = {}): World<E> {
  const clock = new TestClock();
  const links: TestLink[] = [];
  const statuses: Status[] = [];
  let woken: ((why: Woken) => void) | null = null;
  const client = new Client<E>({
    websocket: "/ws",
    open(transport, resume, handlers) {
      const link = { transport, resume, closed: false, ...handlers, close: () => void (link.closed = true) };
      links.push(link);
      return link;
    },
    clock,
    random: () => 0,
    wakes(listener) {
      woken = listener;
      return () => void (woken = null);
    },
    ...options,
  });
  client.onStatus((status) => statuses.push(status));
  return {
    client,
    clock,
    links,
    statuses,
    get link() {
      return links.at(-1)!;
    },
    send(...frames) {
      const { onFrame } = links.at(-1)!;
      for (const frame of frames) onFrame(typeof frame === "string" ? frame : JSON.stringify(frame));
    },
    cut: (code = 1006) => links.at(-1)!.onClosed(code),
    wake: (why) => woken?.(why),
    get listens() {
      return woken !== null;
    },
  };
}

/** One that has been started. */
export function started<E extends EventTypesOf<E> = AnyEvents>(options: Options = {}): World<E> {
  const begun = world<E>(options);
  begun.client.start();
  return begun;
}

/** One that is live, with a cursor at `seq`, after these frames. */
export function live<E extends EventTypesOf<E> = AnyEvents>(seq: number = 0, ...frames: Frame[]): World<E> {
  const begun = started<E>();
  begun.send(connected(), ...frames, synced(seq, lastLogOf(frames)));
  return begun;
}

function lastLogOf(frames: Frame[]): number {
  return Math.max(0, ...frames.filter((frame) => "prevLog" in frame).map(({ seq }) => seq as number));
}

/** Lets promises that are kept be heard. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What is reported as uncaught during a test. The client uses no timer of the system but for that. */
export function reported(test: TestContext): unknown[] {
  const errors: unknown[] = [];
  test.mock.method(globalThis, "setTimeout", (then: () => void) => {
    try {
      then();
    } catch (error) {
      errors.push(error);
    }
  });
  return errors;
}
