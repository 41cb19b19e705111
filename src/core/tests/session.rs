//! What a connection hands out: which frames, in which order, and with which cursor.

use std::sync::{Arc, Weak};

use super::device::{Device, Verdict};
use super::*;
use crate::vocabulary::frame::StateSourceState;
use crate::{CloseCode, CloseReason};

const SMALL: LogLimits = LogLimits { log_records: 2, state_keys: 2, ..ROOMY };

fn push_small(log: &mut Log, drafts: impl IntoIterator<Item = Draft>) {
    log.append(drafts.into_iter().collect(), at(0), &SMALL).unwrap();
}

fn texts_of(frames: &[Frame]) -> Vec<&str> {
    frames.iter().map(Frame::text).collect()
}

/// Hands the frames to a device; the first verdict that is not fine ends it.
fn deliver<'f>(device: &mut Device, frames: impl IntoIterator<Item = &'f Frame>) -> Verdict {
    frames
        .into_iter()
        .map(|frame| device.receive(frame.text()))
        .find(|said| *said != Verdict::Fine)
        .unwrap_or(Verdict::Fine)
}

fn is_log(frame: &&Frame, seq: Seq) -> bool {
    frame.kind() == FrameKind::Log && frame.text().starts_with(&format!(r#"{{"seq":{seq},"#))
}

mod wire {
    use super::*;

    #[test]
    fn connected_and_synced() {
        let mut new = session(Begin::New { log_records: 0 });
        let frames = frames(&mut new, &log_of([happened("L", 1), state("A", "", 1)]));
        let wire = [
            r#"{"type":"CONNECTED","protocol":1,"userId":"alice","connectionId":"7","epoch":"00000000000000ab","after":null,"recovered":false,"lastLog":1,"heartbeat":null}"#,
            r#"{"seq":2,"type":"A","timestamp":"2026-11-22T23:59:39.123Z","data":{"n":1}}"#,
            r#"{"type":"SYNCED","cursor":"00000000000000ab-2","lastLog":1,"stateSource":"none"}"#,
        ];
        assert_eq!(texts_of(&frames), wire);
    }

    #[test]
    fn connected_after_a_known_cursor() {
        let frames = frames(&mut session(after(2)), &log_of([happened("L", 1), state("A", "", 1), happened("L", 2)]));
        let wire = r#"{"type":"CONNECTED","protocol":1,"userId":"alice","connectionId":"7","epoch":"00000000000000ab","after":"00000000000000ab-2","recovered":true,"lastLog":1,"heartbeat":null}"#;
        assert_eq!(frames[0].text(), wire);
    }

    #[test]
    fn the_heartbeat_that_connected_announces_and_the_frame_itself() {
        let user = UserId::new("a\"b").unwrap();
        let interval = Some(Duration::from_secs(25));
        let mut session =
            Driven::new(ConnectionId::from_number(1), user, EPOCH, options(after(0), interval), at(0).now);
        let log = log_of([happened("L", 1)]);
        assert!(frames(&mut session, &log)[0].text().contains(r#""userId":"a\"b","#));
        session.handle_deadline(at(25).now);
        let frames = frames(&mut session, &log);
        assert_eq!(texts_of(&frames), [r#"{"type":"HEARTBEAT","cursor":"00000000000000ab-1","lastLog":1}"#]);

        let interval = Some(Duration::from_millis(1_500));
        let mut session = Driven::new(
            ConnectionId::from_number(1),
            UserId::new("b").unwrap(),
            EPOCH,
            options(after(0), interval),
            at(0).now,
        );
        assert!(super::frames(&mut session, &log)[0].text().ends_with(r#""heartbeat":1.5}"#));
    }

    #[test]
    fn gaps() {
        let mut log = Log::default();
        for value in 0..4 {
            push_small(&mut log, [happened("L", value)]);
        }
        let evicted = frames(&mut session(after(1)), &log);
        assert_eq!(evicted[1].text(), r#"{"type":"GAP","from":2,"to":2,"reason":"evicted","lastLog":2}"#);
        let unknown = frames(&mut session(Begin::Unknown), &log);
        assert_eq!(unknown[1].text(), r#"{"type":"GAP","from":null,"to":2,"reason":"unknown","lastLog":2}"#);
        let nothing_evicted = frames(&mut session(Begin::Unknown), &Log::default());
        assert_eq!(nothing_evicted[1].text(), r#"{"type":"GAP","from":null,"to":null,"reason":"unknown","lastLog":0}"#);
    }

    #[test]
    fn reset() {
        let mut log = Log::default();
        for name in ["A", "B", "C"] {
            push_small(&mut log, [last(name, "", 1)]);
        }
        assert_eq!(frames(&mut session(after(0)), &log)[1].text(), r#"{"type":"RESET","reason":"forgotten"}"#);
    }

    #[test]
    fn closing() {
        let log = Log::default();
        let mut closed = session(after(0));
        closed.close(Closing::at_once(CloseReason::new(CloseCode::SIGNED_OUT).with_text("a \"b\"")));
        let wire = r#"{"type":"CLOSING","code":3503,"reason":"a \"b\"","reconnect":false,"retryAfterMs":null}"#;
        assert_eq!(texts_of(&frames(&mut closed, &log)), [wire]);
        let mut closed = session(after(0));
        closed.close(Closing::at_once(
            CloseReason::new(CloseCode::SHUTTING_DOWN).retry_after(Duration::from_millis(1_500)),
        ));
        let wire = r#"{"type":"CLOSING","code":1001,"reason":"shutting down","reconnect":true,"retryAfterMs":1500}"#;
        assert_eq!(texts_of(&frames(&mut closed, &log)), [wire]);
    }
}

mod beginning {
    use super::*;

    fn full_log() -> Log {
        log_of([
            state("A", "", 1),
            happened("L", 1),
            last("B", "", 1),
            state("C", "", 1),
            removal("C", ""),
            happened("L", 2),
            state("D", "", 1),
        ])
    }

    #[test]
    fn a_new_device_gets_every_state_that_is_not_final_and_then_lives() {
        let mut log = full_log();
        let mut new = session(Begin::New { log_records: 0 });
        assert_eq!(batch(&mut new, &log), ["CONNECTED", "1 A", "7 D", "SYNCED -> 7"]);
        push(&mut log, [happened("L", 3)]).unwrap();
        push(&mut log, [last("D", "", 2)]).unwrap();
        assert_eq!(batch(&mut new, &log), ["8 L<6 -> 8", "9 D -> 9"]);
    }

    #[test]
    fn who_was_registered_at_a_position_gets_the_log_above_it_however_late_it_asks() {
        let log = log_of([happened("L", 1), happened("L", 2), happened("L", 3)]);
        let mut late = session(Begin::Since(2));
        assert_eq!(batch(&mut late, &log), ["CONNECTED", "3 L<2 -> 3", "SYNCED -> 3"]);
    }

    #[test]
    fn what_happens_between_the_registration_of_a_new_device_and_its_first_batch_is_its_own() {
        let mut log = Log::default();
        push(&mut log, [happened("L", 1)]).unwrap();
        let mut new = session(Begin::New { log_records: 0 });
        assert_eq!(new.register(&log), 1);
        push(&mut log, [happened("L", 2)]).unwrap();
        assert_eq!(batch(&mut new, &log)[1], "2 L<1 -> 2");
    }

    #[test]
    fn what_is_evicted_between_the_registration_of_a_new_device_and_its_first_batch_is_declared() {
        let mut log = Log::default();
        let mut new = session(Begin::New { log_records: 0 });
        new.register(&log);
        push(&mut log, [happened("L", 1)]).unwrap();
        log.handle_deadline(at(1_000_000), &ROOMY);
        let frames = frames(&mut new, &log);
        let expected = r#"{"type":"GAP","from":1,"to":1,"reason":"evicted","lastLog":1}"#;
        assert_eq!(frames[1].text(), expected);
    }

    #[test]
    fn a_cursor_from_the_future_stays_unknown_when_the_log_gets_there() {
        let mut log = log_of([happened("L", 1)]);
        let mut hostile = session(after(3));
        assert_eq!(hostile.register(&log), 0);
        for value in 2..=4 {
            push(&mut log, [happened("L", value)]).unwrap();
        }
        assert_eq!(batch(&mut hostile, &log)[..3], ["CONNECTED", "GAP null..null", "1 L<0 -> 1"]);
    }

    #[test]
    fn a_known_cursor_is_known_at_its_registration_and_later() {
        let mut log = log_of([happened("L", 1)]);
        let mut resumed = session(after(1));
        assert_eq!(resumed.register(&log), 1);
        push(&mut log, [happened("L", 2)]).unwrap();
        assert_eq!(batch(&mut resumed, &log), ["CONNECTED", "2 L<1 -> 2", "SYNCED -> 2"]);
    }

    #[test]
    fn a_new_device_may_ask_for_the_last_log_records() {
        let got = batch(&mut session(Begin::New { log_records: 1 }), &full_log());
        assert_eq!(got, ["CONNECTED", "1 A", "6 L<2 -> 6", "7 D -> 7", "SYNCED -> 7"]);
    }

    #[test]
    fn a_new_device_has_no_cursor_before_its_first_log_frame() {
        let mut log = log_of([state("A", "", 1), happened("L", 1), state("B", "", 1)]);
        push(&mut log, [state("C", "", 1), happened("L", 2), state("D", "", 1)]).unwrap();
        push(&mut log, [state("E", "", 1)]).unwrap();
        let got = batch(&mut session(Begin::New { log_records: 1 }), &log);
        let expected = ["CONNECTED", "1 A", "3 B", "4 C (6)", "5 L<2 (6)", "6 D (6) -> 6", "7 E -> 7", "SYNCED -> 7"];
        assert_eq!(got, expected);
    }

    #[test]
    fn the_baseline_of_a_new_device_is_before_the_first_log_record_that_it_gets() {
        let log = full_log();
        let baseline = |log_records| {
            let frames = frames(&mut session(Begin::New { log_records }), &log);
            let connected: serde_json::Value = serde_json::from_str(frames[0].text()).unwrap();
            connected["lastLog"].as_u64().unwrap()
        };
        assert_eq!([baseline(0), baseline(1), baseline(2), baseline(9)], [6, 2, 0, 0]);
    }

    #[test]
    fn a_device_of_an_empty_log_is_synced_at_once() {
        let mut new = session(Begin::New { log_records: 9 });
        assert_eq!(batch(&mut new, &Log::default()), ["CONNECTED", "SYNCED -> 0"]);
        assert!(!new.take(&Log::default()));
    }

    #[test]
    fn a_known_cursor_gets_everything_after_it() {
        let log = full_log();
        let got = batch(&mut session(after(2)), &log);
        assert_eq!(got, ["CONNECTED", "3 B -> 3", "5 C cleared -> 5", "6 L<2 -> 6", "7 D -> 7", "SYNCED -> 7"]);
        assert_eq!(batch(&mut session(after(7)), &log), ["CONNECTED", "SYNCED -> 7"]);
    }

    #[test]
    fn an_unknown_cursor_gets_a_gap_and_everything_retained() {
        let log = full_log();
        let everything = [
            "CONNECTED",
            "GAP null..null",
            "1 A -> 1",
            "2 L<0 -> 2",
            "3 B -> 3",
            "5 C cleared -> 5",
            "6 L<2 -> 6",
            "7 D -> 7",
            "SYNCED -> 7",
        ];
        let foreign = Begin::After(Cursor::new(Epoch(1), 3));
        let from_the_future = after(8);
        for begin in [Begin::Unknown, foreign, from_the_future] {
            assert_eq!(batch(&mut session(begin), &log), everything, "{begin:?}");
        }
    }

    #[test]
    fn recovered_says_exactly_whether_the_cursor_was_known() {
        let log = full_log();
        let cases = [
            (Begin::New { log_records: 0 }, false),
            (Begin::Unknown, false),
            (after(8), false),
            (Begin::After(Cursor::new(Epoch(1), 7)), false),
            (after(7), true),
            (after(0), true),
        ];
        for (begin, recovered) in cases {
            let connected = frames(&mut session(begin), &log)[0].text().contains(r#""recovered":true"#);
            assert_eq!(connected, recovered, "{begin:?}");
        }
    }
}

mod floors {
    use super::*;

    /// Log records 1 to 4, of which 3 and 4 are left.
    fn evicted() -> Log {
        let mut log = Log::default();
        for value in 1..=4 {
            push_small(&mut log, [happened("L", value)]);
        }
        log
    }

    #[test]
    fn a_reader_below_the_log_floor_gets_one_gap() {
        let log = evicted();
        let mut resumed = session(after(1));
        assert_eq!(batch(&mut resumed, &log), ["CONNECTED", "GAP 2..2", "3 L<2 -> 3", "4 L<3 -> 4", "SYNCED -> 4"]);
        assert_eq!(batch(&mut resumed, &log), [""; 0]);
        assert_eq!(batch(&mut session(after(2)), &log)[1], "3 L<2 -> 3", "at the floor nothing is missing");
    }

    #[test]
    fn the_baseline_of_a_reader_at_the_log_floor_is_the_last_record_evicted() {
        let log = evicted();
        let frames = frames(&mut session(after(log.log_floor())), &log);
        let connected: serde_json::Value = serde_json::from_str(frames[0].text()).unwrap();
        assert_eq!(connected["lastLog"], log.log_floor());
    }

    #[test]
    fn a_reader_that_falls_below_the_log_floor_gets_one_gap_and_goes_on() {
        let mut log = Log::default();
        let mut slow = session(Begin::New { log_records: 0 });
        assert_eq!(batch(&mut slow, &log), ["CONNECTED", "SYNCED -> 0"]);
        for value in 1..=4 {
            push_small(&mut log, [happened("L", value)]);
        }
        assert_eq!(batch(&mut slow, &log), ["GAP 1..2", "3 L<2 -> 3", "4 L<3 -> 4"]);
        push_small(&mut log, [happened("L", 5)]);
        assert_eq!(batch(&mut slow, &log), ["5 L<4 -> 5"]);
    }

    #[test]
    fn a_cut_before_the_cursor_has_passed_the_floor_repeats_the_gap() {
        let mut log = log_of([state("A", "", 1)]);
        for value in 1..=2 {
            push_small(&mut log, [happened("L", value)]);
        }
        push_small(&mut log, [state("B", "", 1)]);
        push_small(&mut log, [happened("L", 3)]);
        push_small(&mut log, [happened("L", 4)]);
        assert_eq!(log.log_floor(), 3);
        assert_eq!(batch(&mut session(after(0)), &log)[1..3], ["GAP 1..3", "1 A -> 1"]);
        assert_eq!(batch(&mut session(after(1)), &log)[1..3], ["GAP 2..3", "4 B -> 4"]);
        assert_eq!(batch(&mut session(after(4)), &log)[1], "5 L<3 -> 5");
    }

    /// State 1 to 4, of which the final one with seq 1 is forgotten.
    fn forgotten() -> Log {
        let mut log = Log::default();
        for draft in [last("A", "", 1), happened("L", 1), state("B", "", 1), last("C", "", 1), state("D", "", 1)] {
            push_small(&mut log, [draft]);
        }
        assert_eq!(log.state_floor(), 4);
        log
    }

    #[test]
    fn a_removal_that_was_forgotten_resets_who_did_not_see_it() {
        let log = forgotten();
        assert_eq!(batch(&mut session(after(3)), &log), ["CONNECTED", "RESET", "3 B", "5 D -> 5", "SYNCED -> 5"]);
        assert_eq!(batch(&mut session(after(4)), &log), ["CONNECTED", "5 D -> 5", "SYNCED -> 5"], "who saw it goes on");
    }

    #[test]
    fn a_reset_leaves_the_log_above_the_cursor_in_its_place() {
        let log = forgotten();
        assert_eq!(
            batch(&mut session(after(1)), &log),
            ["CONNECTED", "RESET", "2 L<0 -> 2", "3 B -> 3", "5 D -> 5", "SYNCED -> 5"]
        );
    }

    #[test]
    fn a_reader_is_reset_in_mid_stream_and_synced_again() {
        let mut log = log_of([state("A", "", 1)]);
        let mut slow = session(Begin::New { log_records: 0 });
        batch(&mut slow, &log);
        for draft in [removal("A", ""), state("B", "", 1), state("C", "", 1)] {
            push_small(&mut log, [draft]);
        }
        assert_eq!(batch(&mut slow, &log), ["RESET", "3 B -> 3", "4 C -> 4", "SYNCED -> 4"]);
        assert_eq!(batch(&mut slow, &log), [""; 0]);
    }

    #[test]
    fn who_keeps_up_is_reset_by_each_end_that_finds_no_room() {
        let limits = LogLimits { state_keys: 1, ..ROOMY };
        let mut log = log_of([state("A", "", 1)]);
        let mut phone = session(after(1));
        assert_eq!(batch(&mut phone, &log), ["CONNECTED", "SYNCED -> 1"]);
        // Also when the places of those that are gone are swept out, and A is the newest that is left.
        for seq in 2..40 {
            log.append(smallvec![last("B", "", 1)], at(0), &limits).unwrap();
            assert_eq!((log.head(), log.state_floor()), (seq, seq));
            assert_eq!(batch(&mut phone, &log), ["RESET", "1 A", &format!("SYNCED -> {seq}")]);
        }
    }

    #[test]
    fn who_keeps_up_has_a_gap_where_one_record_came_and_went() {
        let mut log = log_of([happened("L", 1)]);
        let mut phone = session(after(1));
        assert_eq!(batch(&mut phone, &log), ["CONNECTED", "SYNCED -> 1"]);
        log.lose();
        assert_eq!(batch(&mut phone, &log), ["GAP 2..2"]);
    }

    #[test]
    fn after_a_reset_low_seqs_carry_no_cursor() {
        let mut log = log_of([state("A", "", 1), happened("L", 1)]);
        push_small(&mut log, [last("B", "", 1)]);
        let mut slow = session(after(2));
        assert_eq!(batch(&mut slow, &log), ["CONNECTED", "3 B -> 3", "SYNCED -> 3"]);
        push_small(&mut log, [last("C", "", 1)]);
        push_small(&mut log, [state("D", "", 1)]);
        assert_eq!(log.state_floor(), 4);
        assert_eq!(batch(&mut slow, &log), ["RESET", "1 A", "5 D -> 5", "SYNCED -> 5"]);
    }

    #[test]
    fn a_gap_stands_before_a_reset() {
        let mut log = evicted();
        push_small(&mut log, [last("A", "", 1)]);
        push_small(&mut log, [state("B", "", 1)]);
        push_small(&mut log, [state("C", "", 1)]);
        assert_eq!(batch(&mut session(after(0)), &log)[..3], ["CONNECTED", "GAP 1..2", "RESET"]);
    }

    #[test]
    fn idle_time_makes_no_frame() {
        let mut log = forgotten();
        let mut idle = session(after(5));
        batch(&mut idle, &log);
        log.handle_deadline(at(10_000_000), &ROOMY);
        assert!(log.log_floor() > 0, "the log is old");
        assert!(!idle.take(&log));
        assert_eq!(idle.next_deadline(), None);
    }
}

mod batches {
    use super::*;

    #[test]
    fn what_comes_while_a_batch_is_handed_out_is_in_the_next() {
        let mut log = log_of([state("A", "", 1), state("B", "", 1)]);
        let mut slow = session(after(0));
        slow.take(&log);
        assert_eq!(slow.next_frame().unwrap().kind(), FrameKind::Connected);
        push(&mut log, [state("B", "", 2)]).unwrap();
        let rest: Vec<Frame> = std::iter::from_fn(|| slow.next_frame()).collect();
        assert_eq!(rest.iter().map(Frame::cursor).map(|cursor| cursor.unwrap().seq()).collect::<Vec<_>>(), [1, 2, 2]);
        assert_eq!(batch(&mut slow, &log), ["3 B -> 3"]);
    }

    #[test]
    fn a_batch_is_handed_out_whole_and_leaves_no_room_behind() {
        let mut log = Log::default();
        let mut reader = session(Begin::New { log_records: 0 });
        assert_eq!(batch(&mut reader, &log).len(), 2);
        assert_eq!(reader.room(), 0);
        for key in 0..500 {
            push(&mut log, [state("A", &key.to_string(), 1)]).unwrap();
        }
        assert_eq!(batch(&mut reader, &log).len(), 500);
        assert_eq!(reader.room(), 0);
    }

    #[test]
    fn a_batch_has_room_for_what_came_and_after_a_long_absence_for_what_is_left_of_it() {
        let mut log = Log::default();
        let mut reader = session(Begin::New { log_records: 0 });
        assert_eq!(batch(&mut reader, &log).len(), 2);
        push(&mut log, (0..10).map(|value| happened("L", value))).unwrap();
        assert!(reader.take(&log));
        assert_eq!(reader.room(), 9, "the first goes out at once");
        while reader.next_frame().is_some() {}
        for value in 0..1_000 {
            push(&mut log, [state("A", "", value)]).unwrap();
        }
        assert!(reader.take(&log));
        assert!(reader.room() <= 16, "for one value, and not for {}", reader.room());
    }

    #[test]
    fn a_reader_is_told_whether_there_is_anything_to_hand_out() {
        let mut log = Log::default();
        let mut reader = session(Begin::New { log_records: 0 });
        assert!(reader.take(&log), "CONNECTED and SYNCED");
        while reader.next_frame().is_some() {}
        assert!(!reader.take(&log));
        push(&mut log, [state("A", "", 1)]).unwrap();
        assert!(reader.take(&log));
    }

    #[test]
    fn a_slow_reader_gets_the_newest_value_only() {
        let mut log = Log::default();
        let mut slow = session(after(0));
        batch(&mut slow, &log);
        for value in 1..=100 {
            push(&mut log, [state("A", "", value)]).unwrap();
        }
        push(&mut log, [state("B", "", 1)]).unwrap();
        assert_eq!(batch(&mut slow, &log), ["100 A -> 100", "101 B -> 101"]);
    }

    #[test]
    fn a_heartbeat_that_is_due_ends_the_next_batch() {
        let interval = Some(Duration::from_secs(25));
        let user = UserId::new("alice").unwrap();
        let mut session =
            Driven::new(ConnectionId::from_number(1), user, EPOCH, options(after(0), interval), at(0).now);
        let mut log = log_of([state("A", "", 1)]);
        assert_eq!(session.next_deadline(), Some(at(25).now));
        session.handle_deadline(at(24).now);
        assert_eq!(batch(&mut session, &log), ["CONNECTED", "1 A -> 1", "SYNCED -> 1"]);
        session.handle_deadline(at(25).now);
        push(&mut log, [happened("L", 1)]).unwrap();
        assert_eq!(batch(&mut session, &log), ["2 L<0 -> 2", "HEARTBEAT -> 2"]);
        assert_eq!(session.next_deadline(), Some(at(50).now));
        assert_eq!(batch(&mut session, &log), [""; 0]);
        session.handle_deadline(at(90).now);
        assert_eq!(batch(&mut session, &log), ["HEARTBEAT -> 2"], "missed ones are not made up for");
        assert_eq!(session.next_deadline(), Some(at(115).now));
    }
}

mod groups {
    use super::*;

    #[test]
    fn of_a_group_only_the_last_frame_moves_the_cursor() {
        let mut log = Log::default();
        push(&mut log, [happened("L", 1), state("A", "", 1), happened("L", 2)]).unwrap();
        let got = batch(&mut session(after(0)), &log);
        assert_eq!(got, ["CONNECTED", "1 L<0 (3)", "2 A (3)", "3 L<1 (3) -> 3", "SYNCED -> 3"]);
    }

    #[test]
    fn a_group_whose_last_member_was_replaced_moves_the_cursor_to_its_end() {
        let mut log = Log::default();
        push(&mut log, [happened("L", 1), state("A", "", 1)]).unwrap();
        push(&mut log, [state("A", "", 2)]).unwrap();
        assert_eq!(batch(&mut session(after(0)), &log), ["CONNECTED", "1 L<0 (2) -> 2", "3 A -> 3", "SYNCED -> 3"]);
    }

    #[test]
    fn a_batch_that_would_end_inside_a_group_is_ended_by_a_heartbeat() {
        let mut log = Log::default();
        let mut reader = session(after(0));
        batch(&mut reader, &log);
        push(&mut log, [state("A", "", 1), happened("L", 1)]).unwrap();
        log.handle_deadline(at(10), &LogLimits { log_age: Duration::from_secs(10), ..ROOMY });
        assert_eq!(batch(&mut reader, &log), ["GAP 1..2", "1 A (2) -> 2", "HEARTBEAT -> 2"]);
        assert_eq!(batch(&mut reader, &log), [""; 0]);
    }

    #[test]
    fn a_whole_group_or_another_frame_behind_it_needs_no_heartbeat() {
        let mut log = Log::default();
        let mut reader = session(after(0));
        batch(&mut reader, &log);
        push(&mut log, [state("A", "", 1), happened("L", 1)]).unwrap();
        assert_eq!(batch(&mut reader, &log), ["1 A (2)", "2 L<0 (2) -> 2"]);
        push(&mut log, [happened("L", 2), state("A", "", 2)]).unwrap();
        push(&mut log, [state("A", "", 3)]).unwrap();
        assert_eq!(batch(&mut reader, &log), ["3 L<2 (4) -> 4", "5 A -> 5"]);
    }

    #[test]
    fn a_group_is_never_split() {
        let mut log = log_of([happened("L", 1)]);
        push(&mut log, [state("A", "", 1), happened("L", 2), state("B", "", 1)]).unwrap();
        let limits = LogLimits { log_records: 1, ..ROOMY };
        let mut reader = session(Begin::New { log_records: 1 });
        let got = batch(&mut reader, &log);
        assert_eq!(got, ["CONNECTED", "2 A (4)", "3 L<1 (4)", "4 B (4) -> 4", "SYNCED -> 4"]);
        log.append(smallvec![happened("L", 3)], at(0), &limits).unwrap();
        assert_eq!(batch(&mut reader, &log), ["5 L<3 -> 5"]);
    }

    #[test]
    fn closing_in_the_middle_of_a_group_finishes_the_group_first() {
        let mut log = Log::default();
        push(&mut log, [happened("L", 1), state("A", "", 1), happened("L", 2)]).unwrap();
        push(&mut log, [happened("L", 3)]).unwrap();
        let closed_after = |frames: usize| {
            let mut session = session(after(0));
            if frames > 0 {
                session.take(&log);
            }
            for _ in 0..frames {
                session.next_frame().unwrap();
            }
            session.close(Closing::at_once(CloseReason::new(CloseCode::TOO_SLOW)));
            let rest: Vec<Frame> = std::iter::from_fn(|| session.next_frame()).collect();
            assert!(session.is_over());
            rest.iter().map(|frame| brief(frame.kind(), frame.text(), frame.cursor())).collect::<Vec<_>>()
        };
        assert_eq!(closed_after(0), ["CLOSING"]);
        assert_eq!(closed_after(1), ["CLOSING"], "a group that has not begun does not begin");
        assert_eq!(closed_after(2), ["2 A (3)", "3 L<1 (3) -> 3", "CLOSING"]);
        assert_eq!(closed_after(3), ["3 L<1 (3) -> 3", "CLOSING"]);
        assert_eq!(closed_after(4), ["CLOSING"]);
    }
}

mod ending {
    use super::*;

    #[test]
    fn what_is_ended_without_a_word_hands_out_nothing_more() {
        let log = log_of([happened("L", 1), happened("L", 2)]);
        let mut ended = session(after(0));
        assert!(ended.take(&log));
        assert!(ended.next_frame().is_some());
        ended.end();
        assert!(ended.is_over());
        assert_eq!(ended.next_frame(), None);
        assert_eq!(frames(&mut ended, &log), []);
    }

    #[test]
    fn closing_is_the_last_frame_and_the_first_reason_stands() {
        let log = log_of([state("A", "", 1)]);
        let mut closed = session(after(0));
        batch(&mut closed, &log);
        closed.close(Closing::at_once(CloseReason::new(CloseCode::REVOKED)));
        closed.close(Closing::at_once(CloseReason::new(CloseCode::NORMAL)));
        assert!(!closed.is_over());
        assert!(closed.take(&log), "there is CLOSING to hand out");
        let frame = closed.next_frame().unwrap();
        assert_eq!(frame.close_reason().unwrap().code(), CloseCode::REVOKED);
        assert!(closed.is_over());
        closed.close(Closing::at_once(CloseReason::new(CloseCode::NORMAL)));
        assert_eq!(frames(&mut closed, &log), []);
    }

    #[test]
    fn a_connection_that_is_closed_takes_nothing_more() {
        let mut log = log_of([state("A", "", 1)]);
        let mut closed = session(after(0));
        batch(&mut closed, &log);
        push(&mut log, [state("A", "", 2)]).unwrap();
        closed.close(Closing::at_once(CloseReason::new(CloseCode::REVOKED)));
        assert_eq!(batch(&mut closed, &log), ["CLOSING"]);
    }
}

mod draining {
    use super::*;

    fn drains() -> Closing {
        Closing { reason: CloseReason::new(CloseCode::SHUTTING_DOWN), drains: true }
    }

    #[test]
    fn a_connection_that_drains_gets_what_is_there_and_nothing_that_comes_later() {
        let mut log = log_of([state("A", "", 1), state("B", "", 1)]);
        let mut draining = session(after(0));
        draining.take(&log);
        draining.next_frame().unwrap();
        draining.close(drains());
        assert!(draining.is_closing());
        push(&mut log, [happened("L", 1)]).unwrap();
        let rest: Vec<Frame> = std::iter::from_fn(|| draining.next_frame()).collect();
        assert_eq!(rest.len(), 3, "the batch goes on, and CLOSING is not yet there");
        assert!(!draining.is_over());
        assert!(draining.take(&log));
        push(&mut log, [happened("L", 2)]).unwrap();
        let rest: Vec<Frame> = std::iter::from_fn(|| draining.next_frame()).collect();
        let rest: Vec<String> = rest.iter().map(|frame| brief(frame.kind(), frame.text(), frame.cursor())).collect();
        assert_eq!(rest, ["3 L<0 -> 3", "CLOSING"]);
        assert!(draining.is_over());
    }

    #[test]
    fn a_connection_that_has_everything_drains_at_once() {
        let log = log_of([state("A", "", 1)]);
        let mut draining = session(after(0));
        batch(&mut draining, &log);
        draining.close(drains());
        assert_eq!(batch(&mut draining, &log), ["CLOSING"]);
    }

    #[test]
    fn a_connection_that_has_not_begun_drains_its_first_batch() {
        let mut draining = session(after(0));
        draining.close(drains());
        assert_eq!(
            batch(&mut draining, &log_of([state("A", "", 1)])),
            ["CONNECTED", "1 A -> 1", "SYNCED -> 1", "CLOSING"]
        );
    }

    #[test]
    fn what_drains_can_be_ended_at_once_and_not_the_other_way_round() {
        let log = log_of([state("A", "", 1)]);
        let revoked = Closing::at_once(CloseReason::new(CloseCode::REVOKED));
        let mut closed = session(after(0));
        closed.close(drains());
        closed.close(revoked.clone());
        let frames = frames(&mut closed, &log);
        assert_eq!(frames[0].close_reason().unwrap().code(), CloseCode::REVOKED);
        let mut closed = session(after(0));
        closed.close(revoked);
        closed.close(drains());
        let frames = super::frames(&mut closed, &log);
        assert_eq!(frames[0].close_reason().unwrap().code(), CloseCode::REVOKED);
    }
}

mod slowness {
    use super::*;

    /// A connection that is closed when it is too slow.
    fn strict(begin: Begin) -> Driven {
        let options = SessionOptions { on_slow: SlowPolicy::Close, ..options(begin, None) };
        Driven::new(ConnectionId::from_number(7), UserId::new("alice").unwrap(), EPOCH, options, at(0).now)
    }

    /// Log records 1 to 4, of which 3 and 4 are left, and a State.
    fn evicted() -> Log {
        let mut log = Log::default();
        for value in 1..=4 {
            push_small(&mut log, [happened("L", value)]);
        }
        push_small(&mut log, [state("A", "", 1)]);
        log
    }

    #[test]
    fn who_may_not_be_slow_is_closed_instead_of_a_gap() {
        let mut log = Log::default();
        let mut slow = strict(Begin::New { log_records: 0 });
        batch(&mut slow, &log);
        for value in 1..=3 {
            push_small(&mut log, [happened("L", value)]);
        }
        let frames = frames(&mut slow, &log);
        assert_eq!(frames[0].close_reason().unwrap().code(), CloseCode::TOO_SLOW);
        assert_eq!(frames.len(), 1);
    }

    #[test]
    fn who_comes_back_after_that_starts_at_the_present_with_one_gap_up_to_it() {
        let mut log = evicted();
        let mut back = strict(after(1));
        assert_eq!(batch(&mut back, &log), ["CONNECTED", "GAP 2..4", "5 A -> 5", "SYNCED -> 5"]);
        push_small(&mut log, [happened("L", 5)]);
        assert_eq!(batch(&mut back, &log), ["6 L<4 -> 6"]);
        let mut device = Device::default();
        assert_eq!(deliver(&mut device, &frames(&mut strict(after(1)), &log)), Verdict::Fine);
    }

    #[test]
    fn who_missed_nothing_is_treated_as_everybody() {
        let log = evicted();
        assert_eq!(batch(&mut strict(after(2)), &log)[1], "3 L<2 -> 3");
        assert_eq!(batch(&mut strict(Begin::New { log_records: 2 }), &log)[1], "3 L<2 -> 3");
        assert_eq!(batch(&mut strict(Begin::Unknown), &log)[1..3], ["GAP null..2", "3 L<2 -> 3"]);
    }

    #[test]
    fn who_has_taken_all_that_was_evicted_since_is_not_too_slow() {
        let mut log = evicted();
        let mut reader = strict(Begin::New { log_records: 0 });
        batch(&mut reader, &log);
        push_small(&mut log, [happened("L", 5)]);
        assert_eq!(batch(&mut reader, &log), ["6 L<4 -> 6"]);
        for value in 6..=7 {
            push_small(&mut log, [happened("L", value)]);
        }
        assert_eq!(log.log_floor(), 6, "where the reader stands");
        assert_eq!(batch(&mut reader, &log), ["7 L<6 -> 7", "8 L<7 -> 8"]);
    }
}

mod validity {
    use super::*;

    #[test]
    fn a_session_that_is_no_longer_valid_is_closed() {
        let options =
            SessionOptions { valid_until: Some(at(60).now), ..options(after(0), Some(Duration::from_secs(25))) };
        let user = UserId::new("alice").unwrap();
        let mut session = Driven::new(ConnectionId::from_number(7), user, EPOCH, options, at(0).now);
        let log = Log::default();
        batch(&mut session, &log);
        assert_eq!(session.next_deadline(), Some(at(25).now));
        session.handle_deadline(at(50).now);
        assert_eq!(session.next_deadline(), Some(at(60).now));
        session.handle_deadline(at(59).now);
        assert_eq!(batch(&mut session, &log), ["HEARTBEAT -> 0"]);
        session.handle_deadline(at(60).now);
        let frames = frames(&mut session, &log);
        assert_eq!(frames[0].close_reason().unwrap().code(), CloseCode::SESSION_EXPIRED);
        assert_eq!(frames.len(), 1);
    }

    #[test]
    fn synced_says_whether_the_state_source_filled_the_mailbox() {
        for (state, text) in [
            (StateSourceState::None, r#""stateSource":"none"}"#),
            (StateSourceState::Loaded, r#""stateSource":"loaded"}"#),
            (StateSourceState::Failed, r#""stateSource":"failed"}"#),
        ] {
            let mut new = session(Begin::New { log_records: 0 });
            assert!(new.is_new());
            new.set_state_source(state);
            let frames = frames(&mut new, &Log::default());
            assert!(!new.is_new());
            assert!(frames[1].text().ends_with(text), "{}", frames[1].text());
        }
    }
}

mod proof {
    use super::*;

    /// Log 1, State 2, Log 3, State 4.
    fn full_log() -> Log {
        log_of([happened("L", 1), state("A", "", 1), happened("L", 2), state("B", "", 1)])
    }

    fn resume(device: &mut Device, log: &Log) -> Verdict {
        device.cut();
        let begin = device.cursor().map_or(Begin::New { log_records: 0 }, |text| Begin::After(text.parse().unwrap()));
        deliver(device, &frames(&mut session(begin), log))
    }

    #[test]
    fn prev_log_proves_a_loss_and_coming_back_repairs_it() {
        let log = full_log();
        let mut device = Device::default();
        let got = frames(&mut session(after(0)), &log);
        assert_eq!(deliver(&mut device, got.iter().filter(|frame| !is_log(frame, 1))), Verdict::ComeBack);
        assert_eq!(device.cursor().unwrap(), "00000000000000ab-0");
        assert_eq!(resume(&mut device, &log), Verdict::Fine);
        assert_eq!(device.logs, [(1, 1), (3, 2)]);
    }

    #[test]
    fn last_log_in_synced_proves_the_loss_of_the_last_one() {
        let log = full_log();
        let mut device = Device::default();
        let got = frames(&mut session(after(0)), &log);
        assert_eq!(deliver(&mut device, got.iter().filter(|frame| !is_log(frame, 3))), Verdict::ComeBack);
        assert_eq!(device.cursor().unwrap(), "00000000000000ab-1");
        assert_eq!(resume(&mut device, &log), Verdict::Fine);
        assert_eq!(device.logs, [(1, 1), (3, 2)]);
    }

    #[test]
    fn last_log_in_connected_proves_a_loss_before_a_cut() {
        let log = full_log();
        let mut device = Device::default();
        let got = frames(&mut session(after(0)), &log);
        let cut = got.iter().filter(|frame| !is_log(frame, 3) && frame.kind() != FrameKind::Synced);
        assert_eq!(deliver(&mut device, cut), Verdict::Fine);
        assert_eq!(device.cursor().unwrap(), "00000000000000ab-4", "State moved it past what is missing");
        assert_eq!(resume(&mut device, &log), Verdict::ComeBack);
        assert_eq!(resume(&mut device, &log), Verdict::Fine);
        assert_eq!(device.logs, [(1, 1), (3, 2)]);
    }

    #[test]
    fn last_log_in_a_heartbeat_proves_a_loss() {
        let mut log = full_log();
        let interval = Some(Duration::from_secs(25));
        let user = UserId::new("alice").unwrap();
        let mut session = Driven::new(
            ConnectionId::from_number(1),
            user,
            EPOCH,
            options(Begin::New { log_records: 0 }, interval),
            at(0).now,
        );
        let mut device = Device::default();
        assert_eq!(deliver(&mut device, &frames(&mut session, &log)), Verdict::Fine);
        session.handle_deadline(at(25).now);
        assert_eq!(deliver(&mut device, &frames(&mut session, &log)), Verdict::Fine);
        push(&mut log, [happened("L", 3)]).unwrap();
        session.handle_deadline(at(50).now);
        assert_eq!(deliver(&mut device, &frames(&mut session, &log)[1..]), Verdict::ComeBack);
        assert_eq!(device.cursor().unwrap(), "00000000000000ab-3");
    }

    #[test]
    fn a_loss_that_stays_is_reported_after_one_more_connection() {
        let log = full_log();
        let mut device = Device::default();
        let got = frames(&mut session(after(0)), &log);
        let torn = || got.iter().filter(|frame| !is_log(frame, 1));
        assert_eq!(deliver(&mut device, torn()), Verdict::ComeBack);
        device.cut();
        assert_eq!(deliver(&mut device, torn()), Verdict::Lost);
    }

    #[test]
    fn nothing_is_missing_for_a_device_that_never_got_a_log_record() {
        let mut log = full_log();
        let mut device = Device::default();
        assert_eq!(resume(&mut device, &log), Verdict::Fine);
        log.append(smallvec![state("B", "", 2)], at(0), &LogLimits { log_records: 1, ..ROOMY }).unwrap();
        assert_eq!(resume(&mut device, &log), Verdict::Fine);
        push(&mut log, [happened("L", 9)]).unwrap();
        assert_eq!(resume(&mut device, &log), Verdict::Fine);
        assert_eq!((device.logs, device.holes), (vec![(6, 9)], vec![]));
    }
}

/// What of all that was appended is still in memory; for each record whether, and what it weighs.
struct Everything(Vec<(Weak<Body>, usize)>);

impl Everything {
    fn push(&mut self, log: &mut Log, draft: Draft, limits: &LogLimits) {
        log.append(smallvec![draft], at(0), limits).unwrap();
        let newest = log.after(log.head() - 1).next().unwrap();
        self.0.push((Arc::downgrade(&newest.body), newest.body.bytes));
    }

    fn alive(&self) -> Vec<usize> {
        (0..self.0.len()).filter(|&at| self.0[at].0.strong_count() > 0).collect()
    }

    fn weigh(&self) -> usize {
        self.alive().into_iter().map(|at| self.0[at].1).sum()
    }
}

#[test]
fn a_stalled_device_keeps_one_batch_alive_and_nothing_that_came_and_went_after_it() {
    let (mut log, limits) = (Log::default(), LogLimits { log_records: 16, ..ROOMY });
    let (mut stalled, mut appended) = (session(after(0)), Everything(Vec::new()));
    let mut send = |log: &mut Log, number: u64| {
        appended.push(log, happened("FILL", number), &limits);
        appended.push(log, state("TOTAL", "", number), &limits);
    };
    (0..5).for_each(|number| send(&mut log, number));
    // It takes a batch, hands out the frames up to the first FILL, and stops.
    stalled.take(&log);
    assert_eq!(stalled.next_frame().unwrap().kind(), FrameKind::Connected);
    assert_eq!(stalled.next_frame().unwrap().name(), "FILL");
    (5..1_000).for_each(|number| send(&mut log, number));

    // The rest of its batch (FILL 1 to 4 and TOTAL 4), and what the log holds: 16 FILL and the newest TOTAL.
    let batch = [2, 4, 6, 8, 9];
    let held_by_log: Vec<usize> = (984..1_000).map(|number| number * 2).chain([1_999]).collect();
    assert_eq!(appended.alive(), [&batch[..], &held_by_log].concat());

    let rest: Vec<Frame> = std::iter::from_fn(|| stalled.next_frame()).collect();
    let names: Vec<&str> = rest.iter().map(Frame::name).collect();
    assert_eq!(names, ["FILL", "FILL", "FILL", "FILL", "TOTAL", "SYNCED"]);
    drop(rest);
    assert_eq!(appended.alive(), held_by_log, "what was handed out is held no longer");

    let next: Vec<FrameKind> = frames(&mut stalled, &log).iter().map(Frame::kind).collect();
    let what_is_left = [FrameKind::Gap].into_iter().chain([FrameKind::Log; 16]).chain([FrameKind::State]);
    assert!(next.iter().copied().eq(what_is_left), "what it missed is declared, and the rest is there: {next:?}");
}

/// What one connection holds beyond the log is one batch, taken at one moment: at most what the log held then, so at most
/// log_bytes + state_bytes of the user, bookkeeping included, however much is sent while it stalls.
#[test]
fn a_device_that_stalls_for_ever_pins_no_more_than_one_batch() {
    const LIMIT: usize = 64 * 1024;
    let limits = LogLimits { log_bytes: LIMIT, state_bytes: LIMIT, log_records: 50, ..ROOMY };
    let text = format!(r#""{}""#, "x".repeat(1_000));
    let (mut log, mut stalled, mut appended) = (Log::default(), session(after(0)), Everything(Vec::new()));
    let mut send = |log: &mut Log, round: usize| {
        appended.push(log, draft(Class::Log, "FILL", "", &text), &limits);
        appended.push(log, draft(Class::Live, "PRICE", ["BTC", "ETH"][round % 2], &text), &limits);
    };
    (0..100).for_each(|round| send(&mut log, round));
    stalled.take(&log);
    assert_eq!(stalled.next_frame().unwrap().kind(), FrameKind::Connected, "it has taken a batch, and stalls");
    (100..1_000).for_each(|round| send(&mut log, round));
    let with_stalled = appended.weigh();
    drop(stalled);
    let without = appended.weigh();
    assert_eq!(without, log.bytes(), "the log alone");
    assert!(without <= 2 * LIMIT);
    assert!(with_stalled - without <= 2 * LIMIT, "one batch: {}", with_stalled - without);
    assert!(with_stalled - without > 20_000, "and that it did hold, so this test sees it");
}
