// A WebSocket as a link. What a device sends is ignored by the hub, so nothing is ever sent.

import type { Link, LinkHandlers } from "./link.js";

const DONE = 1000;

export function openSocket(url: URL, handlers: LinkHandlers): Link {
  url.protocol = url.protocol.replace("http", "ws");
  const socket = new WebSocket(url);
  socket.onmessage = (event) => typeof event.data === "string" && handlers.onFrame(event.data);
  socket.onclose = (event) => handlers.onClosed(event.code);
  return {
    close() {
      socket.onmessage = socket.onclose = null;
      socket.close(DONE);
    },
  };
}
