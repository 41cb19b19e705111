//! Why a connection ends.

use std::time::Duration;

use crate::vocabulary::frame::ControlFrame;
use crate::{CloseCode, CloseReason};

#[test]
fn a_text_is_cut_at_the_last_character_that_fits() {
    let text_of = |text: String| CloseReason::new(CloseCode::REVOKED).with_text(text).text().to_owned();
    assert_eq!(text_of("x".repeat(123)).len(), 123);
    assert_eq!(text_of("x".repeat(124)).len(), 123);
    assert_eq!(text_of("é".repeat(100)), "é".repeat(61), "122 bytes: half a character is none");
    assert_eq!(text_of("😀".repeat(100)), "😀".repeat(30), "120 bytes");
    assert_eq!(text_of(format!("x{}", "é".repeat(61))).len(), 123);
    assert_eq!(text_of(String::new()), "");
}

#[test]
fn a_borrowed_text_is_cut_too() {
    const LONG: &str = "€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€";
    assert_eq!(CloseReason::new(CloseCode::REVOKED).with_text(LONG).text(), "€".repeat(41));
}

#[test]
fn the_range_of_a_code_says_whether_to_come_back() {
    let come_back = [1000, 1001, 3005, 3008, 3012];
    let stay_away = [3500, 3503, 3504, 3507];
    let named = [
        CloseCode::NORMAL,
        CloseCode::SHUTTING_DOWN,
        CloseCode::SESSION_EXPIRED,
        CloseCode::TOO_SLOW,
        CloseCode::NO_PONG,
        CloseCode::REVOKED,
        CloseCode::SIGNED_OUT,
        CloseCode::TOO_MANY_CONNECTIONS,
        CloseCode::NOT_ALLOWED,
    ];
    assert_eq!(named.map(CloseCode::as_u16)[..5], come_back);
    assert_eq!(named.map(CloseCode::as_u16)[5..], stay_away);
    assert_eq!(named.map(CloseCode::reconnect), [true, true, true, true, true, false, false, false, false]);
}

#[test]
fn an_application_has_the_codes_3000_to_3999() {
    let reconnect = |code| CloseCode::application(code).map(CloseCode::reconnect);
    assert_eq!(
        [2999, 3000, 3499, 3500, 3999, 4000, 1000, 0].map(reconnect),
        [None, Some(true), Some(true), Some(false), Some(false), None, None, None]
    );
}

#[test]
fn a_hint_of_any_length_fits_the_frame() {
    let reason = CloseReason::new(CloseCode::TOO_SLOW).retry_after(Duration::MAX);
    let frame: serde_json::Value = serde_json::from_str(&ControlFrame::closing(&reason).text).unwrap();
    assert_eq!(frame["retryAfterMs"], u64::MAX);
}

#[test]
fn a_code_shows_its_number() {
    assert_eq!(CloseCode::REVOKED.to_string(), CloseCode::REVOKED.as_u16().to_string());
    assert_eq!(format!("{:>6}", CloseCode::NORMAL), "  1000");
}
