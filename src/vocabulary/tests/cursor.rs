//! A cursor is what a device hands back: anybody can write one.

use proptest::prelude::*;

use crate::Cursor;
use crate::vocabulary::cursor::Epoch;

#[test]
fn a_cursor_is_read_as_it_is_printed() {
    for text in ["0000000000000000-0", "00c0ffee00c0ffee-42", "ffffffffffffffff-18446744073709551615"] {
        assert_eq!(text.parse::<Cursor>().unwrap().to_string(), text);
    }
}

#[test]
fn what_is_not_exactly_a_cursor_is_none() {
    let hostile = [
        "",
        "-",
        "42",
        "00c0ffee00c0ffee",
        "00c0ffee00c0ffee-",
        "-42",
        "00c0ffee00c0ffe-42",
        "00c0ffee00c0ffee0-42",
        "00C0FFEE00C0FFEE-42",
        "0xc0ffee00c0ffee-42",
        "+0c0ffee00c0ffee-42",
        "00c0ffee00c0ffeg-42",
        "00c0ffee00c0ffee-+42",
        "00c0ffee00c0ffee--42",
        "00c0ffee00c0ffee-042",
        "00c0ffee00c0ffee-00",
        "00c0ffee00c0ffee-4_2",
        "00c0ffee00c0ffee-4.2",
        "00c0ffee00c0ffee-2a",
        " 00c0ffee00c0ffee-42",
        "00c0ffee00c0ffee-42 ",
        "00c0ffee00c0ffee-42\n",
        "00c0ffee00c0ffee-4 2",
        "00c0ffee00c0ffee-42\0",
        "00c0ffee00c0ffee-４２",
        "00c0ffee00c0ffee-٤٢",
        "００c0ffee00c0ffee-42",
        "00c0ffee00c0ffee–42",
        "éééééééé-42",
        "00c0ffee00c0ffee-18446744073709551616",
        "00c0ffee00c0ffee-100000000000000000000",
        "00c0ffee00c0ffee-99999999999999999999999999999999",
    ];
    for text in hostile {
        assert!(text.parse::<Cursor>().is_err(), "{text:?}");
    }
    assert!(format!("00c0ffee00c0ffee-{}", "9".repeat(1 << 20)).parse::<Cursor>().is_err());
}

#[test]
fn a_cursor_shows_itself_as_its_text_everywhere() {
    let cursor = Cursor::new(Epoch(0xab), 7);
    assert_eq!((format!("{cursor:?}"), cursor.seq()), (cursor.to_string(), 7));
    assert_eq!(serde_json::to_string(&cursor).unwrap(), r#""00000000000000ab-7""#);
}

proptest! {
    #[test]
    fn every_cursor_comes_back(epoch: u64, seq: u64) {
        let cursor = Cursor::new(Epoch(epoch), seq);
        prop_assert_eq!(cursor.to_string().parse::<Cursor>().unwrap(), cursor);
    }

    #[test]
    fn no_text_is_two_cursors_and_none_panics(text in "[0-9a-fA-F+ _é-]{0,40}") {
        if let Ok(cursor) = text.parse::<Cursor>() {
            prop_assert_eq!(cursor.to_string(), text);
        }
    }
}

#[test]
fn the_debug_of_an_epoch_is_its_text() {
    assert_eq!(format!("{:?}", Epoch(255)), "00000000000000ff");
}
