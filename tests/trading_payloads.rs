//! The eight shipped payloads are on the wire exactly what existing clients read.
#![cfg(feature = "trading")]
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeSet, HashSet};

use serde::de::DeserializeOwned;
use serde_json::Value;
use user_hub::trading::{
    BreakerPhase, ChainStatus, ChainUpdate, CircuitBreaker, Direction, EVENT_NAMES, GinieStatus, LifecycleEvent,
    LifecycleEventType, Mode, ModeState, ModeStatus, Order, OrderSide, OrderStatus, OrderType, PnlByMode, PnlUpdate,
    PositionPnl, Side, SignalPrices, SignalStatus, SignalUpdate, SystemStatus, TradesCount,
};
use user_hub::{EncodeError, ErasedEvent, Event, Kind, PublicEvent, Timestamp, Version};

const CHAIN: &str = include_str!("golden/chain_update.json");
const LIFECYCLE: &str = include_str!("golden/lifecycle_event.json");
const GINIE: &str = include_str!("golden/ginie_status_update.json");
const BREAKER: &str = include_str!("golden/circuit_breaker_update.json");
const PNL: &str = include_str!("golden/pnl_update.json");
const MODE: &str = include_str!("golden/mode_status_update.json");
const SYSTEM: &str = include_str!("golden/system_status_update.json");
const SIGNAL: &str = include_str!("golden/signal_update.json");

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    at("2026-11-22T23:59:39.123Z")
}

fn chain() -> ChainUpdate {
    let mut entry = Order::new("8886774", OrderType::Limit, OrderSide::Buy, OrderStatus::Filled, 0.02, 0.02);
    entry.client_order_id = Some("chain-7-E".into());
    entry.price = Some(97_000.5);
    let stop = Order::new("8886775", OrderType::StopMarket, OrderSide::Sell, OrderStatus::New, 0.02, 0.0);
    let mut chain = ChainUpdate::new("chain-7", "BTCUSDT", Side::Long, ChainStatus::Active, now());
    chain.mode = Some(Mode::Scalp);
    chain.orders = vec![entry, stop];
    chain
}

fn lifecycle() -> LifecycleEvent {
    let mut event = LifecycleEvent::new("event-31", "trade-7", LifecycleEventType::TpHit, "BTCUSDT", now());
    event.price = Some(97_600.0);
    event.quantity = Some(0.01);
    event.pnl = Some(6.0);
    event
}

fn ginie() -> GinieStatus {
    let mut status = GinieStatus::new(Mode::Scalp);
    status.is_running = true;
    status.active_positions = 2;
    status.total_modes = 4;
    status.last_signal_time = Some(at("2026-11-22T23:58:00Z"));
    status.last_signal_symbol = Some("ETHUSDT".into());
    status.daily_pnl = -12.75;
    status.daily_trades = 9;
    status
}

fn breaker() -> CircuitBreaker {
    let mut breaker = CircuitBreaker::new(BreakerPhase::HalfOpen);
    breaker.trigger_reason = Some("3 losses in a row".into());
    breaker.triggered_at = Some(at("2026-11-22T23:30:00Z"));
    breaker.trip_count = 2;
    breaker.last_tripped_at = breaker.triggered_at;
    breaker.consecutive_losses = 3;
    breaker.daily_loss = 85.4;
    breaker
}

fn pnl() -> PnlUpdate {
    let mut pnl = PnlUpdate::new(now());
    pnl.total_pnl = 1234.5;
    pnl.daily_pnl = -12.75;
    pnl.unrealized_pnl = 40.25;
    pnl.realized_pnl = 1194.25;
    pnl.pnl_by_mode = PnlByMode::new(100.5, -20.25, 1154.25, 0.0);
    pnl.trades_count = TradesCount::new(8, 5, 2);
    pnl.win_rate = 0.625;
    pnl.positions = vec![PositionPnl::new("BTCUSDT", 52.75, 2.7), PositionPnl::new("ETHUSDT", -12.5, -0.6)];
    pnl
}

fn mode() -> ModeStatus {
    let mut status = ModeStatus::new(Mode::Swing, true, ModeState::Paused);
    status.active_positions = 1;
    status.allocated_capital = Some(2500.0);
    status
}

fn system() -> SystemStatus {
    let mut status = SystemStatus::new(at("2026-11-22T06:00:00Z"));
    status.binance_connected = true;
    status.database_connected = true;
    status.api_healthy = true;
    status.websocket_clients = 3;
    status
}

fn signal() -> SignalUpdate {
    let prices = SignalPrices { entry: 97_000.5, stop_loss: 96_500.0, take_profit: vec![97_600.0, 98_200.0] };
    let valid = now()..at("2026-11-23T00:04:39.123Z");
    SignalUpdate::new("signal-9", "BTCUSDT", Direction::Long, Mode::Ultra, 0.82, prices, valid)
}

/// The payload is on the wire what the file says, byte for byte, and comes back from it.
#[track_caller]
fn golden<E: Event + DeserializeOwned + PartialEq + std::fmt::Debug>(event: &E, file: &str) {
    let data = event.data().unwrap();
    assert_eq!(format!("{data}\n"), file);
    let mut value: Value = serde_json::from_str(&data).unwrap();
    let payload = value[E::FIELD.unwrap()].take();
    assert_eq!(serde_json::from_value::<E>(payload).unwrap(), *event);
}

#[test]
fn the_wire_is_what_the_golden_files_say() {
    golden(&chain(), CHAIN);
    golden(&lifecycle(), LIFECYCLE);
    golden(&ginie(), GINIE);
    golden(&breaker(), BREAKER);
    golden(&pnl(), PNL);
    golden(&mode(), MODE);
    golden(&system(), SYSTEM);
    golden(&signal(), SIGNAL);
}

#[test]
fn what_new_leaves_out_is_zero_or_null_and_never_missing() {
    let keys = |json: &str| -> Vec<String> {
        let value: Value = serde_json::from_str(json).unwrap();
        let payload = value.as_object().unwrap().values().next().unwrap().clone();
        payload.as_object().unwrap().keys().cloned().collect()
    };
    let event = LifecycleEvent::new("event-1", "trade-7", LifecycleEventType::BreakerReset, "BTCUSDT", now());
    let chain = ChainUpdate::new("chain-7", "BTCUSDT", Side::Short, ChainStatus::Pending, now());
    assert_eq!(keys(&event.data().unwrap()), keys(LIFECYCLE));
    assert_eq!(keys(&chain.data().unwrap()), keys(CHAIN));
    assert_eq!(keys(&GinieStatus::new(Mode::Ultra).data().unwrap()), keys(GINIE));
    assert_eq!(keys(&CircuitBreaker::default().data().unwrap()), keys(BREAKER));
    assert_eq!(keys(&PnlUpdate::default().data().unwrap()), keys(PNL));
    assert_eq!(keys(&ModeStatus::new(Mode::Ultra, false, ModeState::Disabled).data().unwrap()), keys(MODE));
    assert_eq!(keys(&SystemStatus::new(now()).data().unwrap()), keys(SYSTEM));
    assert_eq!(
        CircuitBreaker::default().data().unwrap(),
        concat!(
            r#"{"state":{"isTriggered":false,"phase":"closed","triggerReason":null,"triggeredAt":null,"resetTime":null,"#,
            r#""tripCount":0,"lastTrippedAt":null,"consecutiveLosses":0,"dailyLoss":0.0}}"#
        )
    );
}

#[test]
fn names_kinds_and_fields_are_those_of_the_wire() {
    fn facts<E: Event>() -> (&'static str, Kind, Option<&'static str>, bool) {
        (E::NAME, E::KIND, E::FIELD, E::PUBLIC)
    }
    let all = [
        facts::<ChainUpdate>(),
        facts::<LifecycleEvent>(),
        facts::<GinieStatus>(),
        facts::<CircuitBreaker>(),
        facts::<PnlUpdate>(),
        facts::<ModeStatus>(),
        facts::<SystemStatus>(),
        facts::<SignalUpdate>(),
    ];
    let expected = [
        ("CHAIN_UPDATE", Kind::State, Some("chain"), false),
        ("LIFECYCLE_EVENT", Kind::Log, Some("event"), false),
        ("GINIE_STATUS_UPDATE", Kind::State, Some("status"), false),
        ("CIRCUIT_BREAKER_UPDATE", Kind::State, Some("state"), false),
        ("PNL_UPDATE", Kind::State, Some("pnl"), false),
        ("MODE_STATUS_UPDATE", Kind::State, Some("status"), false),
        ("SYSTEM_STATUS_UPDATE", Kind::State, Some("status"), true),
        ("SIGNAL_UPDATE", Kind::State, Some("signal"), false),
    ];
    assert_eq!(all, expected);
    assert_eq!(EVENT_NAMES.as_slice(), expected.map(|(name, ..)| name));
    assert_eq!(EVENT_NAMES.iter().collect::<HashSet<_>>().len(), 8);
    fn public<E: PublicEvent>() {}
    public::<SystemStatus>();
}

#[test]
fn keys_versions_and_expiry_come_from_the_fields() {
    let facts = |event: &dyn ErasedEvent| {
        (event.key().map(|key| key.into_owned()), event.version(), event.is_final(), event.expires_at())
    };
    let version = Version::from(now());
    assert_eq!(facts(&chain()), (Some("chain-7".into()), Some(version), false, None));
    assert_eq!(facts(&lifecycle()), (None, None, false, None));
    assert_eq!(facts(&ginie()), (None, None, false, None));
    assert_eq!(facts(&breaker()), (None, None, false, None));
    assert_eq!(facts(&pnl()), (None, None, false, None));
    assert_eq!(facts(&mode()), (Some("swing".into()), None, false, None));
    assert_eq!(facts(&system()), (None, None, false, None));
    assert_eq!(facts(&signal()), (Some("signal-9".into()), None, false, Some(at("2026-11-23T00:04:39.123Z"))));
    let mut own_mode = mode();
    own_mode.mode = "scalp_reentry".into();
    assert_eq!(ErasedEvent::key(&own_mode).as_deref(), Some("scalp_reentry"));
}

#[test]
fn exactly_the_last_statuses_are_final() {
    let over = ["closed", "cancelled", "rejected", "expired", "liquidated", "failed"];
    assert!(over.iter().all(|text| !matches!(ChainStatus::from(*text), ChainStatus::Other(_))));
    for status in ChainStatus::KNOWN.iter().cloned().chain([ChainStatus::Other("reopened".into())]) {
        let mut chain = chain();
        chain.status = status.clone();
        assert_eq!(ErasedEvent::is_final(&chain), over.contains(&status.as_str()), "{status}");
        assert_eq!(ChainStatus::from(status.as_str().to_uppercase()).is_final(), status.is_final(), "{status}");
    }
    let over = ["executed", "expired", "cancelled"];
    assert!(over.iter().all(|text| !matches!(SignalStatus::from(*text), SignalStatus::Other(_))));
    for status in SignalStatus::KNOWN.iter().cloned().chain([SignalStatus::Other("ignored".into())]) {
        let mut signal = signal();
        signal.status = status.clone();
        assert_eq!(ErasedEvent::is_final(&signal), over.contains(&status.as_str()), "{status}");
        assert_eq!(SignalStatus::from(status.as_str().to_uppercase()).is_final(), status.is_final(), "{status}");
    }
}

/// The texts of an enum are those of the trade, each comes back as its variant, and any other text as itself.
macro_rules! texts {
    ($($name:ident: $texts:expr;)+) => {$(
        let texts: &[&str] = &$texts;
        let known: Vec<&str> = $name::KNOWN.iter().map($name::as_str).collect();
        assert_eq!(known, texts);
        for (text, variant) in texts.iter().zip($name::KNOWN) {
            assert_eq!(serde_json::to_value(variant).unwrap(), Value::from(*text));
            let read: $name = serde_json::from_value(Value::from(*text)).unwrap();
            assert!(!matches!(read, $name::Other(_)), "{text}");
            assert_eq!((&read, read.to_string().as_str()), (variant, *text));
        }
        for text in ["SOMETHING_NEW", "", "tab\t\"quote\""] {
            let read: $name = serde_json::from_value(Value::from(text)).unwrap();
            assert!(matches!(&read, $name::Other(other) if other == text));
            assert_eq!(serde_json::to_value(&read).unwrap(), Value::from(text));
        }
        assert_eq!($name::Other(texts[0].into()), $name::KNOWN[0], "equal on the wire is equal here");
        assert!(serde_json::from_value::<$name>(Value::from(1)).is_err());
    )+};
}

#[test]
fn what_the_trade_has_words_for_is_those_words() {
    texts! {
        Side: ["LONG", "SHORT"];
        Direction: ["LONG", "SHORT"];
        OrderSide: ["BUY", "SELL"];
        Mode: ["ultra", "scalp", "swing", "position"];
        ModeState: ["active", "idle", "cooldown", "paused", "disabled", "error"];
        BreakerPhase: ["closed", "open", "half_open"];
        SignalStatus: ["pending", "executed", "expired", "cancelled"];
        ChainStatus: [
            "pending", "partially_filled", "filled", "active", "partially_closed", "closing", "closed", "cancelled",
            "rejected", "expired", "liquidated", "failed"
        ];
        OrderStatus: ["NEW", "PARTIALLY_FILLED", "FILLED", "CANCELED", "REJECTED", "EXPIRED", "EXPIRED_IN_MATCH"];
        OrderType: [
            "LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET",
            "LIQUIDATION"
        ];
        LifecycleEventType: [
            "ORDER_PLACED", "ORDER_FILLED", "ORDER_CANCELLED", "ORDER_REJECTED", "POSITION_OPENED",
            "POSITION_INCREASED", "POSITION_REDUCED", "POSITION_CLOSED", "POSITION_LIQUIDATED", "SL_PLACED",
            "SL_REVISED", "SL_HIT", "TP_PLACED", "TP_REVISED", "TP_HIT", "MOVED_TO_BREAKEVEN", "TRAILING_ACTIVATED",
            "BREAKER_TRIPPED", "BREAKER_RESET"
        ];
    }
}

/// Every number with a fraction in a payload, as the path that an error names it by.
fn fractions(value: &Value, path: String, found: &mut BTreeSet<String>) {
    match value {
        Value::Number(number) if number.is_f64() => drop(found.insert(path)),
        Value::Array(elements) => {
            elements.iter().enumerate().for_each(|(index, it)| fractions(it, format!("{path}[{index}]"), found));
        }
        Value::Object(fields) => {
            let dot = if path.is_empty() { "" } else { "." };
            fields.iter().for_each(|(name, it)| fractions(it, format!("{path}{dot}{name}"), found));
        }
        _ => {}
    }
}

/// One place of a payload where an amount can stand.
type Amount<E> = (&'static str, fn(&mut E) -> &mut f64);

/// NaN and infinity in any amount are refused with the name of the field, and no amount is forgotten here.
#[track_caller]
fn refuses<E: Event + Clone>(event: &E, amounts: &[Amount<E>]) {
    let mut expected = BTreeSet::new();
    fractions(&serde_json::from_str(&event.data().unwrap()).unwrap(), String::new(), &mut expected);
    assert_eq!(amounts.iter().map(|(path, _)| (*path).to_owned()).collect::<BTreeSet<_>>(), expected);
    for (path, amount) in amounts {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let mut broken = event.clone();
            *amount(&mut broken) = value;
            assert_eq!(broken.data(), Err(EncodeError::NotFinite { field: (*path).into() }));
        }
    }
}

#[test]
fn an_amount_that_json_does_not_have_is_refused_by_name() {
    refuses(
        &chain(),
        &[
            ("chain.orders[0].price", |chain| chain.orders[0].price.as_mut().unwrap()),
            ("chain.orders[0].quantity", |chain| &mut chain.orders[0].quantity),
            ("chain.orders[0].filledQuantity", |chain| &mut chain.orders[0].filled_quantity),
            ("chain.orders[1].quantity", |chain| &mut chain.orders[1].quantity),
            ("chain.orders[1].filledQuantity", |chain| &mut chain.orders[1].filled_quantity),
        ],
    );
    refuses(
        &lifecycle(),
        &[
            ("event.price", |event| event.price.as_mut().unwrap()),
            ("event.quantity", |event| event.quantity.as_mut().unwrap()),
            ("event.pnl", |event| event.pnl.as_mut().unwrap()),
        ],
    );
    refuses(&ginie(), &[("status.dailyPnL", |status| &mut status.daily_pnl)]);
    refuses(&breaker(), &[("state.dailyLoss", |state| &mut state.daily_loss)]);
    refuses(
        &pnl(),
        &[
            ("pnl.totalPnL", |pnl| &mut pnl.total_pnl),
            ("pnl.dailyPnL", |pnl| &mut pnl.daily_pnl),
            ("pnl.unrealizedPnL", |pnl| &mut pnl.unrealized_pnl),
            ("pnl.realizedPnL", |pnl| &mut pnl.realized_pnl),
            ("pnl.pnlByMode.ultra", |pnl| &mut pnl.pnl_by_mode.ultra),
            ("pnl.pnlByMode.scalp", |pnl| &mut pnl.pnl_by_mode.scalp),
            ("pnl.pnlByMode.swing", |pnl| &mut pnl.pnl_by_mode.swing),
            ("pnl.pnlByMode.position", |pnl| &mut pnl.pnl_by_mode.position),
            ("pnl.winRate", |pnl| &mut pnl.win_rate),
            ("pnl.positions[0].pnl", |pnl| &mut pnl.positions[0].pnl),
            ("pnl.positions[0].pnlPercent", |pnl| &mut pnl.positions[0].pnl_percent),
            ("pnl.positions[1].pnl", |pnl| &mut pnl.positions[1].pnl),
            ("pnl.positions[1].pnlPercent", |pnl| &mut pnl.positions[1].pnl_percent),
        ],
    );
    refuses(&mode(), &[("status.allocatedCapital", |status| status.allocated_capital.as_mut().unwrap())]);
    refuses(&system(), &[]);
    refuses(
        &signal(),
        &[
            ("signal.confidence", |signal| &mut signal.confidence),
            ("signal.entryPrice", |signal| &mut signal.entry_price),
            ("signal.stopLoss", |signal| &mut signal.stop_loss),
            ("signal.takeProfit[0]", |signal| &mut signal.take_profit[0]),
            ("signal.takeProfit[1]", |signal| &mut signal.take_profit[1]),
        ],
    );
}

#[test]
fn a_client_reads_what_a_newer_server_adds() {
    let mut value: Value = serde_json::from_str(SIGNAL).unwrap();
    let mut payload = value["signal"].take();
    payload["status"] = "under_review".into();
    payload["leverage"] = 5.into();
    let read: SignalUpdate = serde_json::from_value(payload).unwrap();
    assert_eq!(read.status.as_str(), "under_review");
    assert_eq!(read.id, "signal-9");
}
