//! Connecting against broadcasts: the snapshot and what is live leave nothing out between them.

use user_hub::{ConnectOptions, Outcome, Start};

use crate::check::{beside, check};
use crate::device::{Device, snapshot};
use crate::events::{Alarm, Fill, Notice, StillClock, Total, hub, hub_on};

#[test]
fn a_device_that_connects_misses_nothing_that_was_queued_for_it() {
    check(|| {
        let hub = hub();
        hub.broadcast("alice", &Total(1));
        let service = beside(&hub, |hub| {
            let outcomes = [1, 2].map(|number| hub.broadcast("alice", &Fill(number)));
            hub.broadcast("alice", &Total(2));
            outcomes.map(|outcome| outcome == Outcome::Queued { connections: 1 })
        });
        let mut phone = Device::new(hub.connect("alice").unwrap());
        phone.reads_until(|seen| seen.is_synced && seen.state("TOTAL") == Some(2));
        let was_queued = service.join().unwrap();
        let queued = [1, 2].into_iter().zip(was_queued).filter(|(_, was_queued)| *was_queued);
        assert_eq!(phone.seen.logged("FILL"), queued.map(|(number, _)| number).collect::<Vec<_>>());
    });
}

#[test]
fn a_user_who_comes_for_the_first_time_gets_what_goes_to_everybody() {
    check(|| {
        let hub = hub();
        let service = beside(&hub, |hub| {
            hub.broadcast_to_all(&Notice(1));
            hub.broadcast_to_all(&Notice(2));
        });
        let mut phone = Device::new(hub.connect("alice").unwrap());
        hub.broadcast_to_all(&Alarm(3));
        phone.reads_until(|seen| seen.is_synced && seen.state("NOTICE") == Some(2) && !seen.log.is_empty());
        service.join().unwrap();
    });
}

#[test]
fn a_user_who_comes_while_two_services_tell_everybody_has_the_last_word() {
    check(|| {
        let hub = hub();
        let services = [1, 2].map(|number| beside(&hub, move |hub| hub.broadcast_to_all(&Notice(number))));
        let mut phone = Device::new(hub.connect("alice").unwrap());
        for service in services {
            service.join().unwrap();
        }
        phone.reads_what_there_is();
        assert_eq!(phone.seen.state("NOTICE"), snapshot(&hub, "bob").state("NOTICE"));
    });
}

#[test]
fn a_device_that_resumes_while_the_log_evicts_sees_each_record_once_or_a_gap() {
    check(|| {
        let hub = hub_on(&StillClock::new()).log_records(2).build().unwrap();
        let mut phone = Device::synced(&hub, "alice");
        hub.broadcast("alice", &Fill(1));
        phone.reads_until(|seen| seen.log.len() == 1);
        let service = beside(&hub, |hub| {
            (2..=4).for_each(|number| {
                hub.broadcast("alice", &Fill(number));
            });
        });
        let mut phone = phone.comes_back(|cursor| {
            let start = cursor.map_or(Start::Snapshot, Start::After);
            hub.connect_with("alice", ConnectOptions::new().start(start)).unwrap()
        });
        phone.reads_until(|seen| seen.log.last().is_some_and(|(_, number)| *number == 4));
        service.join().unwrap();
        for number in 1..=4 {
            // Each Fill is alone in its call, so its number is its position.
            let is_declared = phone.seen.gaps.iter().any(|(from, to)| (*from..=*to).contains(&number));
            let times = phone.seen.logged("FILL").iter().filter(|other| **other == number).count();
            assert!(times == 1 || (times == 0 && is_declared), "{number}: {:?}", phone.seen);
        }
    });
}

#[test]
fn two_devices_that_come_for_the_first_time_meet_in_one_mailbox() {
    check(|| {
        let hub = hub();
        let other = beside(&hub, |hub| hub.connect("alice").unwrap());
        let one = hub.connect("alice").unwrap();
        let other = other.join().unwrap();
        assert_eq!(hub.connections_of("alice"), 2);
        assert_eq!(hub.broadcast("alice", &Total(1)), Outcome::Queued { connections: 2 });
        for connection in [one, other] {
            let mut device = Device::new(connection);
            device.reads_what_there_is();
            assert_eq!(device.seen.state("TOTAL"), Some(1));
        }
        assert_eq!(snapshot(&hub, "alice").state("TOTAL"), Some(1));
    });
}
