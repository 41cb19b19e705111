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
