//! The TypeScript types of the crate's events and of a host's, held to what is checked in and to what is on the wire.
#![cfg(all(feature = "typescript", feature = "trading"))]
#![allow(dead_code, clippy::unwrap_used)]

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};
use ts_rs::TS;
use user_hub::typescript::{TypeScript, TypeScriptError};
use user_hub::{Cursor, Event, Timestamp};

/// Compares a checked-in file, and writes it when `USER_HUB_WRITE` is set.
fn hold(file: &str, types: &TypeScript) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let again = "USER_HUB_WRITE=1 cargo test --all-features --test typescript";
    let text = types.clone().made_by(again).render().unwrap();
    if std::env::var_os("USER_HUB_WRITE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = text.lines().zip(checked_in.lines()).find(|(is, was)| is != was);
    assert!(text == checked_in, "{file} is old ({differs:?}); to make it again: {again}");
}

#[test]
fn the_client_has_the_types_of_the_eight() {
    hold("clients/typescript/src/trading.ts", &TypeScript::trading());
}

#[test]
fn the_client_has_the_types_of_the_frames_alone() {
    hold("clients/typescript/src/wire.ts", &TypeScript::new());
}

/// The members of an interface, by line.
fn members<'f>(file: &'f str, interface: &str) -> BTreeMap<&'f str, &'f str> {
    let (_, behind) = file.split_once(&format!("export interface {interface} {{\n")).unwrap();
    let (inside, _) = behind.split_once("\n}\n").unwrap();
    let lines = inside.lines().filter(|line| line.ends_with(';'));
    lines.map(|line| line.trim().trim_end_matches(';').split_once(": ").unwrap()).collect()
}

#[test]
fn the_interfaces_of_the_eight_have_the_fields_that_are_on_the_wire() {
    let file = TypeScript::trading().render().unwrap();
    for (interface, golden, path) in [
        ("ChainUpdatePayload", include_str!("golden/chain_update.json"), "/chain"),
        ("Order", include_str!("golden/chain_update.json"), "/chain/orders/0"),
        ("LifecycleEventPayload", include_str!("golden/lifecycle_event.json"), "/event"),
        ("GinieStatusPayload", include_str!("golden/ginie_status_update.json"), "/status"),
        ("CircuitBreakerPayload", include_str!("golden/circuit_breaker_update.json"), "/state"),
        ("PnLPayload", include_str!("golden/pnl_update.json"), "/pnl"),
        ("PnlByMode", include_str!("golden/pnl_update.json"), "/pnl/pnlByMode"),
        ("TradesCount", include_str!("golden/pnl_update.json"), "/pnl/tradesCount"),
        ("PositionPnl", include_str!("golden/pnl_update.json"), "/pnl/positions/0"),
        ("ModeStatusPayload", include_str!("golden/mode_status_update.json"), "/status"),
        ("SystemStatusPayload", include_str!("golden/system_status_update.json"), "/status"),
        ("SignalUpdatePayload", include_str!("golden/signal_update.json"), "/signal"),
    ] {
        let golden: Value = serde_json::from_str(golden).unwrap();
        let data = golden.get("data").unwrap_or(&golden).pointer(path).unwrap().as_object().unwrap();
        let declared: BTreeSet<&str> = members(&file, interface).into_keys().collect();
        assert_eq!(declared, data.keys().map(String::as_str).collect(), "{interface}");
        for (field, value) in data.iter().filter(|(_, value)| value.is_null()) {
            assert!(members(&file, interface)[field.as_str()].ends_with(" | null"), "{interface}.{field} is {value}");
        }
    }
    assert!(!file.contains("```") && !file.contains("::"), "nothing that only rustdoc understands");
}

// A host's own.

/// How a parcel stands: `PARCEL`, with *all* that a host may need.
///
/// See [`Place`], [the guide](https://example.com/guide) and [when it left](Self::left_at).
///
/// # Examples
///
/// ```
/// let parcel = "for **/*.rs */ only";
/// ```
#[derive(Serialize, TS, Event)]
#[serde(rename_all = "camelCase")]
#[event(name = "parcel.moved:v2", field = "the parcel", state(key = id, version = revision), public)]
struct Parcel {
    /// Its number.
    id: u64,
    revision: i64,
    /// Unknown until it has left; all of `src/**/*.rs` */ has it.
    left_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(rename = "is-fragile")]
    fragile: bool,
    place: Place,
    way: Vec<Place>,
    size: (f64, f64, f64),
    stickers: BTreeMap<String, Option<Color>>,
    by_color: HashMap<Color, u8>,
    counts: BTreeMap<u32, u128>,
    inside: Option<Box<Contents>>,
    #[serde(flatten)]
    origin: Origin,
    #[serde(skip)]
    secret: String,
    seen_at: Cow<'static, str>,
    cursor: Option<Cursor>,
    nested: Option<Option<char>>,
    r#type: (),
}

/// The places that a parcel comes through.
#[derive(Serialize, TS)]
#[serde(tag = "at", rename_all = "snake_case", rename_all_fields = "camelCase")]
enum Place {
    Warehouse,
    OnTheRoad {
        /// How far it is.
        kilometers_left: u32,
    },
    Door(Address),
}

/// A color.
#[derive(Serialize, TS, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Color {
    Red,
    DarkBlue,
    #[serde(rename = "of its own")]
    Other,
}

/// Parcels in a parcel.
#[derive(Serialize, TS)]
struct Contents {
    parts: Vec<Contents>,
    label: Label,
    weight: Weight,
}

#[derive(Serialize, TS)]
struct Label(String);

#[derive(Serialize, TS)]
enum Weight {
    Grams(u32),
    Between { least: u32, most: u32 },
    Unknown,
}

#[derive(Serialize, TS)]
#[serde(rename_all = "camelCase")]
struct Address {
    street: String,
    house_number: u16,
}

/// Where it came from.
#[derive(Serialize, TS)]
#[serde(rename_all = "camelCase")]
struct Origin {
    /// In two letters.
    sent_from: String,
}

/// A page of a list.
#[derive(Serialize, TS, Event)]
#[event(name = "PAGE", log)]
struct Page<T> {
    items: Vec<T>,
    last: Option<T>,
    total: usize,
}

#[derive(Serialize, TS, Event)]
#[serde(tag = "kind", content = "what", rename_all = "lowercase")]
#[event(name = "ALARM", field = "alarm", state)]
enum Alarm {
    Fire(Address),
    Quiet,
}

fn parcel() -> Parcel {
    let contents = |parts| Contents { parts, label: Label("fragile".into()), weight: Weight::Grams(7) };
    Parcel {
        id: 7,
        revision: 3,
        left_at: None,
        note: None,
        fragile: true,
        place: Place::OnTheRoad { kilometers_left: 12 },
        way: vec![Place::Warehouse, Place::Door(Address { street: "Main".into(), house_number: 1 })],
        size: (1.0, 2.0, 3.5),
        stickers: BTreeMap::from([("top".into(), Some(Color::DarkBlue)), ("side".into(), None)]),
        by_color: HashMap::from([(Color::Other, 2)]),
        counts: BTreeMap::from([(4, 5)]),
        inside: Some(Box::new(contents(vec![contents(Vec::new())]))),
        origin: Origin { sent_from: "DE".into() },
        secret: "not for you".into(),
        seen_at: "gate".into(),
        cursor: "0123456789abcdef-4".parse().ok(),
        nested: Some(None),
        r#type: (),
    }
}

#[test]
fn a_host_has_the_types_of_its_own_events() {
    let types = TypeScript::new().event::<Parcel>().event::<Page<Address>>().event::<Page<Address>>().event::<Alarm>();
    hold("tests/golden/host.ts", &types);
    let file = types.render().unwrap();
    assert_eq!(file, types.render().unwrap());

    // What the interface declares is what is sent.
    let sent = serde_json::to_value(parcel()).unwrap();
    let declared = members(&file, "Parcel").into_keys().filter(|name| !name.ends_with('?'));
    let declared: BTreeSet<&str> = declared.map(|name| name.trim_matches('"')).collect();
    assert_eq!(declared, sent.as_object().unwrap().keys().map(String::as_str).collect());
}

#[test]
fn the_eight_and_a_hosts_own_stand_in_one_file() {
    let file = TypeScript::trading().event::<Alarm>().render().unwrap();
    assert!(file.contains("  | \"SIGNAL_UPDATE\"\n  | \"ALARM\";\n"));
    let mut lines = TypeScript::new().event::<Alarm>().made_by("make\nit\u{2028}twice").render().unwrap();
    lines.truncate(lines.find('\n').unwrap());
    assert!(lines.ends_with("To make it again: make it twice"), "the command is one line: {lines}");
}

// What each Rust type becomes. `Of` mentions it, and is left out of what is looked at.

#[derive(Serialize, TS, Event)]
#[event(name = "OF", log)]
struct Of<T> {
    it: T,
}

/// How a type is mentioned.
#[track_caller]
fn mentioned<T: Serialize + TS + 'static>() -> String {
    let file = TypeScript::new().event::<Of<T>>().render().unwrap();
    let (_, behind) = file.split_once("payload: Of<").unwrap();
    behind.split_once(">; data").unwrap().0.to_owned()
}

/// What is declared for a type.
fn declared<T: Serialize + TS + 'static>() -> Result<String, TypeScriptError> {
    let file = TypeScript::new().event::<Of<T>>().render()?;
    let (_, behind) = file.split_once("export interface Of<T> {\n  it: T;\n}\n").unwrap();
    Ok(behind.split_once("/** The event types").unwrap().0.trim().to_owned())
}

#[test]
fn every_rust_type_is_what_stands_in_the_json() {
    for (is, expected) in [
        (mentioned::<u64>(), "number"),
        (mentioned::<i64>(), "number"),
        (mentioned::<u128>(), "number"),
        (mentioned::<f32>(), "number"),
        (mentioned::<bool>(), "boolean"),
        (mentioned::<char>(), "string"),
        (mentioned::<&'static str>(), "string"),
        (mentioned::<Box<str>>(), "string"),
        (mentioned::<()>(), "null"),
        (mentioned::<Timestamp>(), "string"),
        (mentioned::<Cursor>(), "string"),
        (mentioned::<Option<u8>>(), "number | null"),
        (mentioned::<Option<Option<u8>>>(), "number | null | null"),
        (mentioned::<Vec<Option<u8>>>(), "Array<number | null>"),
        (mentioned::<Box<Label>>(), "Label"),
        (mentioned::<Cow<'static, [u8]>>(), "Array<number>"),
        (mentioned::<BTreeSet<String>>(), "Array<string>"),
        (mentioned::<(u8, String)>(), "[number, string]"),
        (mentioned::<[u8; 2]>(), "[number, number]"),
        (mentioned::<HashMap<u64, bool>>(), "{ [key in number]: boolean }"),
        (mentioned::<BTreeMap<Color, u8>>(), "{ [key in Color]?: number }"),
        (mentioned::<Result<u8, String>>(), "{ Ok: number } | { Err: string }"),
        (mentioned::<user_hub::trading::Side>(), "Side"),
        (mentioned::<Page<Page<u8>>>(), "Page<Page<number>>"),
    ] {
        assert_eq!(is, expected);
    }
}

/// What is declared, and what is sent.
#[track_caller]
fn assert_says<T: Serialize + TS + 'static>(value: T, expected: &str, sent: Value) {
    assert_eq!(declared::<T>().unwrap(), expected);
    assert_eq!(serde_json::to_value(value).unwrap(), sent);
}

#[test]
fn what_serde_renames_leaves_out_and_flattens_the_types_do_too() {
    #[derive(Serialize, TS, Default)]
    #[serde(rename_all = "SCREAMING-KEBAB-CASE")]
    struct Named {
        one_two: u8,
        #[serde(rename = "b")]
        other: u8,
        #[serde(skip)]
        secret: u8,
        #[ts(skip)]
        #[serde(skip_serializing)]
        hidden: u8,
        r#type: u8,
    }
    let named = "export interface Named {\n  \"ONE-TWO\": number;\n  b: number;\n  TYPE: number;\n}";
    assert_says(Named::default(), named, json!({ "ONE-TWO": 0, "b": 0, "TYPE": 0 }));

    #[derive(Serialize, TS, Default)]
    struct Optional {
        there: Option<u8>,
        #[serde(default)]
        there_too: Option<u8>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        absent: Option<u8>,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        text: String,
    }
    let optional = "export interface Optional {\n  there: number | null;\n  there_too: number | null;\n  \
                    absent?: number | null;\n  text?: string;\n}";
    assert_says(Optional::default(), optional, json!({ "there": null, "there_too": null }));

    #[derive(Serialize, TS)]
    struct Flat {
        a: u8,
        #[serde(flatten)]
        shape: Shape,
        #[serde(flatten)]
        others: BTreeMap<String, u8>,
    }
    #[derive(Serialize, TS)]
    #[serde(tag = "shape")]
    enum Shape {
        Round { radius: f64 },
        Flat,
    }
    let flat = "export type Flat = {\n  a: number;\n} & ({ shape: \"Round\"; radius: number } | { shape: \"Flat\" }) & \
                ({ [key in string]: number });";
    let value = Flat { a: 1, shape: Shape::Round { radius: 2.0 }, others: BTreeMap::from([("z".into(), 3)]) };
    assert_says(value, flat, json!({ "a": 1, "shape": "Round", "radius": 2.0, "z": 3 }));

    #[derive(Serialize, TS)]
    #[serde(untagged)]
    enum Untagged {
        Number(u8),
        Pair(u8, String),
        Named { a: u8 },
        Nothing,
    }
    let untagged = "export type Untagged = number | [number, string] | { a: number } | null;";
    assert_says(Untagged::Pair(1, "b".into()), untagged, json!([1, "b"]));
    assert_says(Untagged::Nothing, untagged, Value::Null);

    #[derive(Serialize, TS)]
    struct Unit;
    assert_says(Unit, "export type Unit = null;", Value::Null);
    #[derive(Serialize, TS)]
    struct Empty {}
    assert_says(Empty {}, "export type Empty = Record<symbol, never>;", json!({}));
    #[derive(Serialize, TS)]
    #[serde(tag = "kind", rename = "Labelled")]
    struct Tagged {
        a: u8,
    }
    let tagged = "export interface Labelled {\n  kind: \"Labelled\";\n  a: number;\n}";
    assert_says(Tagged { a: 1 }, tagged, json!({ "kind": "Labelled", "a": 1 }));
}

/// What the documentation of the module warns of: if one of these becomes right, the warning can go.
#[test]
fn what_ts_rs_does_not_see_can_be_said_by_hand() {
    #[derive(Serialize, TS, Default)]
    struct Unseen {
        #[serde(skip_serializing_if = "Option::is_none")]
        absent: Option<u8>,
        #[serde(skip_serializing)]
        hidden: u8,
        #[serde(rename(serialize = "sent"))]
        named: u8,
        nothing: std::marker::PhantomData<u8>,
    }
    let unseen = "export interface Unseen {\n  absent: number | null;\n  hidden: number;\n  named: number;\n  \
                  nothing: number;\n}";
    assert_says(Unseen::default(), unseen, json!({ "sent": 0, "nothing": null }));

    #[derive(Serialize, TS, Default)]
    struct Said {
        #[serde(skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        absent: Option<u8>,
        #[serde(skip_serializing)]
        #[ts(skip)]
        hidden: u8,
        #[serde(rename(serialize = "sent"))]
        #[ts(rename = "sent")]
        named: u8,
        #[ts(type = "null")]
        nothing: std::marker::PhantomData<u8>,
        #[serde(with = "as_text")]
        #[ts(as = "String")]
        number: u8,
    }
    let said = "export interface Said {\n  absent?: number;\n  sent: number;\n  nothing: null;\n  number: string;\n}";
    assert_says(Said::default(), said, json!({ "sent": 0, "nothing": null, "number": "0" }));
}

mod as_text {
    pub(super) fn serialize<S: serde::Serializer>(number: &u8, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }
}

// What is refused.

mod other {
    #[derive(serde::Serialize, ts_rs::TS, user_hub::Event)]
    #[event(name = "ALARM", state)]
    pub(super) struct Alarm(u8);

    /// Of the same name and with the same fields as the one outside.
    #[derive(serde::Serialize, ts_rs::TS)]
    pub(super) struct Label(String);
}

#[test]
fn a_name_is_one_event_type_and_one_type() {
    let twice = TypeScript::new().event::<Alarm>().event::<other::Alarm>().render().unwrap_err();
    assert!(matches!(twice, TypeScriptError::EventTwice { name: "ALARM", .. }));
    let expected = "the event type `ALARM` is both `typescript::Alarm` and `typescript::other::Alarm`";
    assert_eq!(twice.to_string(), expected);

    let twice = declared::<(Alarm, other::Alarm)>().unwrap_err();
    assert!(matches!(&twice, TypeScriptError::NameTwice { name, .. } if name == "Alarm"), "{twice}");
    // What their documentation says is a difference, too.
    assert!(matches!(declared::<(Label, other::Label)>(), Err(TypeScriptError::NameTwice { .. })));
}

#[test]
fn types_that_differ_only_in_what_typescript_does_not_know_are_one() {
    #[derive(Serialize, TS)]
    struct Id<const SHARD: usize>(u64);
    assert_eq!(declared::<(Id<1>, Id<2>)>().unwrap(), "export type Id = number;");
}

#[test]
fn a_name_that_the_file_needs_is_refused() {
    macro_rules! called {
        ($($name:literal)+) => {
            [$({
                #[derive(Serialize, TS)]
                #[ts(rename = $name)]
                struct Called {
                    a: u8,
                }
                ($name, declared::<Called>())
            }),+]
        };
    }
    for (name, result) in called!(
        "Frame" "RecordFrame" "RecordFrameOf" "ControlFrame" "StateFrame" "GapFrame" "EventTypes" "WebSocketEventType"
        "KeyField" "Array" "Record"
    ) {
        assert!(
            matches!(&result, Err(TypeScriptError::Taken { name: taken, .. }) if taken == name),
            "{name}: {result:?}"
        );
    }
    for (name, result) in called!("" "my-order" "7up" "a b" "a;b" "string" "never" "class" "null" "undefined") {
        assert!(matches!(&result, Err(TypeScriptError::NoName { name: no, .. }) if no == name), "{name}: {result:?}");
    }
    for (name, result) in called!("Größe" "$order" "_" "type" "ORDER_2") {
        assert!(result.is_ok_and(|text| text.contains(&format!("export interface {name} {{"))), "{name}");
    }
}

#[track_caller]
fn assert_inexpressible<T: Serialize + TS + 'static>(because: &str) {
    match declared::<T>() {
        Err(TypeScriptError::Inexpressible { rust, why }) => {
            assert!(why.contains(because) && rust.contains("typescript::"), "{rust}: {why}");
        }
        result => panic!("{result:?}"),
    }
}

#[test]
fn what_is_no_type_alone_or_not_valid_is_refused() {
    #[derive(Serialize, TS)]
    struct FlatOption {
        a: u8,
        #[serde(flatten)]
        origin: Option<Origin>,
    }
    assert_inexpressible::<FlatOption>("cannot be flattened");

    #[derive(Serialize, TS)]
    #[ts(repr(enum))]
    enum Code {
        One = 1,
    }
    assert_inexpressible::<Code>("it is no type alone, but code");

    #[derive(Serialize, TS)]
    enum Quoted {
        #[serde(rename = "say \"hi\"")]
        Hi,
    }
    assert_inexpressible::<Quoted>("goes on behind its quote");

    #[derive(Serialize, TS)]
    struct Slashed {
        #[serde(rename = "a\\b")]
        a: u8,
    }
    assert_inexpressible::<Slashed>("has a backslash");

    #[derive(Serialize, TS)]
    struct Unbalanced {
        #[ts(type = "Array<string")]
        a: Vec<String>,
    }
    assert_inexpressible::<Unbalanced>("has no `>`");
}

#[test]
fn a_mistake_far_down_is_found() {
    #[derive(Serialize, TS)]
    struct Frame(u8);
    #[derive(Serialize, TS)]
    struct Deep {
        of: Vec<Option<BTreeMap<String, Box<Frame>>>>,
    }
    assert!(matches!(declared::<Deep>(), Err(TypeScriptError::Taken { .. })));
}
