// A fallback for those who are cut off: what the hub would have pushed is asked for, until it pushes again.
//
// - Nothing is polled while the client is live, and nothing after it was stopped.
// - One request at a time. An answer that comes when the client is live again is older than what is there: it is
//   dropped.

import { type Clock, systemClock } from "./clock.js";
import type { Client, Status } from "./client.js";

/** What to ask, how often, and what to do with the answer. */
export interface Polling<Answer> {
  /**
   * Asks, by an ordinary request; the signal is aborted when the answer is no longer wanted. Nothing else is asked
   * until it has answered or failed, so give it a time limit: `AbortSignal.any([signal, AbortSignal.timeout(10_000)])`.
   */
  readonly poll: (signal: AbortSignal) => Promise<Answer>;
  /** Gets an answer while the client is not live. */
  readonly show: (answer: Answer) => void;
  /** How long the client has not been live before the first request, in milliseconds. Default 60 s. */
  readonly after?: number;
  /** How long between an answer and the next request, in milliseconds. Default 60 s. */
  readonly every?: number;
  /** Gets what went wrong with a request. Default: nobody does, it is simply asked again. */
  readonly onError?: (error: unknown) => void;
  /** Default the system's. */
  readonly clock?: Clock;
}

const MINUTE = 60_000;

/**
 * Polls while the client is cut off for longer. Returns what ends that.
 *
 * The time is counted from when the client was live last, or from this call; connections that come and go without being
 * live do not begin it anew. What `show` or `onError` throws is an unhandled rejection, and the polling goes on.
 */
export function pollWhileOffline<Answer>(
  client: Pick<Client, "status" | "onStatus">,
  polling: Polling<Answer>,
): () => void {
  const { poll, show, after = MINUTE, every = MINUTE, onError, clock = systemClock } = polling;
  let cancelTimer: (() => void) | null = null;
  let asking: AbortController | null = null;

  const rest = (): void => {
    cancelTimer?.();
    asking?.abort();
    cancelTimer = asking = null;
  };
  const wait = (milliseconds: number): void => {
    cancelTimer = clock.after(milliseconds, () => void ask());
  };
  const ask = async (): Promise<void> => {
    const { signal } = (asking = new AbortController());
    let answer: Answer;
    try {
      answer = await poll(signal);
    } catch (error) {
      if (signal.aborted) return;
      wait(every);
      onError?.(error);
      return;
    }
    if (signal.aborted) return;
    wait(every);
    show(answer);
  };
  const look = ({ state }: Status): void => {
    if (state === "live" || state === "stopped") rest();
    else if (!cancelTimer) wait(after);
  };

  look(client.status);
  const ignore = client.onStatus(look);
  return () => {
    ignore();
    rest();
  };
}
