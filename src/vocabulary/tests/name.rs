//! The names of event types.

use std::cmp::Ordering;
use std::collections::HashSet;

use crate::{EventName, EventNameError};

const BORROWED: EventName = EventName::from_static("ORDER_UPDATE");

#[test]
fn a_name_has_1_to_64_plain_characters() {
    for name in ["A", "order.update", "a:b-c_d.9", "9", &"X".repeat(64)] {
        assert_eq!(EventName::new(name).unwrap().as_str(), name);
    }
    assert_eq!(EventName::new(""), Err(EventNameError::Empty));
    assert_eq!(EventName::new(&"X".repeat(65)), Err(EventNameError::TooLong { length: 65 }));
}

#[test]
fn nothing_in_a_name_needs_escaping() {
    for character in ['"', '\\', '/', ' ', '\n', '\0', '\u{7f}', '{', '<', '+', '@'] {
        assert_eq!(EventName::new(&format!("A{character}B")), Err(EventNameError::Character(character)));
    }
    for text in ["é", "ＡＢＣ", "А", "\u{202e}A", "A\u{0301}"] {
        assert!(matches!(EventName::new(text), Err(EventNameError::Character(_))), "{text:?}");
    }
}

#[test]
fn the_names_of_control_frames_are_taken() {
    for name in ["CONNECTED", "SYNCED", "GAP", "RESET", "HEARTBEAT", "CLOSING"] {
        assert_eq!(EventName::new(name), Err(EventNameError::Reserved));
    }
    for name in ["connected", "GAPS", "GA", "SYNCED_"] {
        assert!(EventName::new(name).is_ok(), "{name}");
    }
}

#[test]
fn a_name_is_the_same_however_it_was_made() {
    let made = EventName::new("ORDER_UPDATE").unwrap();
    assert_eq!(made, BORROWED);
    assert_eq!(made.cmp(&BORROWED), Ordering::Equal);
    assert!(HashSet::from([BORROWED]).contains(&made));
}

#[test]
fn names_are_ordered_as_their_texts() {
    let mut names = [EventName::new("A").unwrap(), BORROWED, EventName::new("Z").unwrap(), EventName::from_static("B")];
    names.sort();
    assert_eq!(names.map(|name| name.to_string()), ["A", "B", "ORDER_UPDATE", "Z"]);
}
