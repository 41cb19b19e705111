//! What JSON in a browser can hold, and what it cannot.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::ser::{Error as _, SerializeMap, SerializeSeq, SerializeStruct, SerializeTuple};
use serde::{Serialize, Serializer};
use serde_json::json;

use crate::EncodeError;
use crate::vocabulary::encode::{EncodeRules, write_data};

const SAFE: u64 = 1 << 53;

fn encode_with<T: Serialize>(
    value: &T,
    field: Option<&'static str>,
    rules: EncodeRules,
) -> Result<String, EncodeError> {
    let mut out = Vec::new();
    write_data(value, field, rules, &mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

fn encode<T: Serialize>(value: T) -> Result<String, EncodeError> {
    encode_with(&value, None, EncodeRules::default())
}

fn not_finite<T>(field: &str) -> Result<T, EncodeError> {
    Err(EncodeError::NotFinite { field: field.into() })
}

fn unsafe_integer<T>(field: &str) -> Result<T, EncodeError> {
    Err(EncodeError::UnsafeInteger { field: field.into() })
}

#[derive(Serialize, Clone)]
struct Order {
    price: f64,
    id: u64,
}

#[derive(Serialize)]
struct Chain {
    orders: Vec<Order>,
    mode: Option<f32>,
}

fn chain(price: f64, id: u64) -> Chain {
    let good = Order { price: 1.5, id: 1 };
    Chain { orders: vec![good.clone(), good, Order { price, id }], mode: None }
}

mod numbers {
    use super::*;

    #[test]
    fn nan_and_infinity_are_errors_that_name_the_field() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(encode(chain(bad, 1)), not_finite("orders[2].price"));
        }
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert_eq!(encode(Chain { orders: vec![], mode: Some(bad) }), not_finite("mode"));
        }
        assert_eq!(encode(f64::NAN), not_finite("the payload"));
    }

    #[test]
    fn every_finite_number_is_written() {
        for good in [0.0, -0.0, f64::MAX, f64::MIN, f64::MIN_POSITIVE, 5e-324, 0.1, 1e300] {
            assert_eq!(encode(good).unwrap().parse::<f64>().unwrap(), good);
        }
        assert_eq!(encode(0.1_f32).unwrap(), "0.1", "and not 0.10000000149011612");
        assert!(encode(f32::MAX).is_ok());
    }

    #[test]
    fn an_integer_beyond_2_to_the_53_is_an_error_that_names_the_field() {
        assert_eq!(encode(chain(1.0, SAFE + 1)), unsafe_integer("orders[2].id"));
        assert_eq!(encode(SAFE).unwrap(), "9007199254740992");
        assert_eq!(encode(SAFE - 1).unwrap(), "9007199254740991");
        assert_eq!(encode(-(SAFE as i64)).unwrap(), "-9007199254740992");
        for bad in [SAFE as i64 + 1, -(SAFE as i64) - 1, i64::MAX, i64::MIN] {
            assert_eq!(encode(bad), unsafe_integer("the payload"));
            assert_eq!(encode(i128::from(bad)), unsafe_integer("the payload"));
        }
        assert_eq!(encode(u64::MAX), unsafe_integer("the payload"));
    }

    #[test]
    fn integers_of_128_bits_are_looked_at_too() {
        assert_eq!(encode(u128::from(SAFE)).unwrap(), "9007199254740992");
        assert_eq!(encode(i128::from(SAFE)).unwrap(), "9007199254740992");
        assert_eq!(encode(u128::from(SAFE) + 1), unsafe_integer("the payload"));
        for bad in [i128::MIN, i128::MAX] {
            assert_eq!(encode(bad), unsafe_integer("the payload"));
        }
        assert_eq!(encode(u128::MAX), unsafe_integer("the payload"));
    }

    #[test]
    fn big_integers_may_be_allowed_and_nan_may_not() {
        let rules = EncodeRules { big_integers: true, ..EncodeRules::default() };
        assert_eq!(encode_with(&u64::MAX, None, rules).unwrap(), "18446744073709551615");
        assert_eq!(encode_with(&i128::MIN, None, rules).unwrap(), i128::MIN.to_string());
        assert_eq!(encode_with(&u128::MAX, None, rules).unwrap(), u128::MAX.to_string());
        assert_eq!(encode_with(&f64::NAN, None, rules), not_finite("the payload"));
    }

    #[test]
    fn a_key_is_text_so_an_integer_of_any_size_is_safe_in_it() {
        assert_eq!(encode(BTreeMap::from([(u64::MAX, 1)])).unwrap(), r#"{"18446744073709551615":1}"#);
    }
}

mod paths {
    use super::*;

    #[derive(Serialize)]
    struct Wrapper<T>(T);
    #[derive(Serialize)]
    struct Pair(u8, f64);
    #[derive(Serialize)]
    enum Shape {
        Circle(f64),
        Line(u8, f64),
        Square { side: f64 },
    }
    #[derive(Serialize)]
    struct Field<T> {
        inner: T,
    }
    #[derive(Serialize)]
    struct Flat {
        #[serde(flatten)]
        order: Order,
    }
    #[derive(Serialize)]
    #[serde(tag = "kind")]
    enum Tagged {
        Square { side: f64 },
    }
    #[derive(Serialize)]
    #[serde(untagged)]
    enum Untagged {
        Square { side: f64 },
    }

    #[test]
    fn a_path_begins_with_the_wrapper_field() {
        let encoded = encode_with(&chain(f64::NAN, 1), Some("chain"), EncodeRules::default());
        assert_eq!(encoded, not_finite("chain.orders[2].price"));
        let encoded = encode_with(&[f64::NAN], Some("prices"), EncodeRules::default());
        assert_eq!(encoded, not_finite("prices[0]"));
        let encoded = encode_with(&f64::NAN, Some("price"), EncodeRules::default());
        assert_eq!(encoded, not_finite("price"));
        assert_eq!(encode_with(&1.5, Some("price"), EncodeRules::default()).unwrap(), r#"{"price":1.5}"#);
    }

    #[test]
    fn a_path_goes_through_whatever_serde_knows() {
        let bad = f64::NAN;
        assert_eq!(encode(BTreeMap::from([("BTC", bad)])), not_finite("BTC"));
        assert_eq!(encode(BTreeMap::from([(7, bad)])), not_finite("7"));
        assert_eq!(encode(Field { inner: BTreeMap::from([("BTC", vec![1.0, bad])]) }), not_finite("inner.BTC[1]"));
        assert_eq!(encode(Some(Some(bad))), not_finite("the payload"));
        assert_eq!(encode(Field { inner: Some(bad) }), not_finite("inner"));
        assert_eq!(encode(Field { inner: Wrapper(bad) }), not_finite("inner"));
        assert_eq!(encode(Field { inner: Pair(1, bad) }), not_finite("inner[1]"));
        assert_eq!(encode(Field { inner: (1, bad) }), not_finite("inner[1]"));
        assert_eq!(encode(Field { inner: Shape::Circle(bad) }), not_finite("inner.Circle"));
        assert_eq!(encode(Field { inner: Shape::Line(1, bad) }), not_finite("inner[1]"));
        assert_eq!(encode(Field { inner: Shape::Square { side: bad } }), not_finite("inner.side"));
        assert_eq!(encode(Field { inner: Tagged::Square { side: bad } }), not_finite("inner.side"));
        assert_eq!(encode(Field { inner: Untagged::Square { side: bad } }), not_finite("inner.side"));
        assert_eq!(encode(Flat { order: Order { price: bad, id: 1 } }), not_finite("price"));
        assert_eq!(encode(vec![vec![], vec![1.0, bad]]), not_finite("[1][1]"));
        assert_eq!(encode(json!({"a": [1, {"b": u64::MAX}]})), unsafe_integer("a[1].b"));
    }

    #[test]
    fn the_first_fault_is_named() {
        let order = Order { price: f64::NAN, id: u64::MAX };
        assert_eq!(encode(Chain { orders: vec![order], mode: Some(f32::NAN) }), not_finite("orders[0].price"));
    }

    #[test]
    fn what_is_good_is_written_as_serde_json_writes_it() {
        #[derive(Serialize)]
        struct All<'a> {
            text: &'a str,
            character: char,
            bytes: &'a [u8],
            none: Option<u8>,
            some: Option<i8>,
            unit: (),
            tuple: (u8, i16, u32),
            shapes: Vec<Shape>,
            map: BTreeMap<&'a str, bool>,
            wrapper: Wrapper<i64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            skipped: Option<u8>,
            shown: std::net::Ipv4Addr,
        }
        let all = All {
            text: "\"\\\n\u{1}é😀",
            character: 'é',
            bytes: b"ab",
            none: None,
            some: Some(-1),
            unit: (),
            tuple: (1, -2, 3),
            shapes: vec![Shape::Circle(1.0), Shape::Line(1, 2.0), Shape::Square { side: 1e-7 }],
            map: BTreeMap::from([("yes", true), ("no", false)]),
            wrapper: Wrapper(-5),
            skipped: None,
            shown: std::net::Ipv4Addr::LOCALHOST,
        };
        assert_eq!(encode(&all).unwrap(), serde_json::to_string(&all).unwrap());
        assert_eq!(encode(Vec::<u8>::new()).unwrap(), "[]");
        assert_eq!(encode(BTreeMap::<u8, u8>::new()).unwrap(), "{}");
    }
}

mod limits {
    use super::*;

    #[test]
    fn a_payload_of_exactly_the_limit_fits_and_one_byte_more_does_not() {
        let payload = json!({"a": [1, 2, 3], "b": "text"});
        let length = payload.to_string().len();
        let with = |limit| encode_with(&payload, None, EncodeRules { limit, ..EncodeRules::default() });
        assert_eq!(with(length).unwrap().len(), length);
        assert_eq!(with(length - 1), Err(EncodeError::TooLarge { limit: length - 1 }));
        assert_eq!(with(0), Err(EncodeError::TooLarge { limit: 0 }));
    }

    #[test]
    fn the_wrapper_field_counts() {
        let with = |limit| encode_with(&1, Some("n"), EncodeRules { limit, ..EncodeRules::default() });
        assert_eq!(with(7).unwrap(), r#"{"n":1}"#);
        assert_eq!(with(6), Err(EncodeError::TooLarge { limit: 6 }));
    }

    #[test]
    fn what_was_there_before_does_not_count() {
        let mut out = b"before".to_vec();
        write_data(&1, None, EncodeRules { limit: 1, ..EncodeRules::default() }, &mut out).unwrap();
        assert_eq!(out, b"before1");
    }

    #[test]
    fn a_giant_is_stopped_at_the_limit_and_not_after_it() {
        let mut out = Vec::new();
        let giant = vec!["x".repeat(1_000); 1_000];
        let rules = EncodeRules { limit: 5_000, ..EncodeRules::default() };
        assert_eq!(write_data(&giant, None, rules, &mut out), Err(EncodeError::TooLarge { limit: 5_000 }));
        assert!(out.len() <= 5_000);
    }
}

mod hostile {
    use super::*;

    struct Fails;
    impl Serialize for Fails {
        fn serialize<S: Serializer>(&self, _serializer: S) -> Result<S::Ok, S::Error> {
            Err(S::Error::custom("é".repeat(300)))
        }
    }

    /// Looks away when an element, an entry or a field cannot be serialized.
    struct Swallows<T>(&'static str, T);
    impl<T: Serialize> Serialize for Swallows<T> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            match self.0 {
                "element" => {
                    let mut inside = serializer.serialize_seq(None)?;
                    inside.serialize_element(&1)?;
                    let _swallowed = inside.serialize_element(&self.1);
                    inside.end()
                }
                "entry" => {
                    let mut inside = serializer.serialize_map(None)?;
                    let _swallowed = inside.serialize_entry("a", &self.1);
                    inside.end()
                }
                "value" => {
                    let mut inside = serializer.serialize_map(None)?;
                    inside.serialize_key("a")?;
                    let _swallowed = inside.serialize_value(&self.1);
                    inside.end()
                }
                "key" => {
                    let mut inside = serializer.serialize_map(None)?;
                    let _swallowed = inside.serialize_key(&self.1);
                    inside.end()
                }
                _ => {
                    let mut inside = serializer.serialize_struct("Swallows", 1)?;
                    let _swallowed = inside.serialize_field("a", &self.1);
                    inside.end()
                }
            }
        }
    }

    #[test]
    fn a_serialize_that_fails_is_an_error_with_what_it_said() {
        let Err(EncodeError::Failed { message }) = encode(json!([1]).as_array().map(|_| Fails)) else {
            panic!("it failed")
        };
        assert_eq!(message, "é".repeat(200));
    }

    #[test]
    fn a_fault_that_a_serialize_swallows_is_found_all_the_same() {
        assert_eq!(encode(Swallows("element", f64::NAN)), not_finite("[1]"));
        assert_eq!(encode(Swallows("entry", f64::NAN)), not_finite("a"));
        assert_eq!(encode(Swallows("value", f64::NAN)), not_finite("[0]"));
        assert_eq!(encode(Swallows("field", u64::MAX)), unsafe_integer("a"));
    }

    #[test]
    fn an_error_that_a_serialize_swallows_leaves_no_broken_json_behind() {
        for place in ["element", "entry", "value", "key", "field"] {
            let encoded = encode(Swallows(place, Fails));
            assert!(matches!(encoded, Err(EncodeError::Failed { .. })), "{place}: {encoded:?}");
        }
    }

    /// Says that it is empty and is not.
    struct Lies(&'static str);
    impl Serialize for Lies {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            match self.0 {
                "sequence" => {
                    let mut inside = serializer.serialize_seq(Some(0))?;
                    inside.serialize_element(&1)?;
                    inside.end()
                }
                "tuple" => {
                    let mut inside = serializer.serialize_tuple(0)?;
                    inside.serialize_element(&1)?;
                    inside.end()
                }
                "map" => {
                    let mut inside = serializer.serialize_map(Some(0))?;
                    inside.serialize_entry("a", &1)?;
                    inside.end()
                }
                _ => {
                    let mut inside = serializer.serialize_struct("Lies", 0)?;
                    inside.serialize_field("a", &1)?;
                    inside.end()
                }
            }
        }
    }

    #[test]
    fn a_serialize_that_says_it_is_empty_and_is_not_leaves_no_broken_json_behind() {
        assert_eq!(encode(Lies("sequence")).unwrap(), "[1]");
        assert_eq!(encode(Lies("tuple")).unwrap(), "[1]");
        assert_eq!(encode(Lies("map")).unwrap(), r#"{"a":1}"#);
        assert_eq!(encode(Lies("struct")).unwrap(), r#"{"a":1}"#);
    }

    /// A map as a list of what it does: a key, a value, or both.
    struct Steps(&'static str);
    impl Serialize for Steps {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut inside = serializer.serialize_map(None)?;
            for step in self.0.chars() {
                // The error is swallowed, which must not help.
                let _swallowed = match step {
                    'k' => inside.serialize_key("a"),
                    'v' => inside.serialize_value(&1),
                    _ => inside.serialize_entry("b", &2),
                };
            }
            inside.end()
        }
    }

    #[test]
    fn a_map_with_a_key_or_a_value_alone_leaves_no_broken_json_behind() {
        assert_eq!(encode(Steps("kvb")).unwrap(), r#"{"a":1,"b":2}"#);
        for steps in ["k", "v", "kk", "kb", "bv", "kvv", "kvk"] {
            let encoded = encode(Steps(steps));
            assert!(matches!(encoded, Err(EncodeError::Failed { .. })), "{steps}: {encoded:?}");
        }
    }

    #[test]
    fn a_payload_that_swallows_the_limit_is_too_large() {
        let rules = EncodeRules { limit: 10, ..EncodeRules::default() };
        let encoded = encode_with(&Swallows("element", "x".repeat(20)), None, rules);
        assert_eq!(encoded, Err(EncodeError::TooLarge { limit: 10 }));
    }

    #[test]
    fn a_map_whose_keys_are_no_text_fails() {
        assert!(matches!(encode(BTreeMap::from([(vec![1], 1)])), Err(EncodeError::Failed { .. })));
    }
}

fn value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|value| json!(value)),
        (-(SAFE as i64)..=SAFE as i64).prop_map(|value| json!(value)),
        any::<f64>().prop_filter("finite", |value| value.is_finite()).prop_map(|value| json!(value)),
        any::<String>().prop_map(|value| json!(value)),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(|value| json!(value)),
            prop::collection::btree_map(any::<String>(), inner, 0..6).prop_map(|value| json!(value)),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_json_can_hold_is_written_as_serde_json_writes_it(value in value()) {
        prop_assert_eq!(encode(&value).unwrap(), value.to_string());
    }
}
