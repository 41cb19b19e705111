// What must compile: each of these is something that an application does.

import {
  type AnyRecord,
  type Client,
  type ConnectionState,
  type EventName,
  type EventTypesOf,
  type Gap,
  type Handler,
  type KeyedName,
  type LogRecord,
  type RemovedRecord,
  type SingleName,
  type StateRecord,
  type Status,
  connect,
  parseCursor,
} from "user-hub";
import { pollWhileOffline } from "user-hub/polling";
import { type Store, stateStore, statesStore, statusStore } from "user-hub/store";
import type {
  ChainUpdatePayload,
  ControlFrame,
  EventTypes,
  Frame,
  LifecycleEventPayload,
  PnLPayload,
  RecordFrame,
  WebSocketEventType,
} from "user-hub/trading";

/** Compiles only where two types are the same one. */
type Same<One, Other> = (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false;
const is = <_Proof extends true>(): void => {};

/** Shows something to somebody. */
declare function show(...what: unknown[]): void;

const client = connect<EventTypes>({
  websocket: "/ws",
  sse: () => new URL("https://push.test/events"),
  withCredentials: true,
});

// The names, by kind.
is<Same<EventName<EventTypes>, WebSocketEventType>>();
is<Same<KeyedName<EventTypes>, "CHAIN_UPDATE" | "MODE_STATUS_UPDATE" | "SIGNAL_UPDATE">>();
is<Same<Exclude<WebSocketEventType, KeyedName<EventTypes> | SingleName<EventTypes>>, "LIFECYCLE_EVENT">>();

// Current values may not be there.
is<Same<ReturnType<typeof pnlNow>, { pnl: PnLPayload } | undefined>>();
function pnlNow() {
  return client.state("PNL_UPDATE");
}
show(client.state("PNL_UPDATE")?.pnl.totalPnL.toFixed(2) ?? "–");
show(client.state("CHAIN_UPDATE", "7")?.chain.orders.length);
for (const [chainId, { chain }] of client.states("CHAIN_UPDATE"))
  show(chainId.length, chain.symbol, chain.side === "LONG");

// A State handler gets data, or none; a Log handler always gets it.
client.on("PNL_UPDATE", (data) => show(data === undefined ? "–" : data.pnl.totalPnL));
client.on("CHAIN_UPDATE", (data, record) => {
  is<Same<typeof record.key, string>>();
  if (record.removed) {
    is<Same<typeof record.data, undefined>>();
    show(record.key, record.reason === "forgotten");
  } else {
    is<Same<typeof record.data, { chain: ChainUpdatePayload }>>();
    show(record.final === true ? "for the last time" : "", record.data.chain.status, data?.chain.status);
  }
});
const end: () => void = client.on("LIFECYCLE_EVENT", ({ event }, { prevLog, seq, group }) => {
  is<Same<typeof event, LifecycleEventPayload>>();
  show(event.eventType, prevLog < seq, group ?? "alone");
});
end();

// A handler that needs less, is async, or is made elsewhere.
client.on("MODE_STATUS_UPDATE", () => show("something has changed"));
client.on("SIGNAL_UPDATE", async (data) => show(await Promise.resolve(data?.signal.confidence)));
const onChain: Handler<"CHAIN_UPDATE", EventTypes["CHAIN_UPDATE"]> = (data, record) => show(data?.chain, record.seq);
client.on("CHAIN_UPDATE", onChain);
for (const type of ["PNL_UPDATE", "GINIE_STATUS_UPDATE"] as const)
  client.on(type, () => show(type, client.state(type)));

// Records by name, for who passes them on.
const keep = (record: LogRecord<"LIFECYCLE_EVENT", EventTypes["LIFECYCLE_EVENT"]>): string => record.data.event.id;
client.on("LIFECYCLE_EVENT", (_data, record) => show(keep(record)));
type Chain = EventTypes["CHAIN_UPDATE"];
const label = (record: StateRecord<"CHAIN_UPDATE", Chain> | RemovedRecord<"CHAIN_UPDATE", Chain>): string =>
  record.removed ? record.reason : record.data.chain.symbol;
client.on("CHAIN_UPDATE", (_data, record) => show(label(record)));

// Status and gaps.
const badge: Record<ConnectionState, string> = {
  connecting: "…",
  syncing: "…",
  live: "live",
  reconnecting: "offline",
  stopped: "signed out",
};
client.onStatus(({ state, since, code, reason }: Status) => show(badge[state], new Date(since), code ?? 1000, reason));
client.onGap(({ from, to, reason }: Gap) => show(from ?? "?", to ?? "?", reason === "evicted"));
client.onEffect((effect) => effect.kind === "synced" && show(effect.stateSource));
show(client.userId?.length, parseCursor(client.cursor)?.seq, client.synced, client.transport === "sse");
show(client.fold.unknown("CHAIN_UPDATE").has("7"), client.fold.get("CHAIN_UPDATE", "7")?.timestamp);
client.useTransport("sse");
client.reconnect();
client.stop("signed out", 3503);
client.start();

// Stores, as `useSyncExternalStore` wants them.
const pnl: Store<{ pnl: PnLPayload } | undefined> = stateStore(client, "PNL_UPDATE");
const chain: Store<{ chain: ChainUpdatePayload } | undefined> = stateStore(client, "CHAIN_UPDATE", "7");
const chains: Store<ReadonlyMap<string, { chain: ChainUpdatePayload }>> = statesStore(client, "CHAIN_UPDATE");
const status: Store<Status> = statusStore(client);
show(
  pnl.getSnapshot(),
  chain.subscribe(() => show()),
  chains.getSnapshot().size,
  status.getSnapshot().state,
);

// Polling.
const endPolling: () => void = pollWhileOffline(client, {
  poll: async (signal) => (await fetch("/state", { signal })).json() as Promise<{ pnl: PnLPayload }>,
  show: (answer) => show(answer.pnl.totalPnL),
  after: 30_000,
  every: 10_000,
  onError: (error) => show(error instanceof Error),
});
endPolling();

// A host's own events beside the eight: by extension, by intersection, and alone.
interface Order {
  orderId: string;
  filled: boolean;
}
interface HostEvents {
  ORDER_UPDATE: { kind: "state"; key: string; payload: Order; data: { order: Order } };
  NOTICE: { kind: "log"; key: undefined; payload: string; data: string };
}
interface AllByExtension extends EventTypes, HostEvents {}
type AllByIntersection = EventTypes & HostEvents;
const extended = connect<AllByExtension>({ sse: "/events" });
extended.on("ORDER_UPDATE", (data, { key }) => show(key.length, data?.order.filled));
extended.on("PNL_UPDATE", (data) => show(data?.pnl.winRate));
show(extended.state("ORDER_UPDATE", "7")?.order.orderId, stateStore(extended, "ORDER_UPDATE", "7"));
const joined = connect<AllByIntersection>({ sse: "/events" });
joined.on("NOTICE", (text) => show(text.length));
show(joined.states("ORDER_UPDATE").get("7")?.order, joined.state("SYSTEM_STATUS_UPDATE")?.status.apiHealthy);
const alone = connect<HostEvents>({ sse: "/events" });
alone.on("NOTICE", (text, { prevLog }) => show(text.length, prevLog));

// A map that is written by hand needs kind, key and data.
const byHand = connect<{ WEATHER: { kind: "state"; key: undefined; data: { degrees: number } } }>({ websocket: "/ws" });
show(byHand.state("WEATHER")?.degrees);

// Who writes for any host.
function count<E extends EventTypesOf<E>, T extends KeyedName<E>>(any: Client<E>, type: T): number {
  return any.states(type).size;
}
show(count(client, "CHAIN_UPDATE"), count(alone, "ORDER_UPDATE"));

// Without generated types: every name, any data.
const untyped = connect({ websocket: "/ws" });
untyped.on("WHATEVER", (data, record: AnyRecord) => show(data.anything.at.all, record.key ?? "", record.prevLog ?? 0));
show(untyped.state("WHATEVER")?.anything, untyped.state("WHATEVER", "7").x, untyped.states("WHATEVER").get("7").x);
show(stateStore(untyped, "WHATEVER").getSnapshot().x, statesStore(untyped, "WHATEVER").getSnapshot().get("7").x);

// Frames, for who reads the wire without the client.
function read(frame: Frame): string | number | null {
  if (frame.type === "PNL_UPDATE" && !frame.removed) return frame.data.pnl.totalPnL;
  if (frame.type === "CHAIN_UPDATE") return frame.removed ? `${frame.key}: ${frame.reason}` : frame.data.chain.symbol;
  if (frame.type === "LIFECYCLE_EVENT") return frame.data.event.id;
  if ("seq" in frame) return frame.seq;
  return control(frame);
}
function control(frame: ControlFrame): string | number | null {
  switch (frame.type) {
    case "CONNECTED":
      return `${frame.userId} ${frame.recovered} ${frame.heartbeat ?? "no heartbeat"}`;
    case "SYNCED":
      return frame.stateSource;
    case "GAP":
      return frame.to;
    case "RESET":
      return frame.reason;
    case "HEARTBEAT":
      return frame.cursor;
    case "CLOSING":
      return frame.reconnect ? frame.retryAfterMs : frame.code;
    default:
      return frame satisfies never;
  }
}
function kinds(frame: RecordFrame): string {
  switch (frame.type) {
    case "CHAIN_UPDATE":
    case "MODE_STATUS_UPDATE":
    case "SIGNAL_UPDATE":
      return frame.key;
    case "LIFECYCLE_EVENT":
      return String(frame.prevLog);
    case "GINIE_STATUS_UPDATE":
    case "CIRCUIT_BREAKER_UPDATE":
    case "PNL_UPDATE":
    case "SYSTEM_STATUS_UPDATE":
      return frame.removed ? frame.reason : "one value";
    default:
      return frame satisfies never;
  }
}
show(read, kinds);
