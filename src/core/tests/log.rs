//! What a log keeps, what it forgets, and what it refuses.

use super::*;

/// As [`ROOMY`], but so small that small tests reach it.
const SMALL: LogLimits = LogLimits { log_records: 3, log_age: Duration::from_secs(10), state_keys: 3, ..ROOMY };

fn push_at(log: &mut Log, seconds: u64, drafts: impl IntoIterator<Item = Draft>) -> Result<Appended, Refused> {
    log.append(drafts.into_iter().collect(), at(seconds), &SMALL)
}

fn state_values(log: &Log) -> Vec<String> {
    log.live_and_log_after(log.head()).map(|record| brief(record.body.frame_kind(), &text_of(record), None)).collect()
}

mod order {
    use super::*;

    #[test]
    fn a_log_begins_with_seq_1_and_counts_by_one() {
        let log = log_of([state("A", "", 1), happened("L", 1), state("B", "", 1)]);
        assert_eq!(log.after(0).map(|record| record.seq).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!((log.head(), log.last_log()), (3, 2));
    }

    #[test]
    fn a_newer_value_replaces_the_older_one_and_takes_a_new_seq() {
        let log = log_of([state("A", "1", 1), state("A", "2", 1), state("A", "1", 2)]);
        assert_eq!(texts(&log), ["2 A:2", "3 A:1"]);
    }

    #[test]
    fn the_same_key_of_another_type_is_another_thing() {
        let log = log_of([state("A", "1", 1), state("B", "1", 1), state("A", "", 1)]);
        assert_eq!(texts(&log), ["1 A:1", "2 B:1", "3 A"]);
    }

    #[test]
    fn log_and_state_are_read_as_one_in_seq_order() {
        let log = log_of([happened("L", 1), state("A", "", 1), happened("L", 2), state("B", "", 1), state("A", "", 2)]);
        assert_eq!(texts(&log), ["1 L<0", "3 L<1", "4 B", "5 A"]);
        let above = |seq| log.after(seq).map(|record| record.seq).collect::<Vec<_>>();
        assert_eq!([above(1), above(2), above(4), above(5)], [vec![3, 4, 5], vec![3, 4, 5], vec![5], vec![]]);
    }

    #[test]
    fn a_reader_at_any_place_of_a_long_log_gets_what_is_above_it_and_nothing_else() {
        let mut log = Log::default();
        let limits = LogLimits { log_records: 60, ..ROOMY };
        for value in 0..100 {
            log.append(smallvec![happened("L", value)], at(0), &limits).unwrap();
            log.append(smallvec![state("A", &(value % 7).to_string(), value)], at(0), &limits).unwrap();
        }
        let all: Vec<(Seq, Class)> = log.after(0).map(|record| (record.seq, record.body.class)).collect();
        assert_eq!(all.len(), 67);
        for place in log.log_floor()..=log.head() {
            let above: Vec<(Seq, Class)> = log.after(place).map(|record| (record.seq, record.body.class)).collect();
            assert_eq!(above, all.iter().copied().filter(|(seq, _)| *seq > place).collect::<Vec<_>>());
            let below = all.iter().rev().find(|(seq, class)| *class == Class::Log && *seq <= place);
            assert_eq!(log.last_log_at(place), below.map_or(log.log_floor(), |(seq, _)| *seq));
        }
    }

    #[test]
    fn a_state_that_changes_ten_thousand_times_takes_the_room_of_one() {
        let mut log = log_of([state("B", "", 1)]);
        for value in 0..10_000 {
            push(&mut log, [state("A", &(value % 3).to_string(), value)]).unwrap();
        }
        assert_eq!(log.after(0).map(|record| record.seq).collect::<Vec<_>>(), [1, 9_999, 10_000, 10_001]);
        assert!(log.slots() < 200, "replaced records leave no room behind, but {} slots", log.slots());
    }

    #[test]
    fn a_state_that_ends_ten_thousand_times_takes_the_room_of_one() {
        let mut log = Log::default();
        for value in 0..10_000 {
            push(&mut log, [state("A", "", value)]).unwrap();
            push(&mut log, [last("A", "", value)]).unwrap();
        }
        assert_eq!(texts(&log), ["20000 A"]);
        assert!(log.slots() < 200, "ended records leave no room behind, but {} slots", log.slots());
    }

    #[test]
    fn states_that_change_and_end_beside_many_others_take_the_room_of_one_each() {
        let mut log = Log::default();
        for key in 0..50 {
            push(&mut log, [state("A", &key.to_string(), 1)]).unwrap();
            push(&mut log, [last("B", &key.to_string(), 1)]).unwrap();
        }
        for value in 0..10_000 {
            push(&mut log, [state("A", "0", value), last("B", "0", value)]).unwrap();
        }
        assert_eq!(log.after(0).count(), 100);
        assert!(log.slots() < 1_000, "what was replaced leaves no room behind, but {} slots", log.slots());
    }

    #[test]
    fn a_full_log_has_room_for_what_it_holds_and_no_more() {
        let (mut log, limits) = (Log::default(), LogLimits { log_records: 128, ..ROOMY });
        for value in 0..1_000 {
            let group = [happened("L", value), state("A", "", value), happened("M", value)];
            log.append(group.into_iter().collect(), at(0), &limits).unwrap();
        }
        assert_eq!(log.log_after(0).count(), 128);
        assert_eq!(log.log_after(0).next().map(|record| record.seq), Some(3_000 - 64 * 3 + 1));
        assert!(log.slots() < 128 + 32, "room for {} records", log.slots());
    }

    #[test]
    fn a_log_weighs_what_its_log_records_its_values_and_its_ends_weigh() {
        let mut log = log_of([happened("L", 1), state("A", "", 1), last("B", "", 1), state("C", "", 1)]);
        push(&mut log, [removal("C", "")]).unwrap();
        assert_eq!(log.bytes(), log.after(0).map(|record| record.body.bytes).sum::<usize>());
        assert_eq!(log.after(0).count(), 4);
    }

    #[test]
    fn nothing_is_allocated_before_the_first_record() {
        assert_eq!(Log::default().slots(), 0);
        assert_ne!(log_of([state("A", "", 1)]).slots(), 0);
    }
}

mod versions {
    use super::*;

    fn value_of(log: &Log) -> u64 {
        let record = log.after(0).last().unwrap();
        let frame: serde_json::Value = serde_json::from_str(&text_of(record)).unwrap();
        frame["data"]["n"].as_u64().unwrap()
    }

    #[test]
    fn a_stale_version_is_refused() {
        let mut log = log_of([versioned(5, state("A", "", 1))]);
        let appended = push(&mut log, [versioned(4, state("A", "", 2))]).unwrap();
        assert_eq!(appended, Appended { records: 0, stale: 1 });
        assert_eq!((log.head(), value_of(&log)), (1, 1));
    }

    #[test]
    fn an_equal_version_replaces() {
        let mut log = log_of([versioned(5, state("A", "", 1))]);
        assert_eq!(push(&mut log, [versioned(5, state("A", "", 2))]).unwrap().records, 1);
        assert_eq!(value_of(&log), 2);
    }

    #[test]
    fn what_has_no_version_is_never_stale() {
        let mut log = log_of([versioned(5, state("A", "", 1))]);
        assert_eq!(push(&mut log, [state("A", "", 2)]).unwrap().records, 1);
        assert_eq!(push(&mut log, [versioned(1, state("A", "", 3))]).unwrap().records, 1);
    }

    #[test]
    fn a_version_of_another_key_says_nothing() {
        let mut log = log_of([versioned(5, state("A", "1", 1))]);
        assert_eq!(push(&mut log, [versioned(4, state("A", "2", 1))]).unwrap().records, 1);
    }

    #[test]
    fn a_final_state_is_not_brought_back_by_an_older_version() {
        let mut log = log_of([versioned(5, last("A", "", 1))]);
        assert_eq!(push(&mut log, [versioned(4, state("A", "", 2))]).unwrap().stale, 1);
        assert_eq!(push(&mut log, [versioned(4, last("A", "", 2))]).unwrap().stale, 1);
    }

    #[test]
    fn a_removal_keeps_the_version_of_what_it_removed() {
        let mut log = log_of([versioned(5, state("A", "", 1)), removal("A", "")]);
        assert_eq!(push(&mut log, [versioned(4, state("A", "", 2))]).unwrap().stale, 1);
        assert_eq!(push(&mut log, [versioned(5, state("A", "", 3))]).unwrap().records, 1);
    }

    #[test]
    fn what_time_or_a_refusal_took_away_is_not_brought_back_by_an_older_version() {
        let mut log = log_of([versioned(5, expiring(1, state("A", "", 1))), versioned(5, state("B", "", 1))]);
        log.handle_deadline(at(1), &ROOMY);
        log.reject([name_of("B", "")], at(1), &ROOMY);
        let older = ["A", "B"].map(|name| versioned(4, state(name, "", 2)));
        assert_eq!(push(&mut log, older).unwrap(), Appended { records: 0, stale: 2 });
    }

    #[test]
    fn versions_are_compared_inside_a_group_too() {
        let mut log = Log::default();
        let group = [versioned(5, state("A", "", 1)), versioned(4, state("A", "", 2)), happened("L", 1)];
        assert_eq!(push(&mut log, group).unwrap(), Appended { records: 2, stale: 1 });
        assert_eq!(texts(&log), ["1 A (2)", "2 L<0 (2)"]);
    }

    #[test]
    fn what_stands_before_it_in_a_group_says_nothing_of_another_state() {
        let mut log = log_of([versioned(5, state("A", "", 1))]);
        let appended = push(&mut log, [versioned(1, state("B", "", 1)), versioned(4, state("A", "", 2))]).unwrap();
        assert_eq!(appended, Appended { records: 1, stale: 1 });
    }

    #[test]
    fn what_ended_here_for_everybody_gives_way_to_what_everybody_gets_next() {
        let mut log = log_of([versioned(5, expiring(5, public(state("P", "", 1))))]);
        assert!(log.handle_deadline(at(5), &ROOMY));
        push(&mut log, [versioned(4, public(state("P", "", 2)))]).unwrap();
        assert_eq!(texts(&log), ["3 P"], "the hub-wide log has said that it is the newest");
    }

    #[test]
    fn a_removal_inside_a_group_keeps_the_version_of_what_it_removed_there() {
        let mut log = Log::default();
        let group = [versioned(5, state("A", "", 1)), removal("A", ""), versioned(4, state("A", "", 2))];
        assert_eq!(push(&mut log, group).unwrap(), Appended { records: 2, stale: 1 });
        assert_eq!(texts(&log), ["2 A (2) cleared"]);
    }
}

mod removals {
    use super::*;

    #[test]
    fn a_removal_takes_the_state_away() {
        let log = log_of([state("A", "", 1), removal("A", "")]);
        assert_eq!(texts(&log), ["2 A cleared"]);
        assert_eq!(state_values(&log), [""; 0]);
        assert!(!log.has_state());
    }

    #[test]
    fn a_removal_of_what_was_never_there_appends_nothing() {
        let mut log = log_of([state("A", "1", 1)]);
        assert_eq!(push(&mut log, [removal("A", "2")]).unwrap(), Appended::default());
        assert_eq!(log.head(), 1);
    }

    #[test]
    fn a_removal_of_what_has_ended_appends_nothing() {
        let mut log = log_of([state("A", "", 1), removal("A", ""), last("B", "", 1)]);
        assert_eq!(push(&mut log, [removal("A", ""), removal("B", "")]).unwrap(), Appended::default());
    }

    #[test]
    fn a_removed_state_can_come_back() {
        let log = log_of([state("A", "", 1), removal("A", ""), state("A", "", 2)]);
        assert_eq!(texts(&log), ["3 A"]);
        assert!(log.has_state());
    }

    #[test]
    fn expired_state_leaves_a_removal() {
        let mut log = log_of([expiring(5, state("A", "1", 1)), expiring(9, state("A", "2", 1)), state("B", "", 1)]);
        assert_eq!(log.next_deadline(), Some(at(5).now));
        assert!(!log.handle_deadline(at(4), &ROOMY));
        assert!(log.handle_deadline(at(5), &ROOMY));
        assert_eq!(texts(&log), ["2 A:2", "3 B", "4 A:1 expired"]);
        assert_eq!(log.next_deadline(), Some(at(9).now));
        assert!(!log.handle_deadline(at(5), &ROOMY), "once");
    }

    #[test]
    fn a_newer_value_expires_when_it_says_so_and_not_with_the_older_one() {
        let mut log = log_of([expiring(5, state("A", "", 1)), expiring(9, state("A", "", 2))]);
        assert!(!log.handle_deadline(at(5), &ROOMY));
        assert!(log.handle_deadline(at(9), &ROOMY));
        let mut log = log_of([expiring(5, state("A", "", 1)), state("A", "", 2)]);
        assert!(!log.handle_deadline(at(5), &ROOMY));
        assert_eq!(log.next_deadline(), None);
    }

    #[test]
    fn a_final_state_and_a_log_record_do_not_expire() {
        let mut log = log_of([expiring(5, last("A", "", 1)), expiring(5, happened("L", 1))]);
        assert_eq!(log.next_deadline(), None);
        assert!(!log.handle_deadline(at(5), &ROOMY));
        assert_eq!(texts(&log), ["1 A", "2 L<0"]);
    }
}

mod eviction {
    use super::*;

    #[test]
    fn log_is_evicted_by_count() {
        let mut log = Log::default();
        for value in 0..5 {
            push_at(&mut log, 0, [happened("L", value)]).unwrap();
        }
        assert_eq!(texts(&log), ["3 L<2", "4 L<3", "5 L<4"]);
        assert_eq!(log.log_floor(), 2);
    }

    #[test]
    fn log_is_evicted_by_bytes() {
        let limits = LogLimits { log_bytes: 2 * happened("L", 1).bytes, ..ROOMY };
        let mut log = Log::default();
        for value in 0..5 {
            log.append(smallvec![happened("L", value)], at(0), &limits).unwrap();
        }
        assert_eq!(texts(&log), ["4 L<3", "5 L<4"]);
        assert_eq!(log.log_floor(), 3);
    }

    #[test]
    fn log_is_evicted_by_age() {
        let mut log = Log::default();
        push_at(&mut log, 0, [happened("L", 1)]).unwrap();
        push_at(&mut log, 4, [happened("L", 2)]).unwrap();
        assert_eq!(log.next_deadline(), None, "age waits for whoever comes next");
        assert!(!log.handle_deadline(at(9), &SMALL));
        assert_eq!(log.log_floor(), 0);
        assert!(!log.handle_deadline(at(10), &SMALL), "a reader has nothing new to take");
        assert_eq!((texts(&log), log.log_floor()), (vec!["2 L<1".to_owned()], 1));
    }

    #[test]
    fn what_was_evicted_is_still_the_log_record_before() {
        let mut log = Log::default();
        push_at(&mut log, 0, [happened("L", 1)]).unwrap();
        push_at(&mut log, 20, [happened("L", 2)]).unwrap();
        assert_eq!(texts(&log), ["2 L<1"]);
        log.handle_deadline(at(40), &SMALL);
        assert_eq!((log.last_log(), log.last_log_at(2)), (2, 2));
    }

    #[test]
    fn the_log_records_of_a_group_go_together_and_its_state_stays() {
        let mut log = Log::default();
        push_at(&mut log, 0, [happened("L", 1), state("A", "", 1), happened("L", 2)]).unwrap();
        push_at(&mut log, 0, [happened("L", 3)]).unwrap();
        push_at(&mut log, 0, [happened("L", 4)]).unwrap();
        assert_eq!(texts(&log), ["2 A (3)", "4 L<3", "5 L<4"]);
        assert_eq!(log.log_floor(), 3);
    }

    #[test]
    fn two_groups_in_a_row_go_one_by_one() {
        let mut log = Log::default();
        push_at(&mut log, 0, [happened("L", 1), state("A", "", 1)]).unwrap();
        push_at(&mut log, 0, [happened("L", 2), happened("L", 3)]).unwrap();
        push_at(&mut log, 0, [happened("L", 4)]).unwrap();
        assert_eq!(log.log_floor(), 1);
    }

    #[test]
    fn finals_and_removals_make_room_for_live_state_oldest_first() {
        let mut log = Log::default();
        push_at(&mut log, 0, [state("A", "", 1)]).unwrap();
        push_at(&mut log, 0, [last("B", "", 1)]).unwrap();
        push_at(&mut log, 0, [removal("A", "")]).unwrap();
        push_at(&mut log, 0, [state("C", "", 1)]).unwrap();
        assert_eq!((texts(&log).len(), log.state_floor()), (3, 0));
        push_at(&mut log, 0, [state("D", "", 1)]).unwrap();
        assert_eq!((texts(&log), log.state_floor()), (vec!["3 A cleared".into(), "4 C".into(), "5 D".to_owned()], 2));
        push_at(&mut log, 0, [state("E", "", 1)]).unwrap();
        assert_eq!((texts(&log).len(), log.state_floor()), (3, 3));
        assert_eq!(push_at(&mut log, 0, [state("F", "", 1)]), Err(Refused::TooManyKeys), "live State is never evicted");
    }

    #[test]
    fn finals_make_room_by_bytes_too() {
        let limits = LogLimits { state_bytes: state("A", "", 1).bytes + last("B", "", 1).bytes, ..ROOMY };
        let mut log = Log::default();
        for draft in [last("B", "", 1), state("A", "", 1), state("C", "", 1)] {
            log.append(smallvec![draft], at(0), &limits).unwrap();
        }
        assert_eq!((texts(&log), log.state_floor()), (vec!["2 A".into(), "3 C".to_owned()], 1));
    }

    #[test]
    fn what_fits_to_the_byte_makes_no_room() {
        let (live, ended) = (state("A", "", 1), last("B", "", 1));
        let bytes = live.bytes + ended.bytes;
        let floor_with = |state_bytes| {
            let mut log = Log::default();
            log.append(smallvec![ended.clone()], at(0), &ROOMY).unwrap();
            log.append(smallvec![live.clone()], at(0), &LogLimits { state_bytes, ..ROOMY }).unwrap();
            log.state_floor()
        };
        assert_eq!([floor_with(bytes), floor_with(bytes - 1)], [0, 1]);
    }

    #[test]
    fn what_replaced_an_ended_state_is_not_forgotten_in_its_place() {
        let mut log = Log::default();
        for draft in [last("A", "", 1), last("B", "", 1), state("A", "", 2), state("C", "", 1)] {
            push_at(&mut log, 0, [draft]).unwrap();
        }
        push_at(&mut log, 0, [state("D", "", 1)]).unwrap();
        assert_eq!((texts(&log), log.state_floor()), (vec!["3 A".into(), "4 C".into(), "5 D".to_owned()], 2));
    }
}

mod refusal {
    use super::*;

    #[test]
    fn one_key_too_many_is_refused_and_the_others_stay() {
        let mut log = Log::default();
        for key in ["1", "2", "3"] {
            push_at(&mut log, 0, [state("A", key, 1)]).unwrap();
        }
        assert_eq!(push_at(&mut log, 0, [state("A", "4", 1)]), Err(Refused::TooManyKeys));
        assert_eq!((texts(&log).len(), log.head()), (3, 3), "what was never there leaves no removal");
        assert_eq!(push_at(&mut log, 0, [state("A", "3", 2)]).unwrap().records, 1, "no new key");
    }

    #[test]
    fn a_group_that_frees_a_key_may_use_it() {
        let mut log = Log::default();
        for key in ["1", "2", "3"] {
            push_at(&mut log, 0, [state("A", key, 1)]).unwrap();
        }
        assert_eq!(push_at(&mut log, 0, [state("A", "4", 1), removal("A", "1")]).unwrap().records, 2);
        assert_eq!(push_at(&mut log, 0, [last("A", "2", 1), state("A", "5", 1)]).unwrap().records, 2);
        assert_eq!(state_values(&log), ["3 A:3", "4 A:4 (5)", "7 A:5 (7)"]);
    }

    #[test]
    fn a_key_twice_in_a_group_counts_once() {
        let mut log = Log::default();
        let group = [state("A", "1", 1), state("A", "1", 2), state("A", "2", 1), state("A", "3", 1)];
        assert_eq!(push_at(&mut log, 0, group).unwrap().records, 4);
        assert_eq!(texts(&log), ["2 A:1 (4)", "3 A:2 (4)", "4 A:3 (4)"]);
    }

    #[test]
    fn a_refused_state_leaves_a_removal_and_not_its_old_value() {
        let limits = LogLimits { state_bytes: 3 * state("A", "", 1).bytes, ..ROOMY };
        let mut log = Log::default();
        for draft in [state("A", "", 1), state("B", "", 1)] {
            log.append(smallvec![draft], at(0), &limits).unwrap();
        }
        let giant = draft(Class::Live, "A", "", &format!("\"{}\"", "x".repeat(1_000)));
        assert_eq!(log.append(smallvec![giant], at(0), &limits), Err(Refused::StateFull));
        assert_eq!(texts(&log), ["2 B", "3 A rejected"]);
    }

    #[test]
    fn every_state_of_a_refused_group_counts_as_refused() {
        let mut log = Log::default();
        push_at(&mut log, 0, [state("A", "", 1), state("B", "", 1)]).unwrap();
        let group = [state("A", "", 2), happened("L", 1), removal("B", ""), state("C", "", 1), state("D", "", 1)];
        assert_eq!(push_at(&mut log, 0, group.clone()).unwrap().records, 5, "three keys");
        let too_many = group.into_iter().chain([state("E", "", 1)]);
        assert_eq!(push_at(&mut log, 0, too_many), Err(Refused::TooManyKeys));
        assert_eq!(state_values(&log), [""; 0]);
        assert_eq!(log.last_log(), 4, "nothing of the group is in the log");
    }

    #[test]
    fn a_group_with_more_log_than_the_limits_hold_is_refused() {
        let mut log = log_of([state("A", "", 1)]);
        let group = |count| (0..count).map(|value| happened("L", value)).chain([state("A", "", 2)]);
        assert_eq!(push_at(&mut log, 0, group(3)).unwrap().records, 4);
        assert_eq!(push_at(&mut log, 0, group(4)), Err(Refused::GroupTooLarge));
        assert_eq!(texts(&log), ["2 L<0 (5)", "3 L<2 (5)", "4 L<3 (5)", "6 A rejected"]);
        let limits = LogLimits { log_bytes: 2 * happened("L", 1).bytes, ..ROOMY };
        assert_eq!(log.append(group(3).collect(), at(0), &limits), Err(Refused::GroupTooLarge));
    }

    #[test]
    fn a_group_with_as_much_log_as_the_limits_hold_is_taken() {
        let mut log = Log::default();
        let group = [happened("L", 1), happened("L", 2), happened("L", 3)];
        assert_eq!(push_at(&mut log, 0, group.clone()).unwrap().records, 3);
        assert_eq!(texts(&log).len(), 3);
        let to_the_byte = LogLimits { log_bytes: group.iter().map(|draft| draft.bytes).sum(), ..ROOMY };
        assert_eq!(Log::default().append(group.to_vec().into(), at(0), &to_the_byte).unwrap().records, 3);
    }

    #[test]
    fn a_value_that_fits_to_the_byte_is_taken() {
        let value = state("A", "", 1);
        let push_with =
            |state_bytes| Log::default().append(smallvec![value.clone()], at(0), &LogLimits { state_bytes, ..ROOMY });
        assert!(push_with(value.bytes).is_ok());
        assert_eq!(push_with(value.bytes - 1), Err(Refused::StateFull));
    }

    #[test]
    fn a_stale_member_of_a_refused_group_takes_nothing_away() {
        let mut log = log_of([versioned(5, state("A", "", 1))]);
        let keys = ["1", "2", "3"].map(|key| state("B", key, 1));
        let group = [versioned(4, state("A", "", 2))].into_iter().chain(keys);
        assert_eq!(push_at(&mut log, 0, group), Err(Refused::TooManyKeys));
        assert_eq!(texts(&log), ["1 A"], "the value that shows is newer than the refused one");
    }

    #[test]
    fn limits_that_nothing_new_has_crossed_refuse_nothing() {
        let mut log = log_of(["1", "2", "3", "4", "5"].map(|key| state("A", key, 1)));
        assert_eq!(push_at(&mut log, 0, [state("A", "1", 2)]).unwrap().records, 1);
        assert_eq!(push_at(&mut log, 0, [removal("A", "1")]).unwrap().records, 1);
        assert_eq!(push_at(&mut log, 0, [state("A", "6", 1)]), Err(Refused::TooManyKeys));
        let few_bytes = LogLimits { state_bytes: 1, ..ROOMY };
        assert_eq!(log.append(smallvec![state("A", "2", 2)], at(0), &few_bytes).unwrap().records, 1);
        assert_eq!(log.append(smallvec![state("A", "2", 1_000)], at(0), &few_bytes), Err(Refused::StateFull));
    }

    #[test]
    fn public_state_counts_in_no_users_log_but_in_the_hub_wide_one() {
        let three = ["1", "2", "3"].map(|key| public(state("P", key, 1)));
        let mut log = Log::default();
        for draft in three.clone() {
            push_at(&mut log, 0, [draft]).unwrap();
        }
        assert_eq!(push_at(&mut log, 0, ["1", "2", "3"].map(|key| state("A", key, 1))).unwrap().records, 3);
        assert_eq!(push_at(&mut log, 0, [state("A", "4", 1)]), Err(Refused::TooManyKeys));
        assert_eq!(push_at(&mut log, 0, [public(state("P", "4", 1))]).unwrap().records, 1);

        let mut hub_wide = Log::hub_wide();
        for draft in three {
            push_at(&mut hub_wide, 0, [draft]).unwrap();
        }
        assert_eq!(push_at(&mut hub_wide, 0, [public(state("P", "4", 1))]), Err(Refused::TooManyKeys));
    }
}

mod places {
    use super::*;

    #[test]
    fn the_last_n_log_records_never_begin_inside_a_group() {
        let mut log = log_of([happened("L", 1)]);
        push(&mut log, [happened("L", 2), state("A", "", 1), happened("L", 3)]).unwrap();
        push(&mut log, [happened("L", 4)]).unwrap();
        let seqs = |count| {
            let start = log.before_last(count);
            log.after(start)
                .filter(|record| record.body.class == Class::Log)
                .map(|record| record.seq)
                .collect::<Vec<_>>()
        };
        assert_eq!(seqs(0), [0; 0]);
        assert_eq!(seqs(1), [5]);
        assert_eq!(seqs(2), [2, 4, 5], "the group from its beginning");
        assert_eq!(seqs(3), [2, 4, 5]);
        assert_eq!(seqs(4), [1, 2, 4, 5]);
        assert_eq!(seqs(100), [1, 2, 4, 5]);
    }

    #[test]
    fn the_last_of_no_log_records_is_the_head() {
        assert_eq!(Log::default().before_last(5), 0);
        assert_eq!(log_of([state("A", "", 1)]).before_last(5), 1);
    }

    #[test]
    fn last_log_at_a_place_is_the_last_log_seq_at_or_below_it() {
        let log = log_of([state("A", "", 1), happened("L", 1), state("B", "", 1), happened("L", 2)]);
        assert_eq!([0, 1, 2, 3, 4].map(|seq| log.last_log_at(seq)), [0, 0, 2, 2, 4]);
    }

    #[test]
    fn a_lost_record_takes_a_seq_and_the_log_below_it() {
        let mut log = log_of([happened("L", 1), state("A", "", 1)]);
        log.lose();
        assert_eq!((log.head(), log.last_log(), log.log_floor(), texts(&log)), (3, 3, 3, vec!["2 A".to_owned()]));
        push(&mut log, [happened("L", 2)]).unwrap();
        assert_eq!(texts(&log), ["2 A", "4 L<3"]);
        push_at(&mut log, 0, [happened("L", 3), happened("L", 4)]).unwrap();
        assert_eq!(log.log_floor(), 3, "no byte of what is gone is still counted");
    }

    #[test]
    fn a_retired_log_keeps_its_live_state_and_nothing_else() {
        let mut log =
            log_of([happened("L", 1), state("A", "", 1), last("B", "", 1), state("C", "", 1), removal("C", "")]);
        log.retire();
        assert_eq!((texts(&log), log.log_floor(), log.state_floor()), (vec!["2 A".to_owned()], 1, 5));
        push_at(&mut log, 0, [state("D", "1", 1), state("D", "2", 1)]).unwrap();
        assert_eq!(texts(&log).len(), 3, "no key of what is gone is still counted");
        assert_eq!(push_at(&mut log, 0, [state("D", "3", 1)]), Err(Refused::TooManyKeys));
    }
    #[test]
    fn of_what_everybody_had_only_what_everybody_still_has_is_retained() {
        let mut log = log_of([public(state("P", "1", 1)), public(state("P", "2", 1)), state("A", "", 1)]);
        let mut hub_wide = Log::hub_wide();
        push(&mut hub_wide, [public(state("P", "1", 1))]).unwrap();
        log.retain_public(&hub_wide, at(0), &ROOMY);
        assert_eq!(texts(&log), ["1 P:1", "3 A", "4 P:2 cleared"]);
    }
}
