//! Any payload through the strict encoder: it writes what `serde_json` writes, or says why a browser could not read it.
#![no_main]

use std::fmt;

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use serde::Serialize;
use serde::ser::{Error, SerializeMap, SerializeSeq, SerializeStruct, SerializeTuple, Serializer};
use serde_json::Value;
use user_hub::{DynamicEvent, EncodeError, ErasedEvent, Event, Outcome, Rejection, UserHub};
use user_hub_fuzz::{Wire, frames};

/// Whatever a `Serialize` may do, what it should not among it.
#[derive(Arbitrary, Debug)]
enum Node {
    Unit,
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Wide(i128),
    UnsignedWide(u128),
    Single(f32),
    Double(f64),
    Char(char),
    Text(String),
    Bytes(Vec<u8>),
    Some(Box<Node>),
    Newtype(Box<Node>),
    Variant(Box<Node>),
    Tuple(Vec<Node>),
    Struct(Box<Node>, Box<Node>),
    Seq { length: Option<u8>, items: Vec<Node> },
    Map(Vec<(Key, Node)>),
    Shown(String),
    // And what it should not.
    Fails(String),
    Swallows(Vec<Node>),
    KeyAlone(String),
}

#[derive(Arbitrary, Debug)]
enum Key {
    Text(String),
    Signed(i64),
    Wide(u128),
    Double(f64),
    Bool(bool),
    Char(char),
    Node(Box<Node>),
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => text.serialize(serializer),
            Self::Signed(number) => number.serialize(serializer),
            Self::Wide(number) => number.serialize(serializer),
            Self::Double(number) => number.serialize(serializer),
            Self::Bool(is) => is.serialize(serializer),
            Self::Char(char) => char.serialize(serializer),
            Self::Node(node) => node.serialize(serializer),
        }
    }
}

struct Shown<'t>(&'t str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|char| fmt::Write::write_char(formatter, char))
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Unit => serializer.serialize_unit(),
            Self::Bool(is) => serializer.serialize_bool(*is),
            Self::Signed(number) => serializer.serialize_i64(*number),
            Self::Unsigned(number) => serializer.serialize_u64(*number),
            Self::Wide(number) => serializer.serialize_i128(*number),
            Self::UnsignedWide(number) => serializer.serialize_u128(*number),
            Self::Single(number) => serializer.serialize_f32(*number),
            Self::Double(number) => serializer.serialize_f64(*number),
            Self::Char(char) => serializer.serialize_char(*char),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Bytes(bytes) => serializer.serialize_bytes(bytes),
            Self::Some(node) => serializer.serialize_some(&**node),
            Self::Newtype(node) => serializer.serialize_newtype_struct("Newtype", &**node),
            Self::Variant(node) => serializer.serialize_newtype_variant("Enum", 0, "variant", &**node),
            Self::Tuple(nodes) => {
                let mut tuple = serializer.serialize_tuple(nodes.len())?;
                nodes.iter().try_for_each(|node| tuple.serialize_element(node))?;
                tuple.end()
            }
            Self::Struct(one, other) => {
                let mut fields = serializer.serialize_struct("Struct", 2)?;
                fields.serialize_field("one", &**one)?;
                fields.serialize_field("other", &**other)?;
                fields.end()
            }
            Self::Seq { length, items } => {
                let mut seq = serializer.serialize_seq(length.map(usize::from))?;
                items.iter().try_for_each(|node| seq.serialize_element(node))?;
                seq.end()
            }
            Self::Map(entries) => {
                let mut map = serializer.serialize_map(None)?;
                entries.iter().try_for_each(|(key, node)| map.serialize_entry(key, node))?;
                map.end()
            }
            Self::Shown(text) => serializer.collect_str(&Shown(text)),
            Self::Fails(message) => Err(S::Error::custom(message)),
            Self::Swallows(nodes) => {
                let mut seq = serializer.serialize_seq(None)?;
                for node in nodes {
                    let _ = seq.serialize_element(node);
                }
                seq.end()
            }
            Self::KeyAlone(key) => {
                let mut map = serializer.serialize_map(None)?;
                map.serialize_key(key)?;
                map.end()
            }
        }
    }
}

impl Key {
    /// Whether it cannot be the key of an object: only text can, and what has one text.
    fn has_fault(&self) -> bool {
        serde_json::to_string(&OneKey(self)).is_err()
    }
}

/// A map with nothing but this key.
struct OneKey<'k>(&'k Key);

impl Serialize for OneKey<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([(self.0, ())])
    }
}

impl Node {
    /// Whether something in it is not for a browser, or not for anybody.
    fn has_fault(&self) -> bool {
        const SAFE: u128 = 1 << 53;
        match self {
            Self::Signed(number) => u128::from(number.unsigned_abs()) > SAFE,
            Self::Unsigned(number) => u128::from(*number) > SAFE,
            Self::Wide(number) => number.unsigned_abs() > SAFE,
            Self::UnsignedWide(number) => *number > SAFE,
            Self::Single(number) => !number.is_finite(),
            Self::Double(number) => !number.is_finite(),
            Self::Some(node) | Self::Newtype(node) | Self::Variant(node) => node.has_fault(),
            Self::Tuple(nodes) | Self::Seq { items: nodes, .. } | Self::Swallows(nodes) => {
                nodes.iter().any(Self::has_fault)
            }
            Self::Struct(one, other) => one.has_fault() || other.has_fault(),
            Self::Map(entries) => entries.iter().any(|(key, node)| key.has_fault() || node.has_fault()),
            Self::Fails(_) | Self::KeyAlone(_) => true,
            Self::Unit | Self::Bool(_) | Self::Char(_) | Self::Text(_) | Self::Bytes(_) | Self::Shown(_) => false,
        }
    }

    /// Whether it nests no deeper than that.
    fn is_within(&self, depth: usize) -> bool {
        let Some(below) = depth.checked_sub(1) else { return false };
        match self {
            Self::Some(node) | Self::Newtype(node) | Self::Variant(node) => node.is_within(below),
            Self::Tuple(nodes) | Self::Seq { items: nodes, .. } | Self::Swallows(nodes) => {
                nodes.iter().all(|node| node.is_within(below))
            }
            Self::Struct(one, other) => one.is_within(below) && other.is_within(below),
            Self::Map(entries) => entries
                .iter()
                .all(|(key, node)| node.is_within(below) && !matches!(key, Key::Node(key) if !key.is_within(below))),
            _ => true,
        }
    }

    /// Whether `serde_json` alone might write something that is no JSON.
    fn lies(&self) -> bool {
        match self {
            Self::Seq { length, items } => {
                length.is_some_and(|length| usize::from(length) != items.len()) || items.iter().any(Self::lies)
            }
            Self::Tuple(nodes) => nodes.iter().any(Self::lies),
            Self::Swallows(_) => true,
            Self::Some(node) | Self::Newtype(node) | Self::Variant(node) => node.lies(),
            Self::Struct(one, other) => one.lies() || other.lies(),
            Self::Map(entries) => entries.iter().any(|(key, node)| key.lies() || node.lies()),
            _ => false,
        }
    }
}

impl Key {
    fn lies(&self) -> bool {
        matches!(self, Self::Node(node) if node.lies())
    }
}

#[derive(Serialize, Event)]
#[event(name = "VALUE", field = "value", state(key = id))]
#[serde(transparent)]
struct Payload<'n> {
    #[serde(skip)]
    id: &'static str,
    node: &'n Node,
}

/// `serde_json` reads no deeper than 128; the encoder goes as deep as the payload.
const DEPTH: usize = 120;

fuzz_target!(|node: Node| {
    if !node.is_within(DEPTH) {
        return;
    }
    let payload = Payload { id: "it", node: &node };
    let plain = serde_json::to_string(&node);
    let data = payload.data();
    match &data {
        Ok(data) => {
            assert!(!node.has_fault(), "{data}");
            let value: Value = serde_json::from_str(data).expect("what is encoded is JSON");
            check_plain(&node, plain.as_deref().expect("serde_json writes it too"), data, &value);
        }
        Err(EncodeError::NotFinite { .. } | EncodeError::UnsafeInteger { .. }) => assert!(node.has_fault()),
        Err(EncodeError::Failed { message }) => assert!(message.chars().count() <= 200),
        Err(other) => panic!("{other}"),
    }
    check_broadcast(&payload, &data);
    if let Ok(Ok(value)) = plain.map(|plain| serde_json::from_str::<Value>(&plain)) {
        let event = DynamicEvent::log("VALUE", value.clone()).expect("a name");
        match event.data() {
            Ok(data) => assert_eq!(data, value.to_string()),
            Err(error) => assert!(matches!(error, EncodeError::UnsafeInteger { .. }), "{error}"),
        }
    }
});

/// `serde_json` writes the same text, unless a length was a lie or an error was swallowed.
fn check_plain(node: &Node, plain: &str, data: &str, value: &Value) {
    if !node.lies() {
        assert_eq!(data, format!("{{\"value\":{plain}}}"));
        assert_eq!(value["value"], serde_json::from_str::<Value>(plain).expect("serde_json writes JSON"));
    }
}

/// The same over the wire, where what is refused takes the value of before off the screens.
fn check_broadcast(payload: &Payload<'_>, data: &Result<String, EncodeError>) {
    let hub = UserHub::builder().event_bytes(1024).build().expect("limits");
    let mut device = hub.connect("alice").expect("a user");
    let (mut wire, before) = (Wire::new("alice"), Node::Bool(true));
    hub.broadcast("alice", &Payload { id: "it", node: &before });
    for frame in frames(&mut device) {
        wire.take(frame.text());
    }
    let outcome = hub.broadcast("alice", payload);
    let seen: Vec<Value> = frames(&mut device).iter().map(|frame| wire.take(frame.text())).collect();
    let [seen] = seen.as_slice() else { panic!("{seen:?}") };
    match data {
        Ok(data) if data.len() <= 1024 => {
            assert_eq!(outcome, Outcome::Queued { connections: 1 });
            assert_eq!(Some(&seen["data"]), serde_json::from_str(data).ok().as_ref());
        }
        Ok(_) => assert_eq!(outcome, Outcome::Rejected(Rejection::Encode(EncodeError::TooLarge { limit: 1024 }))),
        Err(_) => assert!(matches!(outcome, Outcome::Rejected(Rejection::Encode(_))), "{outcome:?}"),
    }
    let is_refused = matches!(outcome, Outcome::Rejected(_));
    assert_eq!((seen["removed"] == true, seen["reason"] == "rejected"), (is_refused, is_refused), "{seen}");
}
