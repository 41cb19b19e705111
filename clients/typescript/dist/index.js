// The browser's side of user-hub: connect, and what is here is what the hub has.
export { Client, connect } from "./client.js";
export { parseCursor } from "./cursor.js";
export { Fold } from "./fold.js";
export { browserLinks, } from "./link.js";
