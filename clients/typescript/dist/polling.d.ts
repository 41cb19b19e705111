import { type Clock } from "./clock.js";
import type { Client } from "./client.js";
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
/**
 * Polls while the client is cut off for longer. Returns what ends that.
 *
 * The time is counted from when the client was live last, or from this call; connections that come and go without being
 * live do not begin it anew. What `show` or `onError` throws is an unhandled rejection, and the polling goes on.
 */
export declare function pollWhileOffline<Answer>(client: Pick<Client, "status" | "onStatus">, polling: Polling<Answer>): () => void;
