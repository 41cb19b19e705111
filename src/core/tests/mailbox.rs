//! Connections that wait, and what was broadcast to everybody.

use super::*;
use crate::core::mailbox::{Mailbox, Reader};
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
    Reader::new(id(number), None, "", Timestamp::from_milliseconds(0), 0)
}

fn too_many() -> Closing {
    Closing::at_once(CloseReason::new(CloseCode::TOO_MANY_CONNECTIONS))
}

fn unparked(mailbox: &mut Mailbox<&'static str>) -> Vec<&'static str> {
    let mut parked = Vec::new();
    mailbox.unpark(&mut parked);
    parked
}

mod waiting {
    use super::*;

    #[test]
    fn what_waits_is_woken_once() {
        let mut mailbox = with_readers([1, 2, 3]);
        assert_eq!(mailbox.park(id(1), "one"), None);
        assert_eq!(mailbox.park(id(3), "three"), None);
        assert_eq!(unparked(&mut mailbox), ["one", "three"]);
        assert_eq!(unparked(&mut mailbox), [""; 0], "a connection that is runnable already is not woken again");
    }

    #[test]
    fn a_replaced_waker_comes_back() {
        let mut mailbox = with_readers([1]);
        mailbox.park(id(1), "first");
        assert_eq!(mailbox.park(id(1), "second"), Some("first"));
        assert_eq!(unparked(&mut mailbox), ["second"]);
    }

    #[test]
    fn the_waker_of_who_is_not_here_comes_back() {
        assert_eq!(mailbox().park(id(1), "one"), Some("one"));
    }

    #[test]
    fn the_waker_of_who_leaves_comes_back() {
        let mut mailbox = with_readers([1, 2]);
        mailbox.park(id(1), "one");
        assert_eq!(mailbox.unregister(id(1), at(5).now), Some("one"));
        assert_eq!(mailbox.unregister(id(1), at(6).now), None, "leaving twice does nothing");
        assert_eq!((mailbox.has_readers(), mailbox.last_used), (true, at(0).now));
        mailbox.unregister(id(2), at(7).now);
        assert_eq!((mailbox.has_readers(), mailbox.last_used), (false, at(7).now));
    }

    #[test]
    fn with_one_connection_too_many_the_oldest_is_told_to_close() {
        let mut mailbox = with_readers([1, 2]);
        mailbox.park(id(1), "one");
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
        mailbox.park(id(2), "two");
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
        mailbox.append(vec![happened("L", 1), state("A", "", 1)], at(0), &ROOMY).unwrap();
        assert_eq!(mailbox.undelivered(), 4);
        mailbox.took(id(1));
        assert_eq!(mailbox.undelivered(), 4, "a batch counts until all of it was handed out");
        mailbox.park(id(1), "one");
        assert_eq!(mailbox.undelivered(), 2, "who waits for more has handed out everything");
        mailbox.append(vec![state("A", "", 2)], at(0), &ROOMY).unwrap();
        assert_eq!(mailbox.undelivered(), 3, "one by the first; by the second what is left of three");
        mailbox.unregister(id(2), at(0).now);
        assert_eq!(mailbox.undelivered(), 1);
    }
}
