//! JSON text, read so that every number is the one that was written.
//!
//! `serde_json` takes one in ten numbers of 17 digits for its neighbour, unless a feature of it makes the whole program
//! parse them more slowly. A test that compares amounts would fail for that, and a hub has no business to set the feature
//! for its host.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use serde_json::{Number, Value};

/// Deeper nesting is no JSON: what is hostile must not exhaust the stack.
const MAX_DEPTH: usize = 128;

/// The value of a text; `None` if it is not JSON.
pub(super) fn read(text: &str) -> Option<Value> {
    value(serde_json::from_str(text).ok()?, MAX_DEPTH)
}

fn value(raw: &RawValue, depth: usize) -> Option<Value> {
    let text = raw.get();
    match text.as_bytes().first()? {
        b'{' | b'[' if depth == 0 => None,
        b'{' => {
            let members: BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
            members.into_iter().map(|(name, member)| Some((name, value(member, depth - 1)?))).collect()
        }
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            items.into_iter().map(|item| value(item, depth - 1)).collect()
        }
        b'-' | b'0'..=b'9' => number(text).map(Value::Number),
        _ => serde_json::from_str(text).ok(),
    }
}

fn number(text: &str) -> Option<Number> {
    let natural = || text.parse::<u64>().ok().map(Number::from);
    let negative = || text.parse::<i64>().ok().filter(|number| *number != 0).map(Number::from);
    let real = || text.parse::<f64>().ok().and_then(Number::from_f64);
    natural().or_else(negative).or_else(real)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_the_one_that_was_written() {
        for number in
            [962.207_282_011_251_9, 0.1 + 0.2, 5e-324, f64::MAX, f64::MIN_POSITIVE, -0.0, 1e21, 10_964.718_246_722_761]
        {
            let text = serde_json::to_string(&number).expect("a finite number");
            let read = read(&text).and_then(|value| value.as_f64());
            assert_eq!(read.map(f64::to_bits), Some(number.to_bits()), "{text}");
        }
        for number in
            ["0", "7", "-7", "9007199254740993", "-9007199254740993", "18446744073709551615", "-9223372036854775808"]
        {
            assert_eq!(read(number).map(|value| value.to_string()).as_deref(), Some(number));
        }
    }

    #[test]
    fn everything_else_is_as_serde_json_reads_it() {
        for text in [
            r#" { "a" : [ 1 , "ä\n\"\u0041" , null , true , { } ] , "__proto__" : false } "#,
            r#""x""#,
            "[]",
            "[[[0]]]",
        ] {
            assert_eq!(read(text), serde_json::from_str(text).ok());
            assert!(read(text).is_some(), "{text}");
        }
        let twice: Option<Value> = read(r#"{"a":1,"a":2}"#);
        assert_eq!(twice.map(|value| value.to_string()).as_deref(), Some(r#"{"a":2}"#));
    }

    #[test]
    fn what_is_not_json_is_nothing() {
        for text in ["", " ", "{", "}", r#"{"a"}"#, "[1,]", "01", "1e999", "nul", "\"", "{}{}", "NaN", "\u{feff}{}"] {
            assert_eq!(read(text), None, "{text}");
        }
        assert!(read(&("[".repeat(128) + &"]".repeat(128))).is_some());
        for deep in [129, 100_000] {
            assert_eq!(read(&("[".repeat(deep) + &"]".repeat(deep))), None);
            assert_eq!(read(&"[".repeat(deep)), None);
        }
    }
}
