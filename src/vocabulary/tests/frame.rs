//! Frames without a record, as they go out.

use std::time::Duration;

use crate::vocabulary::cursor::Epoch;
use crate::vocabulary::frame::{Control, ControlFrame, GapReason, Protocol, ResetReason};
use crate::{CloseCode, CloseReason, ConnectionId, Cursor, FrameKind, UserId};

#[test]
fn only_synced_and_heartbeat_of_the_control_frames_move_the_cursor() {
    let cursor = Cursor::new(Epoch(1), 7);
    let heartbeat = ControlFrame::new(&Control::Heartbeat { cursor, last_log: 3 });
    assert_eq!(
        (heartbeat.cursor, heartbeat.kind, heartbeat.name.as_str()),
        (Some(cursor), FrameKind::Heartbeat, "HEARTBEAT")
    );
    let gap = ControlFrame::new(&Control::Gap { from: Some(1), to: Some(2), reason: GapReason::Evicted, last_log: 2 });
    assert_eq!((gap.cursor, gap.kind, gap.name.as_str()), (None, FrameKind::Gap, "GAP"));
    let reset = ControlFrame::new(&Control::Reset { reason: ResetReason::Forgotten });
    assert_eq!((reset.cursor, reset.kind, reset.name.as_str()), (None, FrameKind::Reset, "RESET"));
    let closing = ControlFrame::closing(&CloseReason::new(CloseCode::NORMAL));
    assert_eq!((closing.cursor, closing.kind, closing.name.as_str()), (None, FrameKind::Closing, "CLOSING"));
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
        let frame: serde_json::Value = serde_json::from_str(&ControlFrame::new(&connected).text).unwrap();
        frame["heartbeat"].to_string()
    };
    assert_eq!(heartbeat(Some(Duration::from_secs(25))), "25");
    assert_eq!(heartbeat(Some(Duration::from_millis(1_500))), "1.5");
    assert_eq!(heartbeat(None), "null");
}
