// Generated from Rust by user-hub; do not edit. To make it again: USER_HUB_WRITE=1 cargo test --all-features --test typescript

/**
 * How a parcel stands: `PARCEL`, with *all* that a host may need.
 *
 * See `Place`, [the guide](https://example.com/guide) and when it left.
 */
export interface Parcel {
  /** Its number. */
  id: number;
  revision: number;
  /** Unknown until it has left; all of `src/**\/*.rs` *\/ has it. */
  leftAt: string | null;
  note?: string | null;
  "is-fragile": boolean;
  place: Place;
  way: Array<Place>;
  size: [number, number, number];
  stickers: { [key in string]: Color | null };
  byColor: { [key in Color]?: number };
  counts: { [key in number]: number };
  inside: Contents | null;
  seenAt: string;
  cursor: string | null;
  nested: string | null | null;
  type: null;
  /** In two letters. */
  sentFrom: string;
}

/** The places that a parcel comes through. */
export type Place =
  | { at: "warehouse" }
  | {
    at: "on_the_road";
    /** How far it is. */
    kilometersLeft: number;
  }
  | { at: "door" } & Address;

export interface Address {
  street: string;
  houseNumber: number;
}

/** A color. */
export type Color = "RED" | "DARK_BLUE" | "of its own";

/** Parcels in a parcel. */
export interface Contents {
  parts: Array<Contents>;
  label: Label;
  weight: Weight;
}

export type Label = string;

export type Weight = { Grams: number } | { Between: { least: number; most: number } } | "Unknown";

/** A page of a list. */
export interface Page<T> {
  items: Array<T>;
  last: T | null;
  total: number;
}

export type Alarm = { kind: "fire"; what: Address } | { kind: "quiet" };

/** The event types by name: kind, key, payload, and how the payload stands in `data`. */
export interface EventTypes {
  /** State, by key; public. */
  "parcel.moved:v2": { kind: "state"; key: string; payload: Parcel; data: { "the parcel": Parcel } };
  /** Log. */
  PAGE: { kind: "log"; key: undefined; payload: Page<Address>; data: Page<Address> };
  /** State, one value a user. */
  ALARM: { kind: "state"; key: undefined; payload: Alarm; data: { alarm: Alarm } };
}

/** The names of the event types. */
export type WebSocketEventType = "parcel.moved:v2" | "PAGE" | "ALARM";

/** What a map of event types says of one of them. */
export interface EventTypeInfo {
  kind: "state" | "log";
  key: string | undefined;
  payload: unknown;
  data: unknown;
}

/** The field of a record that names the thing that it is the State of: only where the event type has a key. */
export type KeyField<Key extends string | undefined> = Key extends string ? { key: Key } : { key?: undefined };

/** The current value of something; it replaces the one before, of the same type and key. */
export type StateFrame<
  Type extends string = string,
  Key extends string | undefined = string | undefined,
  Data = unknown,
> = KeyField<Key> & {
  /** Its position in the user's log, from 1. */
  seq: number;
  /** The name of the event type. */
  type: Type;
  /** When it was broadcast: RFC 3339, UTC, milliseconds. */
  timestamp: string;
  /** The last seq of the group that it belongs to; records of a group count together. */
  group?: number;
  /** This is the last value of its key: show it, then forget it. */
  final?: true;
  removed?: undefined;
  data: Data;
};

/** The end of a State: forget the value. */
export type RemovedFrame<
  Type extends string = string,
  Key extends string | undefined = string | undefined,
> = KeyField<Key> & {
  /** Its position in the user's log, from 1. */
  seq: number;
  /** The name of the event type. */
  type: Type;
  /** When it was removed: RFC 3339, UTC, milliseconds. */
  timestamp: string;
  /** The last seq of the group that it belongs to; records of a group count together. */
  group?: number;
  removed: true;
  /** By the application, by time, or because the value was refused: then there is one, and it is not known. */
  reason: "cleared" | "expired" | "rejected" | (string & {});
  data?: undefined;
};

/** Something that happened; that it has `prevLog` tells it from a State. */
export type LogFrame<Type extends string = string, Data = unknown> = {
  /** Its position in the user's log, from 1. */
  seq: number;
  /** The seq of the Log record before it, 0 for the first. */
  prevLog: number;
  /** The name of the event type. */
  type: Type;
  /** When it was broadcast: RFC 3339, UTC, milliseconds. */
  timestamp: string;
  /** The last seq of the group that it belongs to; records of a group count together. */
  group?: number;
  data: Data;
};

/** Every record frame of a map of event types. */
export type RecordFrameOf<Types> = {
  [Type in keyof Types & string]: Types[Type] extends { kind: "log"; data: infer Data }
    ? LogFrame<Type, Data>
    : Types[Type] extends { kind: "state"; key: infer Key extends string | undefined; data: infer Data }
      ? StateFrame<Type, Key, Data> | RemovedFrame<Type, Key>
      : never;
}[keyof Types & string];

/** Every record frame of these event types. Ignore a type that is not among them. */
export type RecordFrame = RecordFrameOf<EventTypes>;

/** Every frame, told apart by `type`. */
export type Frame = RecordFrame | ControlFrame;

/** The first frame of a connection. */
export interface ConnectedFrame {
  type: "CONNECTED";
  /** The version of the wire: 1. */
  protocol: number;
  /** Whose connection it is. */
  userId: string;
  /** The number of the connection within its hub. */
  connectionId: string;
  /** The incarnation of the user's log, 16 hex digits: the first part of every cursor. */
  epoch: string;
  /** The cursor that the connection starts after; null for a new device. */
  after: string | null;
  /** Whether the device's cursor was known; if not, drop all State. */
  recovered: boolean;
  /** The seq of the last Log record at or below the cursor that the connection starts after. */
  lastLog: number;
  /** Seconds between heartbeats; null where none is sent. */
  heartbeat: number | null;
}

/** What the device needed to be current has been sent. */
export interface SyncedFrame {
  type: "SYNCED";
  /** Where the device stands now. */
  cursor: string;
  /** The seq of the last Log record at or below the cursor. */
  lastLog: number;
  /** Whether the host's StateSource filled the State; after `failed`, values may be missing. */
  stateSource: "loaded" | "failed" | "none";
}

/** Log records may be missing here. */
export interface GapFrame {
  type: "GAP";
  /** The first position that may be missing; null where it is not known. */
  from: number | null;
  /** The last position that may be missing; null where it is not known. */
  to: number | null;
  /** Whether records were evicted, or the cursor was unknown. */
  reason: "evicted" | "unknown" | (string & {});
  /** The end of the gap: the `prevLog` of the first Log record behind it. */
  lastLog: number;
}

/** Drop all State: what is true follows, and then a SYNCED. */
export interface ResetFrame {
  type: "RESET";
  /** That the end of a State was forgotten before the device got it. */
  reason: "forgotten" | (string & {});
}

/** The connection is alive, and the device has everything up to the cursor. */
export interface HeartbeatFrame {
  type: "HEARTBEAT";
  /** Where the device stands now. */
  cursor: string;
  /** The seq of the last Log record at or below the cursor. */
  lastLog: number;
}

/** The last frame of a connection. */
export interface ClosingFrame {
  type: "CLOSING";
  /** The WebSocket close code: up to 3499 come back, 3500 to 3999 stay away. */
  code: number;
  /** Why, for whoever reads logs. */
  reason: string;
  /** Whether to come back; the range of the code says the same. */
  reconnect: boolean;
  /** How long to wait before that, in milliseconds; null where the hub has no wish. */
  retryAfterMs: number | null;
}

/** Every frame that is no record. */
export type ControlFrame = ConnectedFrame | SyncedFrame | GapFrame | ResetFrame | HeartbeatFrame | ClosingFrame;
