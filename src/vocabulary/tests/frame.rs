//! Frames, as a host sees them.

use std::time::Duration;

use crate::vocabulary::cursor::Epoch;
use crate::vocabulary::frame::{Control, GapReason, Protocol, ResetReason};
use crate::{CloseCode, CloseReason, ConnectionId, Cursor, EventName, Frame, FrameKind, UserId};

#[test]
fn only_synced_and_heartbeat_of_the_control_frames_move_the_cursor() {
    let cursor = Cursor::new(Epoch(1), 7);
    let heartbeat = Frame::control(&Control::Heartbeat { cursor, last_log: 3 });
    assert_eq!(
        (heartbeat.cursor(), heartbeat.kind(), heartbeat.name()),
        (Some(cursor), FrameKind::Heartbeat, "HEARTBEAT")
    );
    let gap = Frame::control(&Control::Gap { from: Some(1), to: Some(2), reason: GapReason::Evicted, last_log: 2 });
    assert_eq!((gap.cursor(), gap.kind(), gap.name()), (None, FrameKind::Gap, "GAP"));
    let reset = Frame::control(&Control::Reset { reason: ResetReason::Forgotten });
    assert_eq!((reset.cursor(), reset.kind(), reset.name()), (None, FrameKind::Reset, "RESET"));
    let closing = Frame::closing(&CloseReason::new(CloseCode::NORMAL));
    assert_eq!((closing.cursor(), closing.kind(), closing.name()), (None, FrameKind::Closing, "CLOSING"));
}

#[test]
fn the_bytes_of_a_frame_are_its_text_and_are_not_copied() {
    let frame = Frame::record("{}".into(), FrameKind::Log, EventName::from_static("FILL"), None);
    assert_eq!(frame.bytes(), frame.text());
    assert_eq!(frame.bytes().as_ptr(), frame.clone().text().as_ptr());
}

#[test]
fn the_debug_of_a_frame_shows_no_payload() {
    let frame = Frame::record(r#"{"secret":1}"#.into(), FrameKind::Log, EventName::from_static("FILL"), None);
    assert!(!format!("{frame:?}").contains("secret"));
}

#[test]
fn whole_seconds_of_a_heartbeat_have_no_fraction_and_others_have_theirs() {
    let user = UserId::new("alice").unwrap();
    let heartbeat = |heartbeat: Option<Duration>| {
        let connected = Control::Connected {
            protocol: Protocol,
            user_id: &user,
            connection_id: ConnectionId::from_number(1),
            epoch: Epoch(1).to_string(),
            after: None,
            recovered: false,
            last_log: 0,
            heartbeat,
        };
        let frame: serde_json::Value = serde_json::from_str(Frame::control(&connected).text()).unwrap();
        frame["heartbeat"].to_string()
    };
    assert_eq!(heartbeat(Some(Duration::from_secs(25))), "25");
    assert_eq!(heartbeat(Some(Duration::from_millis(1_500))), "1.5");
    assert_eq!(heartbeat(None), "null");
}
