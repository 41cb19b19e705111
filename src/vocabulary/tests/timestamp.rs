//! Moments, from text and to text.

use std::time::{Duration, UNIX_EPOCH};

use proptest::prelude::*;

use crate::{Timestamp, Version};

const EARLIEST: i64 = -62_167_219_200_000;
const LATEST: i64 = 253_402_300_799_999;

fn read(text: &str) -> String {
    text.parse::<Timestamp>().map_or_else(|error| error.to_string(), |moment| moment.to_string())
}

#[test]
fn an_offset_is_brought_to_utc() {
    let moment = "2026-11-22T23:59:39.123Z";
    for text in [
        "2026-11-22T23:59:39.123Z",
        "2026-11-22t23:59:39.123z",
        "2026-11-22T23:59:39.123+00:00",
        "2026-11-22T23:59:39.123-00:00",
        "2026-11-23T00:59:39.123+01:00",
        "2026-11-23T05:44:39.123+05:45",
        "2026-11-22T12:59:39.123-11:00",
    ] {
        assert_eq!(read(text), moment, "{text}");
    }
}

#[test]
fn what_is_finer_than_a_millisecond_is_cut_off() {
    assert_eq!(read("2026-11-22T23:59:39.123999999Z"), "2026-11-22T23:59:39.123Z");
    assert_eq!(read("2026-11-22T23:59:39Z"), "2026-11-22T23:59:39.000Z");
    assert_eq!(read("2026-11-22T23:59:39.1Z"), "2026-11-22T23:59:39.100Z");
    assert_eq!(read("1969-12-31T23:59:59.9999Z"), "1969-12-31T23:59:59.999Z", "before 1970 too");
    assert_eq!(Timestamp::from(UNIX_EPOCH + Duration::from_micros(1_999)).as_milliseconds(), 1);
    assert_eq!(Timestamp::from(UNIX_EPOCH - Duration::from_micros(1_001)).as_milliseconds(), -2, "before 1970 too");
    assert_eq!(Timestamp::from(UNIX_EPOCH - Duration::from_millis(2)).as_milliseconds(), -2);
}

#[test]
fn leap_days_are_days_and_a_leap_second_is_the_second_before_it() {
    assert_eq!(read("2024-02-29T12:00:00Z"), "2024-02-29T12:00:00.000Z");
    assert_eq!(read("2000-02-29T12:00:00Z"), "2000-02-29T12:00:00.000Z");
    assert!("2023-02-29T12:00:00Z".parse::<Timestamp>().is_err());
    assert!("1900-02-29T12:00:00Z".parse::<Timestamp>().is_err());
    assert_eq!(read("2016-12-31T23:59:60Z"), "2016-12-31T23:59:59.000Z");
}

proptest! {
    #[test]
    fn what_is_appended_is_what_is_printed(moments in proptest::collection::vec(EARLIEST..=LATEST, 1..4), step in -1_500_i64..1_500) {
        for milliseconds in moments.into_iter().flat_map(|moment| [moment, moment + step, moment]) {
            let moment = Timestamp::from_milliseconds(milliseconds);
            let mut text = b"at ".to_vec();
            moment.push_to(&mut text);
            prop_assert_eq!(String::from_utf8(text).unwrap(), format!("at {moment}"));
            prop_assert_eq!(serde_json::to_string(&moment).unwrap(), format!("\"{moment}\""));
        }
    }
}

#[test]
fn no_moment_is_taken_for_one_a_second_a_minute_an_hour_or_a_day_before() {
    let mut text = Vec::new();
    for moment in [0, 1_000, 60_000, 3_600_000, 86_400_000] {
        Timestamp::from_milliseconds(moment).push_to(&mut text);
        text.push(b' ');
    }
    let expected = "1970-01-01T00:00:00.000Z 1970-01-01T00:00:01.000Z 1970-01-01T00:01:00.000Z \
                    1970-01-01T01:00:00.000Z 1970-01-02T00:00:00.000Z ";
    assert_eq!(String::from_utf8(text).unwrap(), expected);
}

#[test]
fn the_years_0000_to_9999_are_the_bounds() {
    assert_eq!(Timestamp::from_milliseconds(EARLIEST).to_string(), "0000-01-01T00:00:00.000Z");
    assert_eq!(Timestamp::from_milliseconds(LATEST).to_string(), "9999-12-31T23:59:59.999Z");
    for text in ["0000-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"] {
        assert_eq!(read(text), text);
    }
    assert_eq!(Timestamp::from_milliseconds(i64::MIN).as_milliseconds(), EARLIEST);
    assert_eq!(Timestamp::from_milliseconds(i64::MAX).as_milliseconds(), LATEST);
    for outside in
        ["0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "-000001-12-31T23:59:59Z", "+010000-01-01T00:00:00Z"]
    {
        assert!(outside.parse::<Timestamp>().is_err(), "{outside}");
    }
}

#[test]
fn what_is_no_moment_is_refused() {
    for text in [
        "",
        "yesterday",
        "2026-11-22",
        "2026-11-22T23:59:39",
        "23:59:39Z",
        "2026-13-22T23:59:39Z",
        "2026-11-31T23:59:39Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T23:59:61Z",
        "2026-11-22T23:59:39Z ",
        " 2026-11-22T23:59:39Z",
        "1795391979123",
        "٢٠٢٦-11-22T23:59:39Z",
    ] {
        assert!(text.parse::<Timestamp>().is_err(), "{text:?}");
    }
}

#[test]
fn a_later_moment_is_a_newer_version() {
    let (earlier, later): (Timestamp, Timestamp) =
        ("2026-11-22T23:59:39.123Z".parse().unwrap(), "2026-11-22T23:59:39.124Z".parse().unwrap());
    assert!(earlier < later);
    assert!(Version::from(earlier) < Version::from(later));
}

#[test]
fn a_moment_in_json_is_its_text() {
    let moment = Timestamp::from_milliseconds(0);
    let text = serde_json::to_string(&moment).unwrap();
    assert_eq!(text, r#""1970-01-01T00:00:00.000Z""#);
    assert_eq!(serde_json::from_str::<Timestamp>(&text).unwrap(), moment);
    assert!(serde_json::from_str::<Timestamp>("0").is_err());
}

proptest! {
    #[test]
    fn every_moment_comes_back_and_takes_24_characters(milliseconds in EARLIEST..=LATEST) {
        let moment = Timestamp::from_milliseconds(milliseconds);
        prop_assert_eq!(moment.to_string().len(), 24);
        prop_assert_eq!(moment.to_string().parse::<Timestamp>().unwrap(), moment);
    }

    #[test]
    fn texts_are_ordered_as_their_moments(one in EARLIEST..=LATEST, other in EARLIEST..=LATEST) {
        let (one, other) = (Timestamp::from_milliseconds(one), Timestamp::from_milliseconds(other));
        prop_assert_eq!(one.cmp(&other), one.to_string().cmp(&other.to_string()));
    }
}

#[test]
fn the_debug_of_a_moment_is_its_text() {
    let moment: Timestamp = "2026-11-22T23:59:39.123Z".parse().unwrap();
    assert_eq!(format!("{moment:?}"), "2026-11-22T23:59:39.123Z");
}
