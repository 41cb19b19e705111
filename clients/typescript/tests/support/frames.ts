// Frames as they come off the wire, parsed.

export type Frame = Readonly<Record<string, unknown>> & { readonly type: string };

export const EPOCH = "00000000000000aa";
export const OTHER_EPOCH = "00000000000000bb";
export const TIMESTAMP = "2026-11-22T23:59:39.123Z";

export const connected = (more: object = {}): Frame => ({
  type: "CONNECTED",
  protocol: 1,
  userId: "alice",
  connectionId: "1",
  epoch: EPOCH,
  after: null,
  recovered: false,
  lastLog: 0,
  heartbeat: 25,
  ...more,
});

/** The first frame of a device whose cursor was known. */
export const recovered = (seq: number, lastLog: number = 0): Frame =>
  connected({ recovered: true, after: `${EPOCH}-${seq}`, lastLog });

export const synced = (seq: number, lastLog: number = 0, epoch: string = EPOCH): Frame => ({
  type: "SYNCED",
  cursor: `${epoch}-${seq}`,
  lastLog,
  stateSource: "none",
});

export const heartbeat = (seq: number, lastLog: number = 0, epoch: string = EPOCH): Frame => ({
  type: "HEARTBEAT",
  cursor: `${epoch}-${seq}`,
  lastLog,
});

export const gap = (from: number | null, to: number | null, lastLog: number, reason: string = "evicted"): Frame => ({
  type: "GAP",
  from,
  to,
  reason,
  lastLog,
});

export const reset: Frame = { type: "RESET", reason: "forgotten" };

export const closing = (code: number, more: object = {}): Frame => ({
  type: "CLOSING",
  code,
  reason: "because",
  reconnect: code < 3500,
  retryAfterMs: null,
  ...more,
});

/** A State with one value. */
export const pnl = (seq: number, totalPnL: number = seq, more: object = {}): Frame => ({
  seq,
  type: "PNL_UPDATE",
  timestamp: TIMESTAMP,
  data: { pnl: { totalPnL } },
  ...more,
});

/** A State with keys. */
export const chain = (seq: number, chainId: string, status: string = "open", more: object = {}): Frame => ({
  seq,
  type: "CHAIN_UPDATE",
  timestamp: TIMESTAMP,
  key: chainId,
  data: { chain: { chainId, status } },
  ...more,
});

export const removal = (seq: number, chainId: string, reason: string = "cleared"): Frame => ({
  seq,
  type: "CHAIN_UPDATE",
  timestamp: TIMESTAMP,
  key: chainId,
  removed: true,
  reason,
});

/** A Log record. */
export const event = (seq: number, prevLog: number, more: object = {}): Frame => ({
  seq,
  prevLog,
  type: "LIFECYCLE_EVENT",
  timestamp: TIMESTAMP,
  data: { event: { id: `e${seq}` } },
  ...more,
});
