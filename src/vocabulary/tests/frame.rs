//! Frames, as a host sees them.

use crate::vocabulary::cursor::Epoch;
use crate::vocabulary::frame::{Control, GapReason, ResetReason};
use crate::{CloseCode, CloseReason, Cursor, EventName, Frame, FrameKind};

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
