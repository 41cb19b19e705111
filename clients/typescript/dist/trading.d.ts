/**
 * How a chain of orders stands now: `CHAIN_UPDATE`, `data.chain`.
 *
 * A State by chain with when it changed as its version, so that an update which was
 * overtaken is refused as stale; final when its status is.
 */
export interface ChainUpdatePayload {
    /** The identity of the chain. */
    chainId: string;
    /** What is traded. */
    symbol: string;
    /** Long or short. */
    side: Side;
    /** The mode that opened it. */
    mode: Mode | null;
    /** How far it is. */
    status: ChainStatus;
    /** All its orders. */
    orders: Array<Order>;
    /** When it changed last. */
    updatedAt: string;
}
/** The side of a position. */
export type Side = 
/** It gains when the price rises. */
"LONG"
/** It gains when the price falls. */
 | "SHORT" | (string & {});
/** A mode of trading. */
export type Mode = 
/** Seconds to minutes. */
"ultra"
/** Minutes to hours. */
 | "scalp"
/** Hours to days. */
 | "swing"
/** Days to weeks. */
 | "position" | (string & {});
/** How far a chain is. */
export type ChainStatus = 
/** The entry order is not filled yet. */
"pending"
/** A part of the entry order is filled. */
 | "partially_filled"
/** The entry order is filled. */
 | "filled"
/** The position is open, its protecting orders are placed. */
 | "active"
/** A part of the position is closed. */
 | "partially_closed"
/** The position is being closed. */
 | "closing"
/** The position is closed. Final. */
 | "closed"
/** It was given up before there was a position. Final. */
 | "cancelled"
/** The exchange refused the entry order. Final. */
 | "rejected"
/** The entry order was not filled in time. Final. */
 | "expired"
/** The exchange closed the position by force. Final. */
 | "liquidated"
/** Something went wrong; a human should look. Final. */
 | "failed" | (string & {});
/** An order of a chain. */
export interface Order {
    /** The identity that the exchange gave it. */
    orderId: string;
    /** The identity that the bot gave it. */
    clientOrderId: string | null;
    /** What kind of order; `type` on the wire. */
    type: OrderType;
    /** Whether it buys or sells. */
    side: OrderSide;
    /** How far it is. */
    status: OrderStatus;
    /** Its price; a market order has none. */
    price: number | null;
    /** How much was ordered. */
    quantity: number;
    /** How much of it is filled. */
    filledQuantity: number;
}
/** What kind of order. */
export type OrderType = 
/** At this price or a better one. */
"LIMIT"
/** At once, at any price. */
 | "MARKET"
/** A limit order when the price reaches a stop. */
 | "STOP"
/** A market order when the price reaches a stop. */
 | "STOP_MARKET"
/** A limit order when the price reaches a target. */
 | "TAKE_PROFIT"
/** A market order when the price reaches a target. */
 | "TAKE_PROFIT_MARKET"
/** A market order when the price turns back by so much. */
 | "TRAILING_STOP_MARKET"
/** The exchange closes a position by force. */
 | "LIQUIDATION" | (string & {});
/** Whether an order buys or sells. */
export type OrderSide = 
/** It buys. */
"BUY"
/** It sells. */
 | "SELL" | (string & {});
/** How far an order is. */
export type OrderStatus = 
/** The exchange has it, nothing is filled. */
"NEW"
/** A part is filled. */
 | "PARTIALLY_FILLED"
/** All is filled. */
 | "FILLED"
/** It was taken back. */
 | "CANCELED"
/** The exchange refused it. */
 | "REJECTED"
/** Its time is over, or its conditions could not be met. */
 | "EXPIRED"
/** The exchange ended it so that it does not trade with another order of the same account. */
 | "EXPIRED_IN_MATCH" | (string & {});
/**
 * Something that happened in the life of a trade: `LIFECYCLE_EVENT`, `data.event`.
 *
 * A Log event: a device that was away gets each one, or is told that some are gone.
 */
export interface LifecycleEventPayload {
    /** The identity of what happened; no two have the same. */
    id: string;
    /** The trade that it happened to. */
    tradeId: string;
    /** What happened. */
    eventType: LifecycleEventType;
    /** What is traded. */
    symbol: string;
    /** The mode that the trade belongs to. */
    mode: Mode | null;
    /** At which price. */
    price: number | null;
    /** How much. */
    quantity: number | null;
    /** What was gained, or lost where it is negative. */
    pnl: number | null;
    /** Why, for humans. */
    reason: string | null;
    /** When it happened. */
    occurredAt: string;
}
/** What happened in the life of a trade. */
export type LifecycleEventType = 
/** An order went to the exchange. */
"ORDER_PLACED"
/** An order was filled. */
 | "ORDER_FILLED"
/** An order was taken back. */
 | "ORDER_CANCELLED"
/** The exchange refused an order. */
 | "ORDER_REJECTED"
/** A position was opened. */
 | "POSITION_OPENED"
/** A position became larger. */
 | "POSITION_INCREASED"
/** A position became smaller, and is still open. */
 | "POSITION_REDUCED"
/** A position was closed. */
 | "POSITION_CLOSED"
/** The exchange closed a position by force. */
 | "POSITION_LIQUIDATED"
/** The stop loss was placed. */
 | "SL_PLACED"
/** The stop loss was moved. */
 | "SL_REVISED"
/** The stop loss was reached. */
 | "SL_HIT"
/** A take-profit level was placed. */
 | "TP_PLACED"
/** A take-profit level was moved. */
 | "TP_REVISED"
/** A take-profit level was reached. */
 | "TP_HIT"
/** The stop loss stands at the entry price now. */
 | "MOVED_TO_BREAKEVEN"
/** The stop loss follows the price now. */
 | "TRAILING_ACTIVATED"
/** The circuit breaker stopped trading. */
 | "BREAKER_TRIPPED"
/** The circuit breaker lets trading go on. */
 | "BREAKER_RESET" | (string & {});
/**
 * What the autopilot does now: `GINIE_STATUS_UPDATE`, `data.status`.
 *
 * A State with one value a user.
 */
export interface GinieStatusPayload {
    /** Whether it trades. */
    isRunning: boolean;
    /** Whether it only pretends to trade. */
    isDryRun: boolean;
    /** The mode that it trades in. */
    currentMode: Mode;
    /** How many positions are open. */
    activePositions: number;
    /** How many modes there are. */
    totalModes: number;
    /** When the last signal came. */
    lastSignalTime: string | null;
    /** What the last signal was for. */
    lastSignalSymbol: string | null;
    /** Where the last signal saw the price go. */
    lastSignalDirection: Direction | null;
    /** What was gained today, or lost where it is negative. */
    dailyPnL: number;
    /** How many trades there were today. */
    dailyTrades: number;
    /** Whether the circuit breaker keeps it from trading. */
    circuitBreakerActive: boolean;
}
/** Where a signal sees the price go. */
export type Direction = 
/** Up: buy. */
"LONG"
/** Down: sell. */
 | "SHORT" | (string & {});
/**
 * How the circuit breaker stands now: `CIRCUIT_BREAKER_UPDATE`, `data.state`.
 *
 * A State with one value a user. That it tripped or was reset is also a lifecycle event;
 * whoever knows of it sends both in one group.
 */
export interface CircuitBreakerPayload {
    /** Whether it keeps the bot from trading. */
    isTriggered: boolean;
    /** Closed, open or half open. */
    phase: BreakerPhase;
    /** Why it tripped, for humans. */
    triggerReason: string | null;
    /** When it tripped, unless it is closed. */
    triggeredAt: string | null;
    /** When it will let the bot try again. */
    resetTime: string | null;
    /** How often it has tripped. */
    tripCount: number;
    /** When it tripped last, whatever came after. */
    lastTrippedAt: string | null;
    /** How many trades in a row lost. */
    consecutiveLosses: number;
    /** What was lost today, as a positive amount. */
    dailyLoss: number;
}
/** The phase of a circuit breaker. */
export type BreakerPhase = 
/** The bot may trade. */
"closed"
/** The bot may not trade. */
 | "open"
/** The bot may try; a loss opens the breaker again. */
 | "half_open" | (string & {});
/**
 * What a user has gained, or lost where it is negative: `PNL_UPDATE`, `data.pnl`.
 *
 * A State with one value a user.
 */
export interface PnLPayload {
    /** All of it. */
    totalPnL: number;
    /** What came today. */
    dailyPnL: number;
    /** What the open positions would bring. */
    unrealizedPnL: number;
    /** What the closed positions brought. */
    realizedPnL: number;
    /** How the modes did. */
    pnlByMode: PnlByMode;
    /** How many trades there were. */
    tradesCount: TradesCount;
    /** Which part of the trades won, 0 to 1. */
    winRate: number;
    /** The open positions. */
    positions: Array<PositionPnl>;
    /** Of when this is. */
    timestamp: string;
}
/** What each mode has gained, or lost where it is negative. */
export interface PnlByMode {
    /** What the mode `ultra` has gained. */
    ultra: number;
    /** What the mode `scalp` has gained. */
    scalp: number;
    /** What the mode `swing` has gained. */
    swing: number;
    /** What the mode `position` has gained. */
    position: number;
}
/** How many trades there were, and how they ended. */
export interface TradesCount {
    /** All trades. */
    total: number;
    /** Those that gained. */
    winning: number;
    /** Those that lost. */
    losing: number;
}
/** What one open position would bring. */
export interface PositionPnl {
    /** What is traded. */
    symbol: string;
    /** The gain, or the loss where it is negative. */
    pnl: number;
    /** The same in per cent of what was put in. */
    pnlPercent: number;
}
/**
 * What one mode of trading does now: `MODE_STATUS_UPDATE`, `data.status`.
 *
 * A State by mode.
 */
export interface ModeStatusPayload {
    /** Which mode. */
    mode: Mode;
    /** Whether the user has switched it on. */
    enabled: boolean;
    /** What it does. */
    status: ModeState;
    /** How many positions it has open. */
    activePositions: number;
    /** How much money it may use. */
    allocatedCapital: number | null;
    /** Why it is paused, for humans. */
    pausedReason: string | null;
}
/** What a mode of trading does. */
export type ModeState = 
/** It looks for trades. */
"active"
/** It is on and has nothing to do. */
 | "idle"
/** It waits a while after a loss. */
 | "cooldown"
/** It was paused and opens nothing new. */
 | "paused"
/** It is off. */
 | "disabled"
/** Something went wrong; a human should look. */
 | "error" | (string & {});
/**
 * Whether what the bot stands on works: `SYSTEM_STATUS_UPDATE`, `data.status`.
 *
 * A State with one value; it says nothing of any user and is public, so it may also be sent to everybody.
 */
export interface SystemStatusPayload {
    /** Whether there is a connection to the exchange. */
    binanceConnected: boolean;
    /** Whether there is a connection to the database. */
    databaseConnected: boolean;
    /** Whether there is a connection to Redis. */
    redisConnected: boolean;
    /** Whether the bot's own API answers. */
    apiHealthy: boolean;
    /** How many devices are connected. */
    websocketClients: number;
    /** When the bot was started. */
    startedAt: string;
}
/**
 * A signal and what became of it: `SIGNAL_UPDATE`, `data.signal`.
 *
 * A State by signal, final when its status is; when it expires, the hub
 * takes it away by itself.
 */
export interface SignalUpdatePayload {
    /** The identity of the signal. */
    id: string;
    /** What to trade. */
    symbol: string;
    /** Where the price is seen to go. */
    direction: Direction;
    /** The mode that the signal is for. */
    mode: Mode;
    /** How sure it is, 0 to 1. */
    confidence: number;
    /** The price to enter at. */
    entryPrice: number;
    /** The price to give up at. */
    stopLoss: number;
    /** The prices to take profit at, in the order in which they are reached. */
    takeProfit: Array<number>;
    /** When it was made. */
    generatedAt: string;
    /** When it is no longer true. */
    expiresAt: string;
    /** What became of it. */
    status: SignalStatus;
}
/** What became of a signal. */
export type SignalStatus = 
/** Nobody has acted on it. */
"pending"
/** It was traded. Final. */
 | "executed"
/** Its time is over. Final. */
 | "expired"
/** It was taken back. Final. */
 | "cancelled" | (string & {});
/** The event types by name: kind, key, payload, and how the payload stands in `data`. */
export interface EventTypes {
    /** State, by key. */
    CHAIN_UPDATE: {
        kind: "state";
        key: string;
        payload: ChainUpdatePayload;
        data: {
            chain: ChainUpdatePayload;
        };
    };
    /** Log. */
    LIFECYCLE_EVENT: {
        kind: "log";
        key: undefined;
        payload: LifecycleEventPayload;
        data: {
            event: LifecycleEventPayload;
        };
    };
    /** State, one value a user. */
    GINIE_STATUS_UPDATE: {
        kind: "state";
        key: undefined;
        payload: GinieStatusPayload;
        data: {
            status: GinieStatusPayload;
        };
    };
    /** State, one value a user. */
    CIRCUIT_BREAKER_UPDATE: {
        kind: "state";
        key: undefined;
        payload: CircuitBreakerPayload;
        data: {
            state: CircuitBreakerPayload;
        };
    };
    /** State, one value a user. */
    PNL_UPDATE: {
        kind: "state";
        key: undefined;
        payload: PnLPayload;
        data: {
            pnl: PnLPayload;
        };
    };
    /** State, by key. */
    MODE_STATUS_UPDATE: {
        kind: "state";
        key: string;
        payload: ModeStatusPayload;
        data: {
            status: ModeStatusPayload;
        };
    };
    /** State, one value a user; public. */
    SYSTEM_STATUS_UPDATE: {
        kind: "state";
        key: undefined;
        payload: SystemStatusPayload;
        data: {
            status: SystemStatusPayload;
        };
    };
    /** State, by key. */
    SIGNAL_UPDATE: {
        kind: "state";
        key: string;
        payload: SignalUpdatePayload;
        data: {
            signal: SignalUpdatePayload;
        };
    };
}
/** The names of the event types. */
export type WebSocketEventType = "CHAIN_UPDATE" | "LIFECYCLE_EVENT" | "GINIE_STATUS_UPDATE" | "CIRCUIT_BREAKER_UPDATE" | "PNL_UPDATE" | "MODE_STATUS_UPDATE" | "SYSTEM_STATUS_UPDATE" | "SIGNAL_UPDATE";
/** What a map of event types says of one of them. */
export interface EventTypeInfo {
    kind: "state" | "log";
    key: string | undefined;
    payload: unknown;
    data: unknown;
}
/** The field of a record that names the thing that it is the State of: only where the event type has a key. */
export type KeyField<Key extends string | undefined> = Key extends string ? {
    key: Key;
} : {
    key?: undefined;
};
/** The current value of something; it replaces the one before, of the same type and key. */
export type StateFrame<Type extends string = string, Key extends string | undefined = string | undefined, Data = unknown> = KeyField<Key> & {
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
export type RemovedFrame<Type extends string = string, Key extends string | undefined = string | undefined> = KeyField<Key> & {
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
    [Type in keyof Types & string]: Types[Type] extends {
        kind: "log";
        data: infer Data;
    } ? LogFrame<Type, Data> : Types[Type] extends {
        kind: "state";
        key: infer Key extends string | undefined;
        data: infer Data;
    } ? StateFrame<Type, Key, Data> | RemovedFrame<Type, Key> : never;
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
