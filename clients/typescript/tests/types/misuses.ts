// What must not compile, and by which error. A test compiles this file without the comments that expect them, and finds
// the same errors on the same lines.

import { type Client, Client as ClientClass, connect, parseCursor } from "user-hub";
import { pollWhileOffline } from "user-hub/polling";
import { stateStore, statesStore } from "user-hub/store";
import type { ControlFrame, EventTypes, Frame } from "user-hub/trading";

declare function show(...what: unknown[]): void;
declare const client: Client<EventTypes>;
declare const frame: Frame;
declare const control: ControlFrame;

// Names.
// @ts-expect-error TS2345: an event type that nobody declared
client.on("PNL_UPDATES", () => {});
// @ts-expect-error TS2345: nor has it a value
client.state("PNL_UPDATES");
// @ts-expect-error TS2345: a control frame is no event type
client.on("SYNCED", () => {});

// Keys.
// @ts-expect-error TS2345: a State with keys has no value without one
client.state("CHAIN_UPDATE");
// @ts-expect-error TS2345: a State with one value has none under a key
client.state("PNL_UPDATE", "7");
// @ts-expect-error TS2345: a key is text
client.state("CHAIN_UPDATE", 7);
// @ts-expect-error TS2345: a Log has no current value
client.state("LIFECYCLE_EVENT");
// @ts-expect-error TS2345: nor many
client.states("LIFECYCLE_EVENT");
// @ts-expect-error TS2345: a State with one value has no others
client.states("PNL_UPDATE");
// @ts-expect-error TS18048: a record of a State with one value has no key
client.on("PNL_UPDATE", (_data, record) => show(record.key.length));

// Values that may not be there.
// @ts-expect-error TS18048: the data of a State may be gone
client.on("PNL_UPDATE", (data) => show(data.pnl.totalPnL));
// @ts-expect-error TS2532: there may be no current value
client.state("PNL_UPDATE").pnl;
// @ts-expect-error TS2532: nor one of that key
client.state("CHAIN_UPDATE", "7").chain;
// @ts-expect-error TS2532: nor in the map
client.states("CHAIN_UPDATE").get("7").chain;
// @ts-expect-error TS18048: a removal has no data
client.on("PNL_UPDATE", (_data, record) => record.removed && show(record.data.pnl));
// @ts-expect-error TS18047: a gap may not know where it begins
client.onGap((gap) => show(gap.from + 1));
// @ts-expect-error TS2531: text may be no cursor
parseCursor("text").seq;
// @ts-expect-error TS18047: there may be no user yet
client.userId.length;

// Fields.
// @ts-expect-error TS2551: the field is totalPnL
client.on("PNL_UPDATE", (data) => show(data?.pnl.totalPnl));
// @ts-expect-error TS2339: the payload is in its wrapper field
client.on("PNL_UPDATE", (data) => show(data?.totalPnL));
// @ts-expect-error TS2339: the field of the other event type
client.on("LIFECYCLE_EVENT", ({ events }) => show(events));
// @ts-expect-error TS2345: data is no text
client.on("LIFECYCLE_EVENT", (data: string) => show(data));
// @ts-expect-error TS2339: a Log record is not removed
client.on("LIFECYCLE_EVENT", (_data, record) => show(record.removed));
// @ts-expect-error TS2339: a State has no Log record before it
client.on("PNL_UPDATE", (_data, record) => show(record.prevLog));
// @ts-expect-error TS2339: a value that is there has no reason to be gone
client.on("PNL_UPDATE", (_data, record) => record.removed || show(record.reason));
// @ts-expect-error TS2554: nobody would hear it
client.on("PNL_UPDATE");

// What is only there to be read.
// @ts-expect-error TS2540: the status is the client's to set
client.status = { state: "live", since: 0, code: null, reason: "" };
// @ts-expect-error TS2540: and so is what is in it
client.status.state = "live";
// @ts-expect-error TS2540: so is the cursor
client.cursor = null;
// @ts-expect-error TS2540: so is the user
client.userId = "bob";
// @ts-expect-error TS2540: so is the transport, by useTransport
client.transport = "sse";
// @ts-expect-error TS2540: a record is what the hub sent
client.on("PNL_UPDATE", (_data, record) => void (record.seq = 7));
// @ts-expect-error TS2540: so is a value of a State
client.on("PNL_UPDATE", (data, record) => record.removed || (record.data = data!));
// @ts-expect-error TS2540: and its end
client.on("PNL_UPDATE", (_data, record) => record.removed && (record.reason = "expired"));
// @ts-expect-error TS2540: so is what happened
client.on("LIFECYCLE_EVENT", (_data, record) => void (record.data = { event: record.data.event }));
// @ts-expect-error TS2540: and a gap
client.onGap((gap) => void (gap.to = 7));
// @ts-expect-error TS2339: what is folded is the hub's alone
client.fold.clear();
// @ts-expect-error TS2339: nothing is put in by hand
client.fold.apply({ seq: 1, type: "PNL_UPDATE", timestamp: "", data: {} });
// @ts-expect-error TS2339: the values are a copy that nobody else sees
client.states("CHAIN_UPDATE").set("7", { chain: null });
// @ts-expect-error TS2339: devices send nothing through the hub
client.emit("PNL_UPDATE");

// Words.
// @ts-expect-error TS2367: there is no such state
client.onStatus(({ state }) => show(state === "online"));
// @ts-expect-error TS2345: there is no such transport
client.useTransport("polling");
// @ts-expect-error TS2322: nor to begin with
connect({ websocket: "/ws", transport: "http" });
// @ts-expect-error TS2322: an address is text, a URL, or a function
connect({ websocket: 8080 });
// @ts-expect-error TS2322: the host says valid, ended or unreachable
connect({ websocket: "/ws", session: async () => true });
// @ts-expect-error TS2322: and takes its time
connect({ websocket: "/ws", session: () => "valid" });
// @ts-expect-error TS2353: an option that there is not
connect({ websocket: "/ws", reconnect: false });
// @ts-expect-error TS2322: a link can be closed
connect({ open: () => ({}) });
// @ts-expect-error TS2554: there must be somewhere to connect to
new ClientClass();

// Maps of event types.
// @ts-expect-error TS2344: a kind that there is not
connect<{ NEWS: { kind: "event"; key: undefined; data: string } }>({ sse: "/events" });
// @ts-expect-error TS2344: a payload is no event type
connect<{ NEWS: string }>({ sse: "/events" });
// @ts-expect-error TS2344: a map of payloads is none of event types
connect<{ NEWS: { text: string } }>({ sse: "/events" });
// @ts-expect-error TS2322: a client of other events
show(((): Client<{ NEWS: { kind: "log"; key: undefined; data: string } }> => client)());

// Stores and polling.
// @ts-expect-error TS2345: a Log has no current value to show
stateStore(client, "LIFECYCLE_EVENT");
// @ts-expect-error TS2345: a State with keys needs one
stateStore(client, "CHAIN_UPDATE");
// @ts-expect-error TS2345: a State with one value has no keys
stateStore(client, "PNL_UPDATE", "7");
// @ts-expect-error TS2345: nor a map of them
statesStore(client, "PNL_UPDATE");
// @ts-expect-error TS2532: its snapshot may be none
stateStore(client, "PNL_UPDATE").getSnapshot().pnl;
// @ts-expect-error TS2322: a request takes its time
pollWhileOffline(client, { poll: () => "now", show: (answer: string) => show(answer) });
// @ts-expect-error TS2322: what is shown is what was asked for
pollWhileOffline(client, { poll: async () => 7, show: (answer: string) => show(answer) });
// @ts-expect-error TS2741: what is asked for must be shown
pollWhileOffline(client, { poll: async () => 7 });

// Frames.
// @ts-expect-error TS2339: not every frame has data
show(frame.data);
// @ts-expect-error TS2339: a frame that says CLOSING has no cursor
if (control.type === "CLOSING") show(control.cursor);
// @ts-expect-error TS2367: a frame type that there is not
if (control.type === "OPENED") show();
// @ts-expect-error TS1360: only one of six is handled
if (control.type !== "CLOSING") control satisfies never;
// @ts-expect-error TS18048: a State frame may be a removal
if (frame.type === "PNL_UPDATE") show(frame.data.pnl);

// Entry points.
// @ts-expect-error TS2307: what is inside is nobody's to import
show(import("user-hub/device"));
// @ts-expect-error TS2307: nor the file of it
show(import("user-hub/dist/device.js"));
