//! A `Serialize` that does what it should not: a clear error, and never broken JSON.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::ser::{Error as _, SerializeMap, SerializeSeq, SerializeStruct};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::EncodeError;
use crate::vocabulary::encode::{EncodeRules, write_data};

fn encode<T: Serialize>(value: T) -> Result<String, EncodeError> {
    let mut out = Vec::new();
    write_data(&value, None, EncodeRules::default(), &mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

fn failed<T>(message: &str) -> Result<T, EncodeError> {
    Err(EncodeError::Failed { message: message.into() })
}

fn not_finite<T>(field: &str) -> Result<T, EncodeError> {
    Err(EncodeError::NotFinite { field: field.into() })
}

mod errors {
    use super::*;

    /// Goes on after each element that cannot be serialized.
    struct GoesOn(Vec<f64>);
    impl Serialize for GoesOn {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut inside = serializer.serialize_seq(None)?;
            for element in &self.0 {
                let _swallowed = inside.serialize_element(element);
            }
            inside.end()
        }
    }

    #[test]
    fn the_first_fault_is_named_although_others_were_swallowed_with_it() {
        let nan = f64::NAN;
        assert_eq!(encode(GoesOn(vec![1.0, nan, 2.0, nan, nan])), not_finite("[1]"));
        assert_eq!(encode(BTreeMap::from([("a", [GoesOn(vec![nan, nan])])])), not_finite("a[0][0]"));
        assert_eq!(encode((GoesOn(vec![nan]), "é".repeat(10), nan)), not_finite("[0][0]"));
    }

    #[test]
    fn nothing_is_written_behind_a_fault() {
        let mut out = b"before".to_vec();
        let values = [vec![1.0, f64::NAN], vec![2.0; 10_000]].concat();
        write_data(&GoesOn(values), None, EncodeRules::default(), &mut out).unwrap_err();
        assert_eq!(out, b"before[1.0,");
    }

    /// Says in its own words what went wrong inside.
    struct Says<T>(T);
    impl<T: Serialize> Serialize for Says<T> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.0.serialize(serializer).map_err(|error| S::Error::custom(format!("no price: {error}")))
        }
    }

    #[test]
    fn a_fault_in_other_words_is_the_same_fault() {
        assert_eq!(encode(BTreeMap::from([("price", Says([1.0, f64::NAN]))])), not_finite("price[1]"));
        assert_eq!(encode(Says(BTreeMap::from([((), 1)]))), failed("key must be a string"));
    }

    #[test]
    fn an_error_in_other_words_is_in_these() {
        assert_eq!(encode(Says(Unprintable)), failed("no price: a text that does not print itself"));
    }

    /// Cannot print itself.
    struct Unprintable;
    impl fmt::Display for Unprintable {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("half of ")?;
            Err(fmt::Error)
        }
    }
    impl Serialize for Unprintable {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(self)
        }
    }

    /// Prints itself, and does not mind that nobody takes it.
    struct Unmindful;
    impl fmt::Display for Unmindful {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            for _ in 0..100 {
                let _swallowed = formatter.write_str("0123456789");
            }
            Ok(())
        }
    }
    impl Serialize for Unmindful {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(self)
        }
    }

    #[test]
    fn what_cannot_print_itself_fails() {
        assert!(matches!(encode([Unprintable]), Err(EncodeError::Failed { .. })));
        assert!(matches!(encode(BTreeMap::from([("a", Unprintable)])), Err(EncodeError::Failed { .. })));
        let mut out = Vec::new();
        let rules = EncodeRules { limit: 50, ..EncodeRules::default() };
        assert_eq!(write_data(&[Unmindful], None, rules, &mut out), Err(EncodeError::TooLarge { limit: 50 }));
        assert!(out.len() <= 50);
    }
}

mod panics {
    use super::*;

    struct Panics;
    impl Serialize for Panics {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut inside = serializer.serialize_seq(None)?;
            inside.serialize_element(&1)?;
            panic!("within a sequence");
        }
    }

    /// Catches the panic of its part and goes on.
    struct Catches(&'static str);
    impl Serialize for Catches {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            match self.0 {
                "element" => {
                    let mut inside = serializer.serialize_seq(None)?;
                    let _caught = catch_unwind(AssertUnwindSafe(|| inside.serialize_element(&Panics).is_ok()));
                    let _swallowed = inside.serialize_element(&2);
                    inside.end()
                }
                "field" => {
                    let mut inside = serializer.serialize_struct("Catches", 2)?;
                    let _caught = catch_unwind(AssertUnwindSafe(|| inside.serialize_field("a", &Panics).is_ok()));
                    let _swallowed = inside.serialize_field("b", &2);
                    inside.end()
                }
                "key" => {
                    let mut inside = serializer.serialize_map(None)?;
                    let _caught = catch_unwind(AssertUnwindSafe(|| inside.serialize_key(&PanicsInPrint).is_ok()));
                    let _swallowed = inside.serialize_value(&2);
                    inside.end()
                }
                _ => {
                    let mut inside = serializer.serialize_map(None)?;
                    let _caught = catch_unwind(AssertUnwindSafe(|| inside.serialize_entry("a", &Panics).is_ok()));
                    let _swallowed = inside.serialize_entry("b", &2);
                    inside.end()
                }
            }
        }
    }

    struct PanicsInPrint;
    impl fmt::Display for PanicsInPrint {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("half of ")?;
            panic!("within a text");
        }
    }
    impl Serialize for PanicsInPrint {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(self)
        }
    }

    #[test]
    fn a_panic_that_the_payload_catches_is_an_error_all_the_same() {
        for place in ["element", "field", "key", "entry"] {
            assert_eq!(encode(Catches(place)), failed("it panicked"), "{place}");
        }
    }

    #[test]
    fn a_panic_leaves_no_more_behind_than_was_written() {
        let mut out = b"before".to_vec();
        let caught =
            catch_unwind(AssertUnwindSafe(|| write_data(&Panics, None, EncodeRules::default(), &mut out).is_ok()));
        assert!(caught.is_err());
        assert_eq!(out, b"before[1");
    }
}

/// What only `serde_json` is to say, said by another.
mod private_names {
    use super::*;

    struct Fields<T>(Vec<T>);
    impl<T: Serialize> Serialize for Fields<T> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut inside = serializer.serialize_struct("$serde_json::private::RawValue", 1)?;
            for text in &self.0 {
                // The error is swallowed, which must not help.
                let _swallowed = inside.serialize_field("$serde_json::private::RawValue", text);
            }
            inside.end()
        }
    }

    #[test]
    fn what_stands_for_itself_is_one_text() {
        assert_eq!(encode([Fields(vec!["1"])]).unwrap(), "[1]");
        assert!(matches!(encode([Fields::<u8>(vec![])]), Err(EncodeError::Failed { .. })));
        assert!(matches!(encode([Fields(vec!["1", "2"])]), Err(EncodeError::Failed { .. })));
        assert!(matches!(encode([Fields(vec![1])]), Err(EncodeError::Failed { .. })));
        assert!(matches!(encode([Fields(vec![BTreeMap::from([((), 1)])])]), Err(EncodeError::Failed { .. })));
    }

    #[test]
    fn what_stands_for_itself_counts_as_every_other() {
        let mut out = Vec::new();
        let rules = EncodeRules { limit: 5, ..EncodeRules::default() };
        write_data(&Fields(vec!["12345"]), None, rules, &mut out).unwrap();
        assert_eq!(out, b"12345");
        let written = write_data(&Fields(vec!["123456"]), None, rules, &mut out);
        assert_eq!(written, Err(EncodeError::TooLarge { limit: 5 }));
        let long = RawValue::from_string(format!("[{}]", " ".repeat(1 << 20))).unwrap();
        let written = write_data(&[long], None, rules, &mut out);
        assert_eq!(written, Err(EncodeError::TooLarge { limit: 5 }));
    }
}

mod paths {
    use super::*;

    #[test]
    fn a_key_stands_in_a_path_as_it_is_and_not_as_it_is_escaped() {
        assert_eq!(encode(BTreeMap::from([("a\"\n😀", f64::NAN)])), not_finite("a\"\n😀"));
        assert_eq!(encode(BTreeMap::from([(std::net::Ipv4Addr::LOCALHOST, f64::NAN)])), not_finite("127.0.0.1"));
        assert_eq!(encode(BTreeMap::from([(1, 0.5), (2, f64::NAN)])), not_finite("2"));
        assert_eq!(encode(BTreeMap::from([(true, [0.5, f64::NAN])])), not_finite("true[1]"));
    }

    #[test]
    fn a_key_and_a_value_that_come_apart_are_named_by_their_number() {
        struct Apart;
        impl Serialize for Apart {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut inside = serializer.serialize_map(None)?;
                inside.serialize_entry("a", &1)?;
                inside.serialize_key("b")?;
                inside.serialize_value(&f64::NAN)?;
                inside.end()
            }
        }
        assert_eq!(encode(Apart), not_finite("[1]"));
    }
}
