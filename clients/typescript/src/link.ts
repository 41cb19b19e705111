// A link: one connection of one transport. Text frames come in, and at the end one notice that it is closed.

import { openEvents } from "./sse.js";
import { openSocket } from "./websocket.js";

/** What carries the frames; both resume from the same cursor, so a client may change from one to the other. */
export type Transport = "websocket" | "sse";

/**
 * An address, or a function that is asked for it before each connection, as for a token that lasts seconds. A relative
 * one is resolved against the page. A function that throws is reported as an uncaught error, and asked again after a
 * wait.
 */
export type Address = string | URL | (() => string | URL);

/** What a link says to the client. What it says after it was closed is not heard. */
export interface LinkHandlers {
  /** One frame, as text. */
  onFrame(text: string): void;
  /**
   * At most once, and nothing after it. The code of the WebSocket close, or what the answer to a request for
   * server-sent events means in the same terms; null when nobody knows.
   */
  onClosed(code: number | null): void;
}

/** One connection. */
export interface Link {
  /** Ends it. No handler is called any more. */
  close(): void;
}

/**
 * Opens a link that resumes from a cursor, or begins anew with null. It may call its handlers at once. That it cannot
 * be opened it says by `onClosed`.
 */
export type OpenLink = (transport: Transport, resume: string | null, handlers: LinkHandlers) => Link;

/** Where the hub's host serves its devices: one of the two at least. */
export interface Addresses {
  /** Where the WebSocket is, as in `/ws`; http is ws, https is wss. */
  readonly websocket?: Address;
  /** Where the server-sent events are, as in `/events`. */
  readonly sse?: Address;
  /** Whether server-sent events of another origin get this one's cookies. Default false. */
  readonly withCredentials?: boolean;
}

/**
 * The links of a browser, which a client opens by default; for an `open` that wraps them. The cursor is in the query,
 * as `resume`. Throws a `TypeError` for an address that is none, as a relative one without a page.
 */
export function browserLinks(addresses: Addresses): OpenLink {
  return (transport, resume, handlers) => {
    const address = addresses[transport]!;
    const url = new URL(typeof address === "function" ? address() : address, globalThis.location?.href);
    if (resume) url.searchParams.set("resume", resume);
    return transport === "sse"
      ? openEvents(url, addresses.withCredentials ?? false, handlers)
      : openSocket(url, handlers);
  };
}
