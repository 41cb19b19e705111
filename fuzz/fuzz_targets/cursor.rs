//! Any text as a cursor: it is read or refused, and two texts are one cursor only if they are one text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use user_hub::{Cursor, Start};

fuzz_target!(|lines: &str| {
    let (one, other) = lines.split_once('\n').unwrap_or((lines, lines));
    let cursor = one.parse::<Cursor>();
    assert_eq!(cursor.is_ok(), is_cursor(one), "{one:?}");
    let Ok(cursor) = cursor else {
        assert!(matches!(Start::resume(one), Start::Unknown | Start::Snapshot), "{one:?}");
        return;
    };
    assert_eq!(cursor.to_string(), one, "what is read is printed as it was");
    assert_eq!(serde_json::to_value(cursor).ok(), Some(one.into()));
    assert_eq!(Start::resume(one), Start::After(cursor));
    for other in [other, &one.to_uppercase(), &format!("{one} "), &format!("0{one}"), &one.replace('-', "-0")] {
        assert_eq!(other.parse() == Ok(cursor), other == one, "{one:?} and {other:?}");
    }
});

/// What a cursor is, written by its form: hex digits, `-`, the number as a number is printed.
fn is_cursor(text: &str) -> bool {
    let Some(('-', seq)) = text.get(16..).and_then(|rest| rest.chars().next().zip(rest.get(1..))) else { return false };
    let epoch = text[..16].bytes().all(|byte| b"0123456789abcdef".contains(&byte));
    epoch && seq.parse::<u64>().is_ok_and(|number| number.to_string() == seq)
}
