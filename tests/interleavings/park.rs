//! Broadcasts against a device that goes to wait.

use user_hub::prelude::*;

use crate::check::{beside, check};
use crate::device::{Device, snapshot};
use crate::events::{Fill, Order, Total, hub};

#[test]
fn a_device_that_goes_to_wait_gets_what_is_broadcast_meanwhile() {
    check(|| {
        let hub = hub();
        let mut phone = Device::synced(&hub, "alice");
        let service = beside(&hub, |hub| {
            hub.broadcast("alice", &Fill(1));
            hub.broadcast("alice", &Total(2));
        });
        phone.reads_until(|seen| seen.state("TOTAL") == Some(2));
        assert_eq!(phone.seen.logged("FILL"), [1]);
        service.join().unwrap();
    });
}

#[test]
fn what_two_services_broadcast_at_once_all_devices_get_whole_and_in_one_order() {
    check(|| {
        let hub = hub();
        let (mut phone, mut tab) = (Device::synced(&hub, "alice"), Device::synced(&hub, "alice"));
        let one = beside(&hub, |hub| hub.group("alice").event(&Fill(1)).event(&Fill(2)).broadcast());
        let other = beside(&hub, |hub| hub.broadcast("alice", &Fill(3)));
        phone.reads_until(|seen| seen.log.len() == 3);
        for service in [one, other] {
            assert_eq!(service.join().unwrap(), Outcome::Queued { connections: 2 });
        }
        tab.reads_until(|seen| seen.log.len() == 3);
        assert_eq!(phone.seen.log, tab.seen.log);
        let fills = phone.seen.logged("FILL");
        assert!(fills.windows(2).any(|pair| pair == [1, 2]), "nothing comes between a group: {fills:?}");
    });
}

#[test]
fn two_services_that_broadcast_to_a_user_who_was_never_there_make_one_mailbox() {
    check(|| {
        let hub = hub();
        let one = beside(&hub, |hub| hub.broadcast("alice", &Total(1)));
        assert_eq!(hub.broadcast("alice", &Order { revision: 1 }), Outcome::Kept);
        assert_eq!(one.join().unwrap(), Outcome::Kept);
        let seen = snapshot(&hub, "alice");
        assert_eq!((seen.state("TOTAL"), seen.state("ORDER")), (Some(1), Some(1)));
        assert_eq!(hub.stats().mailboxes, 1);
    });
}

#[test]
fn a_device_that_goes_to_wait_during_a_burst_is_woken_at_its_end() {
    check(|| {
        let hub = hub();
        let mut phone = Device::synced(&hub, "alice");
        let service = beside(&hub, |hub| {
            hub.burst(|burst| {
                burst.broadcast("alice", &Fill(1));
                burst.broadcast("alice", &Fill(2));
            });
        });
        phone.reads_until(|seen| seen.log.len() == 2);
        assert_eq!(phone.seen.logged("FILL"), [1, 2]);
        service.join().unwrap();
    });
}
