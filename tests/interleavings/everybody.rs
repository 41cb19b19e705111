//! What goes to everybody against what goes to one user, against devices that go to wait, and against maintenance.

use futures::FutureExt;
use shuttle::future::block_on;

use crate::check::{beside, check};
use crate::device::{Device, Seen};
use crate::events::{Alarm, Fill, Notice, Total, hub};

#[test]
fn what_one_service_tells_everybody_and_then_one_user_comes_in_that_order() {
    check(|| {
        let hub = hub();
        let (mut phone, mut tab) = (Device::synced(&hub, "alice"), Device::synced(&hub, "alice"));
        let service = beside(&hub, |hub| {
            hub.broadcast_to_all(&Alarm(1));
            hub.broadcast("alice", &Fill(2));
        });
        let is_enough = |seen: &Seen| seen.log.len() == 3;
        hub.broadcast("alice", &Fill(3));
        phone.reads_until(is_enough);
        tab.reads_until(is_enough);
        assert_eq!(phone.seen.log, tab.seen.log, "one order for all devices");
        let place = |value| phone.seen.log.iter().position(|(_, other)| *other == value);
        assert!(place(1) < place(2), "a call that happens after another is after it: {:?}", phone.seen.log);
        service.join().unwrap();
    });
}

#[test]
fn what_two_services_tell_everybody_at_once_all_users_get_in_one_order() {
    check(|| {
        let hub = hub();
        let (mut alices, mut bobs) = (Device::synced(&hub, "alice"), Device::synced(&hub, "bob"));
        let service = beside(&hub, |hub| hub.broadcast_to_all(&Alarm(1)));
        hub.broadcast_to_all(&Alarm(2));
        let is_enough = |seen: &Seen| seen.log.len() == 2;
        alices.reads_until(is_enough);
        bobs.reads_until(is_enough);
        assert_eq!(alices.seen.log, bobs.seen.log);
        service.join().unwrap();
    });
}

#[test]
fn a_device_that_goes_to_wait_is_woken_for_what_goes_to_everybody() {
    check(|| {
        let hub = hub();
        let mut phone = Device::synced(&hub, "alice");
        let service = beside(&hub, |hub| hub.broadcast_to_all(&Notice(1)));
        phone.reads_until(|seen| seen.state("NOTICE") == Some(1));
        service.join().unwrap();
    });
}

#[test]
fn maintenance_that_goes_to_wait_is_woken_to_wake_everybody() {
    check(|| {
        let hub = hub();
        let mut phone = Device::synced(&hub, "alice");
        phone.reads_what_there_is();
        let maintenance = beside(&hub, |hub| block_on(hub.maintenance()));
        let service = beside(&hub, |hub| hub.broadcast_to_all(&Notice(1)));
        phone.reads_until(|seen| seen.state("NOTICE") == Some(1));
        service.join().unwrap();
        hub.shutdown();
        maintenance.join().unwrap();
    });
}

#[test]
fn maintenance_that_is_dropped_hands_the_waking_over() {
    check(|| {
        let hub = hub();
        let mut phone = Device::synced(&hub, "alice");
        phone.reads_what_there_is();
        let maintenance = beside(&hub, |hub| {
            assert_eq!(hub.maintenance().now_or_never(), None);
        });
        let service = beside(&hub, |hub| hub.broadcast_to_all(&Notice(1)));
        phone.reads_until(|seen| seen.state("NOTICE") == Some(1));
        service.join().unwrap();
        maintenance.join().unwrap();
    });
}

#[test]
fn maintenance_that_goes_to_wait_is_woken_for_the_devices_of_a_user() {
    check(|| {
        let hub = hub();
        let (mut tab, mut phone) = (Device::synced(&hub, "alice"), Device::synced(&hub, "alice"));
        phone.reads_what_there_is();
        let maintenance = beside(&hub, |hub| block_on(hub.maintenance()));
        let service = beside(&hub, |hub| hub.broadcast("alice", &Total(1)));
        let reading = beside(&hub, move |_hub| tab.reads_until(|seen| seen.state("TOTAL") == Some(1)));
        phone.reads_until(|seen| seen.state("TOTAL") == Some(1));
        reading.join().unwrap();
        service.join().unwrap();
        hub.shutdown();
        maintenance.join().unwrap();
    });
}

#[test]
fn maintenance_that_is_dropped_hands_the_devices_of_a_user_over() {
    check(|| {
        let hub = hub();
        let (mut tab, mut phone) = (Device::synced(&hub, "alice"), Device::synced(&hub, "alice"));
        phone.reads_what_there_is();
        let maintenance = beside(&hub, |hub| {
            assert_eq!(hub.maintenance().now_or_never(), None);
        });
        let service = beside(&hub, |hub| hub.broadcast("alice", &Total(1)));
        let reading = beside(&hub, move |_hub| tab.reads_until(|seen| seen.state("TOTAL") == Some(1)));
        phone.reads_until(|seen| seen.state("TOTAL") == Some(1));
        reading.join().unwrap();
        service.join().unwrap();
        maintenance.join().unwrap();
    });
}
