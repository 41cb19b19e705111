//! The text of a payload is that of `serde_json`, byte for byte.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use proptest::prelude::*;
use serde::ser::{SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple};
use serde::ser::{SerializeTupleStruct, SerializeTupleVariant};
use serde::{Serialize, Serializer};
use serde_json::json;
use serde_json::value::RawValue;

use crate::EncodeError;
use crate::vocabulary::encode::{EncodeRules, write_data};

const BIG: EncodeRules = EncodeRules { limit: usize::MAX, big_integers: true };

fn encode<T: Serialize + ?Sized>(value: &T, rules: EncodeRules) -> Result<String, EncodeError> {
    let mut out = Vec::new();
    write_data(value, None, rules, &mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

/// The text, or what both say of it.
fn same<T: Serialize + ?Sized>(value: &T) -> Result<String, EncodeError> {
    let encoded = encode(value, BIG);
    match serde_json::to_string(value) {
        Ok(text) => assert_eq!(encoded.as_ref(), Ok(&text)),
        Err(error) => assert_eq!(encoded, Err(EncodeError::Failed { message: error.to_string() })),
    }
    encoded
}

/// Prints itself in pieces of one character.
struct Shown(String);
impl fmt::Display for Shown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|char| fmt::Write::write_char(formatter, char))
    }
}

/// All that serde knows.
#[derive(Debug, Clone)]
enum Node {
    Bool(bool),
    I8(i8),
    I16(i16),
    I32(i32),
    I64(i64),
    I128(i128),
    U8(u8),
    U16(u16),
    U32(u32),
    U64(u64),
    U128(u128),
    F32(f32),
    F64(f64),
    Char(char),
    Text(String),
    Shown(String),
    Bytes(Vec<u8>),
    None,
    Some(Box<Node>),
    Unit,
    UnitStruct,
    UnitVariant,
    Newtype(Box<Node>),
    NewtypeVariant(Box<Node>),
    Seq(Option<usize>, Vec<Node>),
    Tuple(Vec<Node>),
    TupleStruct(Vec<Node>),
    TupleVariant(Vec<Node>),
    Map(Vec<(Node, Node)>),
    KeysAndValues(Vec<(Node, Node)>),
    Struct(Vec<Node>),
    StructVariant(Vec<Node>),
}

/// Names of fields and variants: of every length up to that of two words, and with what is escaped.
const NAMES: [&str; 8] =
    ["", "a", "winRate", "totalPnL", "pnl\"byMode", "unrealizedPnLs", "a\\b\n\u{1}é😀", "positions/of/all"];
const VARIANT: &str = "vari\"ant";

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::I8(value) => serializer.serialize_i8(*value),
            Self::I16(value) => serializer.serialize_i16(*value),
            Self::I32(value) => serializer.serialize_i32(*value),
            Self::I64(value) => serializer.serialize_i64(*value),
            Self::I128(value) => serializer.serialize_i128(*value),
            Self::U8(value) => serializer.serialize_u8(*value),
            Self::U16(value) => serializer.serialize_u16(*value),
            Self::U32(value) => serializer.serialize_u32(*value),
            Self::U64(value) => serializer.serialize_u64(*value),
            Self::U128(value) => serializer.serialize_u128(*value),
            Self::F32(value) => serializer.serialize_f32(*value),
            Self::F64(value) => serializer.serialize_f64(*value),
            Self::Char(value) => serializer.serialize_char(*value),
            Self::Text(value) => serializer.serialize_str(value),
            Self::Shown(value) => serializer.collect_str(&Shown(value.clone())),
            Self::Bytes(value) => serializer.serialize_bytes(value),
            Self::None => serializer.serialize_none(),
            Self::Some(value) => serializer.serialize_some(&**value),
            Self::Unit => serializer.serialize_unit(),
            Self::UnitStruct => serializer.serialize_unit_struct("Node"),
            Self::UnitVariant => serializer.serialize_unit_variant("Node", 0, VARIANT),
            Self::Newtype(value) => serializer.serialize_newtype_struct("Node", &**value),
            Self::NewtypeVariant(value) => serializer.serialize_newtype_variant("Node", 0, VARIANT, &**value),
            _ => self.serialize_many(serializer),
        }
    }
}

impl Node {
    fn serialize_many<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Seq(length, values) => {
                let mut inside = serializer.serialize_seq(*length)?;
                values.iter().try_for_each(|value| inside.serialize_element(value))?;
                inside.end()
            }
            Self::Tuple(values) => {
                let mut inside = serializer.serialize_tuple(values.len())?;
                values.iter().try_for_each(|value| inside.serialize_element(value))?;
                inside.end()
            }
            Self::TupleStruct(values) => {
                let mut inside = serializer.serialize_tuple_struct("Node", values.len())?;
                values.iter().try_for_each(|value| inside.serialize_field(value))?;
                inside.end()
            }
            Self::TupleVariant(values) => {
                let mut inside = serializer.serialize_tuple_variant("Node", 0, VARIANT, values.len())?;
                values.iter().try_for_each(|value| inside.serialize_field(value))?;
                inside.end()
            }
            Self::Map(entries) => {
                let mut inside = serializer.serialize_map(Some(entries.len()))?;
                entries.iter().try_for_each(|(key, value)| inside.serialize_entry(key, value))?;
                inside.end()
            }
            Self::KeysAndValues(entries) => {
                let mut inside = serializer.serialize_map(None)?;
                for (key, value) in entries {
                    inside.serialize_key(key)?;
                    inside.serialize_value(value)?;
                }
                inside.end()
            }
            Self::Struct(values) => {
                let mut inside = serializer.serialize_struct("Node", values.len())?;
                NAMES.iter().zip(values).try_for_each(|(name, value)| inside.serialize_field(name, value))?;
                inside.end()
            }
            Self::StructVariant(values) => {
                let mut inside = serializer.serialize_struct_variant("Node", 0, VARIANT, values.len())?;
                NAMES.iter().zip(values).try_for_each(|(name, value)| inside.serialize_field(name, value))?;
                inside.end()
            }
            _ => unreachable!("it is one"),
        }
    }
}

/// Any text, and one with more of what is escaped.
fn text() -> impl Strategy<Value = String> {
    let escaped = prop_oneof![
        any::<char>(),
        (0_u32..0x80).prop_map(|code| char::from_u32(code).unwrap_or_default()),
        prop::sample::select(vec!['"', '\\', '/', '\u{7f}', '\u{80}', '\u{2028}', '\u{ffff}']),
    ];
    prop_oneof![any::<String>(), prop::collection::vec(escaped, 0..24).prop_map(String::from_iter)]
}

fn leaf() -> impl Strategy<Value = Node> {
    let numbers = prop_oneof![
        any::<i8>().prop_map(Node::I8),
        any::<i16>().prop_map(Node::I16),
        any::<i32>().prop_map(Node::I32),
        any::<i64>().prop_map(Node::I64),
        any::<i128>().prop_map(Node::I128),
        any::<u8>().prop_map(Node::U8),
        any::<u16>().prop_map(Node::U16),
        any::<u32>().prop_map(Node::U32),
        any::<u64>().prop_map(Node::U64),
        any::<u128>().prop_map(Node::U128),
        prop::num::f32::NORMAL.prop_map(Node::F32),
        prop::num::f64::NORMAL.prop_map(Node::F64),
    ];
    prop_oneof![
        3 => numbers,
        2 => text().prop_map(Node::Text),
        1 => text().prop_map(Node::Shown),
        1 => any::<char>().prop_map(Node::Char),
        1 => any::<bool>().prop_map(Node::Bool),
        1 => any::<Vec<u8>>().prop_map(Node::Bytes),
        1 => prop::sample::select(vec![Node::None, Node::Unit, Node::UnitStruct, Node::UnitVariant]),
    ]
}

fn node() -> impl Strategy<Value = Node> {
    leaf().prop_recursive(4, 48, 6, |inner| {
        let one = inner.clone().prop_map(Box::new);
        let many = prop::collection::vec(inner.clone(), 0..6);
        let entries = prop::collection::vec((leaf(), inner), 0..4).boxed();
        prop_oneof![
            one.clone().prop_map(Node::Some),
            one.clone().prop_map(Node::Newtype),
            one.prop_map(Node::NewtypeVariant),
            (any::<bool>(), many.clone()).prop_map(|(says, many)| Node::Seq(says.then_some(many.len()), many)),
            many.clone().prop_map(Node::Tuple),
            many.clone().prop_map(Node::TupleStruct),
            many.clone().prop_map(Node::TupleVariant),
            many.clone().prop_map(Node::Struct),
            many.prop_map(Node::StructVariant),
            entries.clone().prop_map(Node::Map),
            entries.prop_map(Node::KeysAndValues),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_serde_knows(node in node()) {
        // A key may be none.
        let _text_or_refusal = same(&node);
    }

    #[test]
    fn every_double_is_written_or_not_finite(bits in any::<u64>(), small in any::<f64>()) {
        for value in [f64::from_bits(bits), small, bits as f64, bits as f64 / 100.0] {
            if value.is_finite() {
                prop_assert!(same(&value).is_ok());
            } else {
                prop_assert_eq!(encode(&value, BIG), Err(EncodeError::NotFinite { field: "the payload".into() }));
            }
        }
    }

    #[test]
    fn every_single_is_written_or_not_finite(bits in any::<u32>()) {
        for value in [f32::from_bits(bits), bits as f32, bits as f32 / 100.0] {
            if value.is_finite() {
                prop_assert!(same(&value).is_ok());
            } else {
                prop_assert_eq!(encode(&value, BIG), Err(EncodeError::NotFinite { field: "the payload".into() }));
            }
        }
    }

    #[test]
    fn every_text(text in text()) {
        prop_assert!(same(&text).is_ok());
        prop_assert!(same(&ShownText(&text)).is_ok());
        prop_assert!(same(&BTreeMap::from([(&text, &text)])).is_ok());
    }

    #[test]
    fn of_any_limit_no_more_is_written_and_what_is_written_is_the_beginning(node in node(), limit in 0_usize..200) {
        if let Ok(text) = serde_json::to_string(&node) {
            let mut out = b"before".to_vec();
            let written = write_data(&node, None, EncodeRules { limit, ..BIG }, &mut out);
            let (before, out) = out.split_at(6);
            prop_assert_eq!(before, b"before");
            prop_assert!(text.as_bytes().starts_with(out), "{}", String::from_utf8_lossy(out));
            if text.len() <= limit {
                prop_assert_eq!((written, out.len()), (Ok(()), text.len()));
            } else {
                prop_assert_eq!(written, Err(EncodeError::TooLarge { limit }));
                prop_assert!(out.len() <= limit);
            }
        }
    }
}

struct ShownText<'t>(&'t str);
impl Serialize for ShownText<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self.0)
    }
}

#[test]
fn floats_at_their_edges() {
    for value in
        [0.0, -0.0, 1.0, 1e15, 1e16, 1e17, 1e-5, 1e-6, 1e-7, 0.1, 1e21, 1e300, 5e-324, f64::MAX, f64::MIN_POSITIVE]
    {
        same(&value).unwrap();
        same(&-value).unwrap();
    }
    for value in [0.0_f32, -0.0, 0.1, 1e12, 1e13, 1e-6, 1e-7, 1e-45, f32::MAX, f32::MIN_POSITIVE] {
        same(&value).unwrap();
    }
    assert_eq!((same(&-0.0_f64).unwrap(), same(&1e16).unwrap()), ("-0.0".into(), "1e+16".into()));
}

#[test]
fn integers_at_their_edges() {
    macro_rules! edges { ($($kind:ty),*) => { $(for value in [<$kind>::MIN, 0, 1, <$kind>::MAX] { same(&value).unwrap(); })* } }
    edges!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize);
}

/// At each place of texts of each length up to that of two words and more: a word is looked at as a whole.
#[test]
fn every_byte_of_ascii_at_every_place() {
    for byte in 0..0x80_u8 {
        for length in 1..=18 {
            for place in 0..length {
                let mut text = vec![b'x'; length];
                text[place] = byte;
                let text = String::from_utf8(text).unwrap();
                same(&text).unwrap();
                same(&BTreeMap::from([(&text, 1)])).unwrap();
            }
        }
    }
    assert_eq!(
        same("\u{1}\u{1f}\u{7f}\u{8}\u{c}\n\r\t\"\\/").unwrap(),
        "\"\\u0001\\u001f\u{7f}\\b\\f\\n\\r\\t\\\"\\\\/\""
    );
}

#[test]
fn names_may_need_an_escape() {
    #[derive(Serialize)]
    enum Variant {
        #[serde(rename = "a\"1")]
        Unit,
        #[serde(rename = "a\n2")]
        Newtype(u8),
        #[serde(rename = "a\\3")]
        Tuple(u8, u8),
        #[serde(rename = "a\u{4}")]
        Struct {
            #[serde(rename = "quoted \"field\"")]
            field: u8,
            #[serde(rename = "\"")]
            second: u8,
        },
    }
    let variants = [Variant::Unit, Variant::Newtype(1), Variant::Tuple(1, 2), Variant::Struct { field: 1, second: 2 }];
    same(&variants).unwrap();
    let mut out = Vec::new();
    write_data(&1, Some("a\"b"), EncodeRules::default(), &mut out).unwrap();
    assert_eq!(out, br#"{"a\"b":1}"#);
}

#[test]
fn what_is_empty() {
    let nothing = || Vec::<Node>::new();
    for (node, text) in [
        (Node::Seq(None, nothing()), "[]"),
        (Node::Seq(Some(0), nothing()), "[]"),
        (Node::Tuple(nothing()), "[]"),
        (Node::TupleStruct(nothing()), "[]"),
        (Node::TupleVariant(nothing()), r#"{"vari\"ant":[]}"#),
        (Node::Map(vec![]), "{}"),
        (Node::KeysAndValues(vec![]), "{}"),
        (Node::Struct(nothing()), "{}"),
        (Node::StructVariant(nothing()), r#"{"vari\"ant":{}}"#),
        (Node::Bytes(vec![]), "[]"),
        (Node::Text(String::new()), r#""""#),
    ] {
        assert_eq!(same(&node).unwrap(), text);
        assert_eq!(same(&[&node, &node]).unwrap(), format!("[{text},{text}]"));
    }
    same(&json!({"": {}, "a": [[], [{}], {"": []}]})).unwrap();
}

/// Room is made as the text grows, and never more than the limit allows: up to there, each number that fits is written.
#[test]
fn of_any_limit_of_a_large_payload_all_that_fits_is_written_and_no_more() {
    let numbers: Vec<u32> = (100..1_100).collect();
    let text = serde_json::to_string(&numbers).unwrap();
    let is_whole =
        |end: &usize| !text[..*end].ends_with(char::is_numeric) || !text[*end..].starts_with(char::is_numeric);
    for limit in (0..=1_100).chain(2_000..2_100).chain([text.len() - 1, text.len(), text.len() + 1]) {
        let mut out = Vec::new();
        let written = write_data(&numbers, None, EncodeRules { limit, ..BIG }, &mut out);
        assert_eq!(written.is_ok(), text.len() <= limit, "{limit}");
        let fits = (0..=limit.min(text.len())).rev().find(is_whole).unwrap();
        assert_eq!(String::from_utf8_lossy(&out), text[..fits], "{limit}");
    }
}

mod keys {
    use super::*;

    #[derive(Serialize, PartialEq, Eq, Hash)]
    struct Id(u64);
    #[derive(Serialize, PartialEq, Eq, Hash)]
    enum Side {
        #[serde(rename = "LO\"NG")]
        Long,
        Other(u8),
    }

    #[test]
    fn what_has_a_text_may_be_one() {
        same(&HashMap::from([("a\"b", 1)])).unwrap();
        same(&HashMap::from([('\n', 1)])).unwrap();
        same(&HashMap::from([(true, 1)])).unwrap();
        same(&HashMap::from([(false, 1)])).unwrap();
        same(&HashMap::from([(i8::MIN, 1)])).unwrap();
        same(&HashMap::from([(u64::MAX, 1)])).unwrap();
        same(&HashMap::from([(i128::MIN, 1)])).unwrap();
        same(&HashMap::from([(u128::MAX, 1)])).unwrap();
        same(&HashMap::from([(Id(u64::MAX), 1)])).unwrap();
        same(&HashMap::from([(Some(Id(7)), 1)])).unwrap();
        same(&HashMap::from([(Side::Long, 1)])).unwrap();
        same(&HashMap::from([(std::net::Ipv4Addr::LOCALHOST, 1)])).unwrap();
        for float in [Node::F64(-0.0), Node::F64(1e16), Node::F32(0.1), Node::Shown("a\"\n".into())] {
            same(&Node::Map(vec![(float.clone(), Node::Unit), (float, Node::Unit)])).unwrap();
        }
    }

    #[test]
    fn what_has_none_is_refused_in_the_same_words() {
        let refused = |message: &str| Err(EncodeError::Failed { message: message.into() });
        for node in [
            Node::None,
            Node::Unit,
            Node::UnitStruct,
            Node::Bytes(vec![1]),
            Node::Seq(None, vec![]),
            Node::Tuple(vec![Node::Unit]),
            Node::TupleStruct(vec![]),
            Node::TupleVariant(vec![]),
            Node::NewtypeVariant(Box::new(Node::Unit)),
            Node::Map(vec![]),
            Node::Struct(vec![]),
            Node::StructVariant(vec![]),
        ] {
            assert_eq!(same(&Node::Map(vec![(node.clone(), Node::Unit)])), refused("key must be a string"), "{node:?}");
        }
        assert_eq!(same(&HashMap::from([(Side::Other(1), 1)])), refused("key must be a string"));
        assert_eq!(same(&HashMap::from([(None::<u8>, 1)])), refused("key must be a string"));
        for bad in [Node::F64(f64::NAN), Node::F32(f32::INFINITY)] {
            let encoded = same(&Node::Map(vec![(bad, Node::Unit)]));
            assert_eq!(encoded, refused("float key must be finite (got NaN or +/-inf)"));
        }
    }
}

mod verbatim {
    use super::*;

    #[test]
    fn a_raw_value_is_itself() {
        let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
        for text in ["null", " {\n \"a\" : [1e5 , 2] }", r#""a\u0041""#, "9007199254740993"] {
            let raw = raw(text);
            assert_eq!(same(&raw).unwrap(), text.trim());
            same(&vec![&raw, &raw]).unwrap();
            same(&BTreeMap::from([("a", &raw)])).unwrap();
        }
    }

    /// `serde_json::Number` with its feature `arbitrary_precision`, which would be switched on for all tests.
    struct Number(&'static str);
    impl Serialize for Number {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut number = serializer.serialize_struct("$serde_json::private::Number", 1)?;
            number.serialize_field("$serde_json::private::Number", self.0)?;
            number.end()
        }
    }

    #[test]
    fn a_number_of_any_precision_is_itself_as_far_as_a_browser_can_hold_it() {
        let rules = EncodeRules::default();
        for text in
            ["0", "-0", "-1.50", "0.1234567890123456789012345", "1e+16", "1E5", "9007199254740992", "-9007199254740992"]
        {
            assert_eq!(encode(&[Number(text)], rules).unwrap(), format!("[{text}]"));
        }
        let unsafe_integer = Err(EncodeError::UnsafeInteger { field: "[0]".into() });
        let wide = "123456789012345678901234567890123456789012345";
        for text in ["9007199254740993", "-9007199254740993", wide] {
            assert_eq!(encode(&[Number(text)], rules), unsafe_integer);
            assert_eq!(encode(&[Number(text)], BIG).unwrap(), format!("[{text}]"));
        }
        assert_eq!(encode(&[Number("1e999")], BIG), Err(EncodeError::NotFinite { field: "[0]".into() }));
        for text in ["", "-", "one", "1,2"] {
            assert!(matches!(encode(&[Number(text)], BIG), Err(EncodeError::Failed { .. })), "{text}");
        }
    }
}
