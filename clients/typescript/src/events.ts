// What the generated types say of the event types, and what follows from it for whoever listens: names, records,
// handlers.
//
// Nothing here is there at run time.

import type { AnyRecord } from "./fold.js";
import type { EventTypeInfo, LogFrame, RemovedFrame, StateFrame } from "./wire.js";

/**
 * What a map of event types says of one of them: whether it is State or Log, whether its values stand under keys, and
 * what is in `data`. The generated `EventTypes` has it for each; a map written by hand needs no more than this.
 */
export type EventType = Readonly<Pick<EventTypeInfo, "kind" | "key" | "data">>;

/** A map from names to event types, as it is generated; several are joined by `extends` or `&`. */
export type EventTypesOf<Events> = { readonly [Name in keyof Events]: EventType };

/** For who has no generated types: every name, of either kind, with any data. */
export type AnyEvents = Record<string, any>;

/** The names in a map of event types. */
export type EventName<Events> = keyof Events & string;

/** The names of the States whose values stand under keys: `state(name, key)` and `states(name)`. */
export type KeyedName<Events> = {
  [Name in EventName<Events>]: Events[Name] extends { kind: "state"; key: string } ? Name : never;
}[EventName<Events>];

/** The names of the States with one value a user: `state(name)`. */
export type SingleName<Events> = {
  [Name in EventName<Events>]: Events[Name] extends { kind: "state"; key: undefined } ? Name : never;
}[EventName<Events>];

/** What is in `data` of an event type. */
export type DataOf<Type> = IsAny<Type> extends true ? any : Type extends { data: infer Data } ? Data : unknown;

type IsAny<Type> = 0 extends 1 & Type ? true : false;
type KeyOf<Type> = Type extends { key: infer Key extends string | undefined } ? Key : undefined;

/** A Log record: something that happened. */
export type LogRecord<Name extends string, Type> = Readonly<LogFrame<Name, DataOf<Type>>>;

/** A value of a State. With `final` it is the last one of its key: shown, and already forgotten. */
export type StateRecord<Name extends string, Type> = Readonly<StateFrame<Name, KeyOf<Type>, DataOf<Type>>>;

/**
 * The end of a value. Its `reason` is that of the hub: `cleared` by the application, `expired`, or `rejected`, that is,
 * there is a value but it is not known. Or it is `forgotten`: this device dropped all its State, because the hub began
 * anew, or because the client was stopped or started.
 */
export type RemovedRecord<Name extends string, Type> = Readonly<RemovedFrame<Name, KeyOf<Type>>>;

/**
 * Gets what is in `data`, and the whole record. For a State there may be no data: the value is gone, or not known, and
 * must not be shown any longer.
 */
export type Handler<Name extends string, Type> =
  IsAny<Type> extends true
    ? (data: any, record: AnyRecord) => void
    : Type extends { kind: "log" }
      ? (data: DataOf<Type>, record: LogRecord<Name, Type>) => void
      : (data: DataOf<Type> | undefined, record: StateRecord<Name, Type> | RemovedRecord<Name, Type>) => void;
