// Server-sent events as a link.
//
// An EventSource comes back by itself, with the address that it was made with, so with a cursor that is old by then: it
// is closed at the first error, and the client makes a new one. It does not show the status of an answer that it did
// not like; the same request by `fetch` does.

import { SESSION_EXPIRED, STAY_AWAY } from "./close.js";
import type { Link, LinkHandlers } from "./link.js";

export function openEvents(url: URL, withCredentials: boolean, handlers: LinkHandlers): Link {
  const source = new EventSource(url, { withCredentials });
  const over = new AbortController();
  const closed = (code: number | null): void => {
    if (over.signal.aborted) return;
    over.abort();
    handlers.onClosed(code);
  };
  source.onmessage = (event) => handlers.onFrame(event.data);
  source.onerror = () => {
    const refused = source.readyState === EventSource.CLOSED;
    source.onmessage = source.onerror = null;
    source.close();
    if (refused) void meaning(url, withCredentials, over.signal).then(closed);
    else closed(null);
  };
  return {
    close() {
      over.abort();
      source.onmessage = source.onerror = null;
      source.close();
    },
  };
}

/** Why a request was refused, as a close code. Only the status is wanted: the signal ends the rest of the answer. */
async function meaning(url: URL, withCredentials: boolean, signal: AbortSignal): Promise<number | null> {
  try {
    const { status } = await fetch(url, {
      headers: { accept: "text/event-stream" },
      credentials: withCredentials ? "include" : "same-origin",
      cache: "no-store",
      signal,
    });
    return status === 204 ? STAY_AWAY : status === 401 ? SESSION_EXPIRED : null;
  } catch {
    return null;
  }
}
