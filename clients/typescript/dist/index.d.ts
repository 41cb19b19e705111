export { Client, connect, type ConnectionState, type Options, type Session, type Status } from "./client.js";
export type { Clock } from "./clock.js";
export { parseCursor, type Cursor } from "./cursor.js";
export type { Effect, Gap } from "./device.js";
export type { AnyEvents, DataOf, EventName, EventType, EventTypesOf, Handler, KeyedName, LogRecord, RemovedRecord, SingleName, StateRecord, } from "./events.js";
export { Fold, type AnyRecord, type Folded, type Key } from "./fold.js";
export { browserLinks, type Address, type Addresses, type Link, type LinkHandlers, type OpenLink, type Transport, } from "./link.js";
export type { Wakes, Woken } from "./wake.js";
