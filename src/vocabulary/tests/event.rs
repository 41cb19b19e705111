//! Versions, keys, and events whose type was forgotten.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::json;

use crate::{DynamicEvent, ErasedEvent, Event, EventKey, Kind, Removal, Timestamp, Version};

#[derive(serde::Serialize)]
struct Fill {
    id: u32,
}

impl Event for Fill {
    const NAME: &'static str = "FILL";
    const KIND: Kind = Kind::Log;
    const FIELD: Option<&'static str> = Some("fill");

    fn key(&self) -> Option<Cow<'_, str>> {
        Some("7".into())
    }
}

#[test]
fn a_log_event_has_no_key() {
    assert_eq!(ErasedEvent::key(&Fill { id: 1 }), None);
}

#[test]
fn data_has_one_wrapper_field_a_type_and_a_run_time_event_none() {
    assert_eq!(Fill { id: 1 }.data().unwrap(), r#"{"fill":{"id":1}}"#);
    assert_eq!(DynamicEvent::log("FILL", json!({"id": 1})).unwrap().data().unwrap(), r#"{"id":1}"#);
    assert_eq!(DynamicEvent::log("FILL", json!(null)).unwrap().data().unwrap(), "null");
}

#[test]
fn a_removal_is_of_a_state_and_has_no_data() {
    let removal = Removal::named(crate::EventName::from_static("PRICE"), Some("BTC"));
    let erased: &dyn ErasedEvent = &removal;
    assert!(erased.is_removal() && !erased.is_final() && !erased.is_public());
    assert_eq!(
        (erased.kind(), erased.key().as_deref(), erased.data().unwrap().as_str()),
        (Kind::State, Some("BTC"), "{}")
    );
}

#[test]
fn versions_of_any_number_are_comparable_and_none_wraps_around() {
    assert!(Version::from(u64::MAX) >= Version::from(i64::MAX));
    assert!(Version::from(u64::MAX) > Version::from(0_u64));
    assert!(Version::from(-1_i32) < Version::from(0_u32));
    assert_eq!(Version::from(Timestamp::from_milliseconds(7)), Version::from(7_i64));
}

#[test]
fn a_key_is_text_or_a_whole_number() {
    let keys = [
        "a".event_key(),
        String::from("a").event_key(),
        Arc::<str>::from("a").event_key(),
        Box::<str>::from("a").event_key(),
        Cow::Borrowed("a").event_key(),
    ]
    .map(Cow::into_owned);
    assert_eq!(keys, ["a"; 5].map(str::to_owned));
    assert_eq!((&&u64::MAX).event_key(), "18446744073709551615");
    assert_eq!(i128::MIN.event_key(), i128::MIN.to_string());
}

#[test]
fn the_debug_of_an_event_shows_no_payload() {
    let event = DynamicEvent::state("PRICE", "secret", json!("secret")).unwrap();
    assert!(!format!("{event:?}").contains("secret"));
}
