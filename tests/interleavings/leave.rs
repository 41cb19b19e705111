//! Leaving, and being forgotten, against coming and broadcasting: a mailbox that is removed takes nothing with it.

use std::time::Duration;

use user_hub::{ConnectOptions, Outcome, Start};

use crate::check::{beside, check};
use crate::device::{Device, snapshot};
use crate::events::{Fill, StillClock, Total, hub, hub_on};

const RETENTION: Duration = Duration::from_secs(15 * 60);

#[test]
fn a_device_that_leaves_takes_no_broadcast_of_the_other_with_it() {
    check(|| {
        let hub = hub();
        let (mut phone, tab) = (Device::synced(&hub, "alice"), Device::synced(&hub, "alice"));
        let leaving = beside(&hub, |_hub| drop(tab));
        let service = beside(&hub, |hub| hub.broadcast("alice", &Fill(1)));
        phone.reads_until(|seen| seen.log.len() == 1);
        leaving.join().unwrap();
        let outcome = service.join().unwrap();
        assert!(matches!(outcome, Outcome::Queued { connections: 1 | 2 }), "{outcome:?}");
        assert_eq!((hub.connections_of("alice"), hub.connection_count(), hub.user_count()), (1, 1, 1));
    });
}

#[test]
fn two_devices_that_leave_at_once_leave_one_user() {
    check(|| {
        let hub = hub();
        let (phone, tab) = (Device::synced(&hub, "alice"), Device::synced(&hub, "alice"));
        let leaving = beside(&hub, |_hub| drop(tab));
        drop(phone);
        leaving.join().unwrap();
        assert_eq!((hub.connections_of("alice"), hub.connection_count(), hub.user_count()), (0, 0, 0));
    });
}

#[test]
fn a_device_that_comes_while_the_last_one_leaves_is_not_taken_for_absent() {
    check(|| {
        let clock = StillClock::new();
        let hub = hub_on(&clock).build().unwrap();
        let tab = Device::synced(&hub, "alice");
        let leaving = beside(&hub, |_hub| drop(tab));
        let mut phone = Device::synced(&hub, "alice");
        leaving.join().unwrap();
        clock.advance(RETENTION);
        hub.broadcast("bob", &Total(1));
        assert_eq!(hub.broadcast("alice", &Fill(2)), Outcome::Queued { connections: 1 });
        phone.reads_until(|seen| seen.logged("FILL") == [2]);
        assert_eq!((hub.connection_count(), hub.user_count()), (1, 1));
    });
}

#[test]
fn what_is_broadcast_while_the_last_device_leaves_is_there_when_it_comes_back() {
    check(|| {
        let hub = hub();
        let phone = Device::synced(&hub, "alice");
        let service = beside(&hub, |hub| [hub.broadcast("alice", &Fill(1)), hub.broadcast("alice", &Total(2))]);
        let mut phone = phone.comes_back(|cursor| {
            let start = cursor.map_or(Start::Snapshot, Start::After);
            hub.connect_with("alice", ConnectOptions::new().start(start)).unwrap()
        });
        phone.reads_until(|seen| seen.state("TOTAL") == Some(2));
        assert_eq!(phone.seen.logged("FILL"), [1]);
        assert_eq!(phone.seen.gaps, []);
        service.join().unwrap();
        assert_eq!((hub.connection_count(), hub.user_count()), (1, 1));
    });
}

#[test]
fn state_that_comes_while_the_mailbox_is_removed_is_kept() {
    check(|| {
        let clock = StillClock::new();
        let hub = hub_on(&clock).build().unwrap();
        drop(Device::synced(&hub, "alice"));
        clock.advance(RETENTION);
        // Any call sweeps; this one removes the mailbox of alice, who has been away for long enough.
        let sweep = beside(&hub, |hub| hub.broadcast("bob", &Total(1)));
        assert_eq!(hub.broadcast("alice", &Total(2)), Outcome::Kept);
        sweep.join().unwrap();
        assert_eq!(snapshot(&hub, "alice").state("TOTAL"), Some(2));
    });
}

#[test]
fn a_device_that_comes_while_the_mailbox_is_removed_is_in_the_one_that_counts() {
    check(|| {
        let clock = StillClock::new();
        let hub = hub_on(&clock).build().unwrap();
        drop(Device::synced(&hub, "alice"));
        clock.advance(RETENTION);
        let sweep = beside(&hub, |hub| hub.broadcast("bob", &Total(1)));
        let mut phone = Device::new(hub.connect("alice").unwrap());
        assert_eq!(hub.broadcast("alice", &Fill(1)), Outcome::Queued { connections: 1 });
        phone.reads_until(|seen| seen.log.len() == 1);
        sweep.join().unwrap();
        assert_eq!(hub.broadcast("alice", &Fill(2)), Outcome::Queued { connections: 1 });
        phone.reads_until(|seen| seen.log.len() == 2);
    });
}

#[test]
fn an_absent_user_who_comes_while_there_are_too_many_keeps_what_is_seen() {
    check(|| {
        let hub = hub_on(&StillClock::new()).absent_users(1).build().unwrap();
        hub.broadcast("alice", &Total(1));
        // Now there is one too many, and the next calls forget alice unless she is there again.
        let service = beside(&hub, |hub| {
            hub.broadcast("bob", &Total(2));
            hub.broadcast("bob", &Total(3));
        });
        let mut phone = Device::new(hub.connect("alice").unwrap());
        phone.reads_until(|seen| seen.is_synced);
        service.join().unwrap();
        assert!(matches!(phone.seen.state("TOTAL"), Some(1) | None));
        assert_eq!(hub.broadcast("alice", &Total(4)), Outcome::Queued { connections: 1 });
        phone.reads_until(|seen| seen.state("TOTAL") == Some(4));
        assert_eq!(snapshot(&hub, "bob").state("TOTAL"), Some(3));
    });
}
