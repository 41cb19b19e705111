export { Client, connect } from "./client.js";
export type { AnyEvents, EventName, EventType, EventTypesOf, Handler, KeyedName, LogRecord, Options, RemovedRecord, Session, SingleName, State, StateRecord, Status, } from "./client.js";
export type { Clock } from "./clock.js";
export { parseCursor, type Cursor } from "./cursor.js";
export type { Effect, Gap } from "./device.js";
export { Fold, type AnyRecord, type Folded, type Key } from "./fold.js";
export { browserLinks, type Address, type Addresses, type Link, type LinkHandlers, type OpenLink, type Transport, } from "./link.js";
export type { Wakes, Woken } from "./wake.js";
