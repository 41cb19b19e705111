//! Connections that wait, and what was broadcast to everybody.

use super::*;
use crate::core::mailbox::{About, Mailbox, Reader, ReaderHint};
use crate::{CloseCode, CloseReason};

fn mailbox() -> Mailbox<&'static str> {
    Mailbox::new(EPOCH, at(0).now)
}

/// A mailbox with connections of these numbers.
fn with_readers(numbers: impl IntoIterator<Item = u64>) -> Mailbox<&'static str> {
    let mut mailbox = mailbox();
    for number in numbers {
        assert_eq!(mailbox.register(reader(number), 16, &too_many()), None);
    }
    mailbox
}

fn id(number: u64) -> ConnectionId {
    ConnectionId::from_number(number)
}

fn reader(number: u64) -> Reader<&'static str> {
    Reader::new(id(number), About::default(), Timestamp::from_milliseconds(0), 0)
}

fn too_many() -> Closing {
    Closing::at_once(CloseReason::new(CloseCode::TOO_MANY_CONNECTIONS))
}

fn unparked(mailbox: &mut Mailbox<&'static str>) -> Vec<&'static str> {
    let mut parked = Vec::new();
    mailbox.unpark(&mut parked);
    parked
}

#[test]
fn a_connection_is_what_the_host_has_said_of_it() {
    let about = About { session: Some("s-1".into()), transport: "sse" };
    let told = Reader::<&str>::new(id(1), about, Timestamp::from_milliseconds(0), 0);
    assert_eq!((told.session().map(crate::SessionId::as_str), told.transport()), (Some("s-1"), "sse"));
    assert_eq!((reader(2).session(), reader(2).transport()), (None, ""));
}

mod waiting {
    use super::*;

    #[test]
    fn what_waits_is_woken_once() {
        let mut mailbox = with_readers([1, 2, 3]);
        assert_eq!(mailbox.park(id(1), &mut ReaderHint::default(), "one"), None);
        assert_eq!(mailbox.park(id(3), &mut ReaderHint::default(), "three"), None);
        assert_eq!(unparked(&mut mailbox), ["one", "three"]);
        assert_eq!(unparked(&mut mailbox), [""; 0], "a connection that is runnable already is not woken again");
    }

    #[test]
    fn the_devices_of_a_user_leave_no_room_behind() {
        let mut mailbox = with_readers(1..=10);
        assert!(mailbox.room() >= 10);
        for number in 1..=10 {
            mailbox.unregister(id(number), at(1).now);
        }
        assert_eq!(mailbox.room(), 0);
    }

    #[test]
    fn a_replaced_waker_comes_back() {
        let mut mailbox = with_readers([1]);
        mailbox.park(id(1), &mut ReaderHint::default(), "first");
        assert_eq!(mailbox.park(id(1), &mut ReaderHint::default(), "second"), Some("first"));
        assert_eq!(unparked(&mut mailbox), ["second"]);
    }

    #[test]
    fn who_left_moves_the_others_up_and_each_is_still_found() {
        let mut mailbox = with_readers([1, 2, 3]);
        let mut hints = [ReaderHint::default(); 3];
        for leaves in 0..3 {
            for number in leaves..3 {
                let waker = ["one", "two", "three"][number];
                assert_eq!(mailbox.park(id(number as u64 + 1), &mut hints[number], waker), None);
                assert_eq!(unparked(&mut mailbox), [waker]);
            }
            mailbox.unregister(id(leaves as u64 + 1), at(1).now);
            assert_eq!(mailbox.park(id(leaves as u64 + 1), &mut hints[leaves], "gone"), Some("gone"));
        }
    }

    #[test]
    fn the_waker_of_who_is_not_here_comes_back() {
        assert_eq!(mailbox().park(id(1), &mut ReaderHint::default(), "one"), Some("one"));
    }

    #[test]
    fn the_waker_of_who_leaves_comes_back() {
        let mut mailbox = with_readers([1, 2]);
        mailbox.park(id(1), &mut ReaderHint::default(), "one");
        assert_eq!(mailbox.unregister(id(1), at(5).now), Some("one"));
        assert_eq!(mailbox.unregister(id(1), at(6).now), None, "leaving twice does nothing");
        assert!(mailbox.has_readers() && mailbox.away().is_none());
        mailbox.unregister(id(2), at(7).now);
        assert!(!mailbox.has_readers());
        assert_eq!(mailbox.away().map(|away| away.last_used), Some(at(7).now));
    }

    #[test]
    fn with_one_connection_too_many_the_oldest_is_told_to_close() {
        let mut mailbox = with_readers([1, 2]);
        mailbox.park(id(1), &mut ReaderHint::default(), "one");
        assert_eq!(mailbox.register(reader(3), 2, &too_many()), Some("one"));
        assert_eq!(mailbox.closing_of(id(1)), Some(&too_many()));
        assert_eq!((mailbox.closing_of(id(2)), mailbox.closing_of(id(3))), (None, None));
        assert_eq!((mailbox.connections(), mailbox.open()), (2, 3), "who was told to close gets nothing that comes");
        assert_eq!(mailbox.register(reader(4), 2, &too_many()), None);
        assert_eq!(mailbox.closing_of(id(2)), Some(&too_many()), "the oldest of those that are left");
    }

    #[test]
    fn everybody_is_told_to_close_and_woken_and_the_first_reason_stands() {
        let mut mailbox = with_readers([1, 2, 3]);
        mailbox.register(reader(4), 3, &too_many());
        mailbox.park(id(2), &mut ReaderHint::default(), "two");
        let shutting_down = Closing::at_once(CloseReason::new(CloseCode::SHUTTING_DOWN));
        assert_eq!(mailbox.close_where(|_| true, |_| shutting_down.clone()), (3, vec!["two"]));
        assert_eq!(mailbox.closing_of(id(1)), Some(&too_many()));
        assert_eq!(mailbox.closing_of(id(4)), Some(&shutting_down));
        assert_eq!((mailbox.connections(), mailbox.open()), (0, 4));
    }
}

mod pings {
    use super::*;

    #[test]
    fn who_owes_a_pong_for_longest_goes_before_the_oldest() {
        let mut mailbox = with_readers([1, 2, 3, 4]);
        mailbox.set_pinged(id(2), Some(at(9).now));
        mailbox.set_pinged(id(3), Some(at(5).now));
        let told = |mailbox: &Mailbox<_>| (1..=4).find(|number| mailbox.closing_of(id(*number)).is_some());
        mailbox.register(reader(5), 4, &too_many());
        assert_eq!(told(&mailbox), Some(3));
        mailbox.unregister(id(3), at(9).now);
        mailbox.set_pinged(id(2), None);
        mailbox.register(reader(6), 4, &too_many());
        assert_eq!(told(&mailbox), Some(1), "a pong that came is not owed");
    }
}

mod draining {
    use super::*;

    fn drains() -> Closing {
        Closing { reason: CloseReason::new(CloseCode::SHUTTING_DOWN), drains: true }
    }

    #[test]
    fn what_was_to_drain_can_still_be_ended_at_once() {
        let mut mailbox = with_readers([1, 2]);
        assert_eq!(mailbox.close_where(|reader| reader.id == id(1), |_| drains()).0, 1);
        assert_eq!(mailbox.close_where(|_| true, |_| too_many()).0, 2);
        assert_eq!(mailbox.close_where(|_| true, |_| drains()).0, 0);
        assert_eq!(mailbox.closing_of(id(1)), Some(&too_many()));
    }

    #[test]
    fn what_the_connections_may_not_have_handed_out_is_counted() {
        let mut mailbox = with_readers([1, 2]);
        mailbox.append(smallvec![happened("L", 1), state("A", "", 1)], at(0), &ROOMY).unwrap();
        assert_eq!(mailbox.undelivered(), 4);
        mailbox.took(id(1), &mut ReaderHint::default());
        assert_eq!(mailbox.undelivered(), 4, "a batch counts until all of it was handed out");
        mailbox.park(id(1), &mut ReaderHint::default(), "one");
        assert_eq!(mailbox.undelivered(), 2, "who waits for more has handed out everything");
        mailbox.append(smallvec![state("A", "", 2)], at(0), &ROOMY).unwrap();
        assert_eq!(mailbox.undelivered(), 3, "one by the first; by the second what is left of three");
        mailbox.unregister(id(2), at(0).now);
        assert_eq!(mailbox.undelivered(), 1);
    }
}

mod loading {
    use super::*;
    use crate::core::mailbox::Load;
    use crate::vocabulary::frame::StateSourceState;

    #[test]
    fn a_load_is_wanted_once() {
        assert!(Load::Never.is_wanted(at(0).now));
        assert!(Load::Never.started().is_running());
        assert!(!Load::Never.is_running() && !Load::Done { complete: true }.is_running());
        assert!(!Load::Never.started().is_wanted(at(99).now));
        assert!(!Load::Done { complete: false }.is_wanted(at(99).now));
    }

    #[test]
    fn each_failure_in_a_row_doubles_the_wait_up_to_half_a_minute() {
        let mut load = Load::Never;
        let mut waits = Vec::new();
        for _ in 0..8 {
            load = load.started().failed(at(0).now);
            waits.extend((0..60).find(|second| load.is_wanted(at(*second).now)));
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30, 30]);
        let again = Load::Done { complete: true }.started().failed(at(0).now);
        assert!(again.is_wanted(at(1).now), "a success begins the row anew");
    }

    #[test]
    fn synced_says_loaded_only_if_everything_is_there() {
        assert_eq!(Load::Never.state(), StateSourceState::None);
        assert_eq!(Load::Done { complete: true }.state(), StateSourceState::Loaded);
        for load in [Load::Done { complete: false }, Load::Never.started(), Load::Never.failed(at(0).now)] {
            assert_eq!(load.state(), StateSourceState::Failed, "{load:?}");
        }
    }
}

mod absence {
    use super::*;

    #[test]
    fn log_for_a_user_who_never_connected_is_left_out() {
        let mut mailbox = mailbox();
        let appended = mailbox.append(smallvec![happened("L", 1), state("A", "", 1)], at(0), &ROOMY).unwrap();
        assert_eq!((appended.records, texts(&mailbox.log)), (1, vec!["1 A".to_owned()]));
        assert_eq!(mailbox.append(smallvec![happened("L", 1)], at(0), &ROOMY).unwrap(), Appended::default());
    }

    #[test]
    fn log_is_kept_from_the_first_connection_until_it_is_retired() {
        let mut mailbox = with_readers([1]);
        mailbox.unregister(id(1), at(0).now);
        mailbox.append(smallvec![happened("L", 1), state("A", "", 1), last("B", "", 1)], at(0), &ROOMY).unwrap();
        assert_eq!(mailbox.log.last_log(), 1);
        mailbox.retire(Epoch(0xcd));
        assert_eq!((mailbox.epoch, texts(&mailbox.log)), (Epoch(0xcd), vec!["2 A (3)".to_owned()]));
        mailbox.append(smallvec![happened("L", 2)], at(0), &ROOMY).unwrap();
        assert_eq!(mailbox.log.head(), 3, "nobody would ever get it");
    }

    #[test]
    fn a_cursor_from_before_a_mailbox_retired_is_unknown() {
        let mut mailbox = mailbox();
        mailbox.append(smallvec![state("A", "", 1)], at(0), &ROOMY).unwrap();
        mailbox.retire(Epoch(0xcd));
        let user = UserId::new("alice").unwrap();
        let mut returned = Driven::new(id(2), user, mailbox.epoch, options(after(1), None), at(0).now);
        assert_eq!(batch(&mut returned, &mailbox.log), ["CONNECTED", "GAP null..null", "1 A -> 1", "SYNCED -> 1"]);
    }

    #[test]
    fn what_has_expired_is_gone_before_something_new_is_there() {
        let mut mailbox = mailbox();
        let limits = LogLimits { state_keys: 1, ..ROOMY };
        mailbox.append(smallvec![expiring(5, state("A", "", 1))], at(0), &limits).unwrap();
        assert_eq!(mailbox.append(smallvec![state("B", "", 1)], at(4), &limits), Err(Refused::TooManyKeys));
        assert_eq!(mailbox.append(smallvec![state("B", "", 1)], at(5), &limits).unwrap().records, 1);
    }
}

mod everybody {
    use super::*;

    fn hub_wide() -> Log {
        Log::hub_wide()
    }

    fn tell(hub_wide: &mut Log, drafts: impl IntoIterator<Item = Draft>) {
        push(hub_wide, drafts.into_iter().map(public)).unwrap();
    }

    fn own(mailbox: &mut Mailbox<&'static str>, draft: Draft) {
        mailbox.append(smallvec![draft], at(0), &ROOMY).unwrap();
    }

    fn catch_up(mailbox: &mut Mailbox<&'static str>, hub_wide: &Log) {
        assert!(mailbox.is_behind(hub_wide.head()));
        mailbox.take_over(hub_wide, at(0), &ROOMY);
        assert!(!mailbox.is_behind(hub_wide.head()));
    }

    #[test]
    fn a_new_mailbox_is_seeded_with_the_public_state_and_not_with_history() {
        let mut hub_wide = hub_wide();
        tell(&mut hub_wide, [state("P", "1", 1), happened("NEWS", 1), last("P", "2", 1), state("P", "3", 1)]);
        let mut mailbox = with_readers([1]);
        catch_up(&mut mailbox, &hub_wide);
        assert_eq!(texts(&mailbox.log), ["1 P:1", "2 P:3"]);
        assert_eq!(mailbox.log.log_floor(), 0, "what was before it was made is not its history");
    }

    #[test]
    fn public_records_stand_in_the_right_place() {
        let mut hub_wide = hub_wide();
        let mut mailbox = with_readers([1]);
        catch_up(&mut mailbox, &hub_wide);
        own(&mut mailbox, happened("L", 1));
        tell(&mut hub_wide, [happened("NEWS", 1)]);
        tell(&mut hub_wide, [state("P", "", 1)]);
        catch_up(&mut mailbox, &hub_wide);
        own(&mut mailbox, happened("L", 2));
        assert_eq!(texts(&mailbox.log), ["1 L<0", "2 NEWS<1", "3 P", "4 L<2"]);
    }

    #[test]
    fn a_public_group_is_a_group_in_every_mailbox() {
        let mut hub_wide = hub_wide();
        let mut mailbox = with_readers([1]);
        catch_up(&mut mailbox, &hub_wide);
        own(&mut mailbox, happened("L", 1));
        tell(&mut hub_wide, [happened("NEWS", 1), state("P", "", 1)]);
        tell(&mut hub_wide, [happened("NEWS", 2), state("Q", "", 1)]);
        tell(&mut hub_wide, [happened("NEWS", 3)]);
        tell(&mut hub_wide, [happened("NEWS", 4)]);
        catch_up(&mut mailbox, &hub_wide);
        let expected = ["1 L<0", "2 NEWS<1 (3)", "3 P (3)", "4 NEWS<2 (5)", "5 Q (5)", "6 NEWS<4", "7 NEWS<6"];
        assert_eq!(texts(&mailbox.log), expected);
    }

    #[test]
    fn a_mailbox_that_comes_too_late_for_a_public_log_record_has_a_gap() {
        let limits = LogLimits { log_records: 1, ..ROOMY };
        let mut hub_wide = hub_wide();
        let mut mailbox = with_readers([1]);
        catch_up(&mut mailbox, &hub_wide);
        own(&mut mailbox, happened("L", 1));
        for value in 1..=2 {
            hub_wide.append(smallvec![public(happened("NEWS", value))], at(0), &limits).unwrap();
        }
        catch_up(&mut mailbox, &hub_wide);
        let got = batch(&mut session(after(1)), &mailbox.log);
        assert_eq!(got, ["CONNECTED", "GAP 2..2", "3 NEWS<2 -> 3", "SYNCED -> 3"]);
    }

    #[test]
    fn a_mailbox_that_has_everything_has_no_gap() {
        let limits = LogLimits { log_records: 1, ..ROOMY };
        let mut hub_wide = hub_wide();
        let mut mailbox = with_readers([1]);
        catch_up(&mut mailbox, &hub_wide);
        for value in 1..=3 {
            hub_wide.append(smallvec![public(happened("NEWS", value))], at(0), &limits).unwrap();
            catch_up(&mut mailbox, &hub_wide);
        }
        assert_eq!((hub_wide.log_floor(), mailbox.log.log_floor()), (2, 0));
        assert_eq!(texts(&mailbox.log), ["1 NEWS<0", "2 NEWS<1", "3 NEWS<2"]);
    }

    #[test]
    fn public_log_that_is_too_much_for_a_mailbox_is_declared() {
        let limits = LogLimits { log_records: 1, ..ROOMY };
        let mut hub_wide = hub_wide();
        let mut mailbox = with_readers([1]);
        catch_up(&mut mailbox, &hub_wide);
        tell(&mut hub_wide, [happened("NEWS", 1), happened("NEWS", 2)]);
        mailbox.take_over(&hub_wide, at(0), &limits);
        assert_eq!((mailbox.log.log_floor(), mailbox.log.head()), (1, 1));
    }

    #[test]
    fn a_public_removal_that_was_forgotten_clears_the_state_where_it_was_not_seen() {
        let limits = LogLimits { state_keys: 1, ..ROOMY };
        let mut hub_wide = hub_wide();
        tell(&mut hub_wide, [state("P", "", 1)]);
        let mut mailbox = with_readers([1]);
        catch_up(&mut mailbox, &hub_wide);
        own(&mut mailbox, state("A", "", 1));
        hub_wide.append(smallvec![public(removal("P", ""))], at(0), &limits).unwrap();
        hub_wide.append(smallvec![public(state("Q", "", 1))], at(0), &limits).unwrap();
        assert_eq!(hub_wide.state_floor(), 2);
        catch_up(&mut mailbox, &hub_wide);
        assert_eq!(texts(&mailbox.log), ["2 A", "3 P cleared", "4 Q"]);
    }

    #[test]
    fn who_saw_what_was_forgotten_sees_every_public_state_end_in_its_own_way() {
        let limits = LogLimits { state_keys: 2, ..ROOMY };
        let mut hub_wide = hub_wide();
        tell(&mut hub_wide, [state("P", "", 1)]);
        tell(&mut hub_wide, [last("Q", "", 1)]);
        let mut mailbox = with_readers([1]);
        catch_up(&mut mailbox, &hub_wide);
        hub_wide.append(smallvec![public(state("R", "", 1))], at(0), &limits).unwrap();
        assert_eq!(hub_wide.state_floor(), 2, "where this mailbox stands");
        hub_wide.append(smallvec![public(last("P", "", 2))], at(0), &limits).unwrap();
        catch_up(&mut mailbox, &hub_wide);
        assert_eq!(texts(&mailbox.log), ["2 R", "3 P"], "not cleared first");
    }

    #[test]
    fn a_public_state_that_was_refused_is_removed_everywhere() {
        let mut hub_wide = hub_wide();
        tell(&mut hub_wide, [state("P", "", 1)]);
        let mut mailbox = with_readers([1]);
        catch_up(&mut mailbox, &hub_wide);
        assert!(hub_wide.reject([name_of("P", "")], at(0), &ROOMY));
        catch_up(&mut mailbox, &hub_wide);
        assert_eq!(texts(&mailbox.log), ["2 P rejected"], "no screen shows an old number as current");
    }

    #[test]
    fn a_public_state_expires_in_every_mailbox_by_itself() {
        let mut hub_wide = hub_wide();
        tell(&mut hub_wide, [expiring(5, state("P", "", 1))]);
        let mut mailbox = with_readers([1]);
        catch_up(&mut mailbox, &hub_wide);
        assert_eq!(mailbox.log.next_deadline(), Some(at(5).now));
        assert!(mailbox.log.handle_deadline(at(5), &ROOMY));
        assert!(hub_wide.handle_deadline(at(5), &ROOMY));
        catch_up(&mut mailbox, &hub_wide);
        assert_eq!(texts(&mailbox.log), ["2 P expired"], "once");
    }

    #[test]
    fn a_public_state_that_came_and_expired_unseen_took_the_one_before_with_it() {
        let mut hub_wide = hub_wide();
        tell(&mut hub_wide, [state("P", "", 1)]);
        let mut mailbox = with_readers([1]);
        catch_up(&mut mailbox, &hub_wide);
        tell(&mut hub_wide, [expiring(5, state("P", "", 2))]);
        hub_wide.handle_deadline(at(5), &ROOMY);
        catch_up(&mut mailbox, &hub_wide);
        assert_eq!(texts(&mailbox.log), ["2 P expired"]);
    }

    #[test]
    fn what_is_a_users_own_is_not_everybodys_to_take_away() {
        let mut hub_wide = hub_wide();
        tell(&mut hub_wide, [expiring(5, state("P", "1", 1)), state("P", "2", 1), state("P", "3", 1)]);
        let mut mailbox = with_readers([1]);
        catch_up(&mut mailbox, &hub_wide);
        for key in ["1", "2", "3"] {
            own(&mut mailbox, state("P", key, 2));
        }
        hub_wide.handle_deadline(at(5), &ROOMY);
        hub_wide.reject([name_of("P", "2")], at(5), &ROOMY);
        tell(&mut hub_wide, [removal("P", "3")]);
        catch_up(&mut mailbox, &hub_wide);
        assert_eq!(texts(&mailbox.log), ["4 P:1", "5 P:2", "6 P:3"]);
        own(&mut mailbox, removal("P", "3"));
        assert_eq!(texts(&mailbox.log), ["4 P:1", "5 P:2", "7 P:3 cleared"]);
    }

    #[test]
    fn what_the_hub_wide_log_took_is_stale_nowhere() {
        let mut hub_wide = hub_wide();
        tell(&mut hub_wide, [versioned(5, state("P", "", 1))]);
        let mut mailbox = with_readers([1]);
        catch_up(&mut mailbox, &hub_wide);
        tell(&mut hub_wide, [state("P", "", 2)]);
        tell(&mut hub_wide, [versioned(4, state("P", "", 3))]);
        catch_up(&mut mailbox, &hub_wide);
        assert_eq!(texts(&mailbox.log), ["2 P"], "the value between them was never seen here");
        own(&mut mailbox, versioned(3, state("P", "", 4)));
        assert_eq!(mailbox.log.head(), 2, "of a user's own, versions are compared");
    }

    #[test]
    fn a_public_state_replaces_what_a_user_had_of_its_own() {
        let mut hub_wide = hub_wide();
        let mut mailbox = with_readers([1]);
        catch_up(&mut mailbox, &hub_wide);
        own(&mut mailbox, state("P", "", 1));
        tell(&mut hub_wide, [state("P", "", 2)]);
        catch_up(&mut mailbox, &hub_wide);
        assert_eq!(texts(&mailbox.log), ["2 P"]);
        assert!(!mailbox.log.has_state(), "it counts hub-wide");
    }

    #[test]
    fn an_absent_user_is_kept_no_public_log() {
        let mut hub_wide = hub_wide();
        let mut mailbox = mailbox();
        catch_up(&mut mailbox, &hub_wide);
        tell(&mut hub_wide, [happened("NEWS", 1), state("P", "", 1)]);
        catch_up(&mut mailbox, &hub_wide);
        assert_eq!(texts(&mailbox.log), ["1 P"]);
        for value in 1..=2 {
            hub_wide
                .append(smallvec![public(happened("NEWS", value))], at(0), &LogLimits { log_records: 1, ..ROOMY })
                .unwrap();
        }
        catch_up(&mut mailbox, &hub_wide);
        assert_eq!(mailbox.log.head(), 1, "and nothing is declared to nobody");
    }
}
