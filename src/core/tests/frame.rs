//! Frames, as a host sees them.

use super::*;
use crate::vocabulary::frame::ControlFrame;
use crate::{CloseCode, CloseReason};

fn frame() -> Frame {
    let log = log_of([happened("FILL", 1)]);
    Frame::record(log.after(0).last().unwrap().clone(), None)
}

#[test]
fn the_bytes_of_a_frame_are_its_text_and_are_not_copied() {
    let frame = frame();
    assert_eq!(frame.bytes(), frame.text());
    assert_eq!(frame.bytes().as_ptr(), frame.clone().text().as_ptr());
}

#[test]
fn the_debug_of_a_frame_shows_what_it_is_and_no_payload() {
    assert!(frame().text().contains(r#""n":1"#));
    let shown = format!("{:?}", frame());
    assert!(shown.contains("FILL") && shown.contains("Log") && !shown.contains(r#""n""#), "{shown}");
}

#[test]
fn frames_are_equal_that_say_the_same_and_move_the_device_to_the_same_place() {
    let Some(record) = log_of([happened("FILL", 1)]).after(0).last().cloned() else { unreachable!() };
    let at = |seq| Frame::record(record.clone(), Some(Cursor::new(EPOCH, seq)));
    assert_eq!(at(1), at(1));
    assert_ne!(at(1), at(2));
    assert_eq!(frame(), frame());
    let closing = ControlFrame::closing(&CloseReason::new(CloseCode::NORMAL));
    assert_ne!(frame(), Frame::control(closing.into()));
}
