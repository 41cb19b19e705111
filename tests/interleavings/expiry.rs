//! State that ends by itself, against broadcasts and devices that wait.

use std::time::Duration;

use crate::check::{beside, check};
use crate::device::{Device, snapshot};
use crate::events::{Offer, StillClock, hub_on};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn who_finds_that_a_state_has_expired_wakes_the_others() {
    check(|| {
        let clock = StillClock::new();
        let hub = hub_on(&clock).build().unwrap();
        hub.broadcast("alice", &Offer { until: clock.wall_in(SECOND), price: 1 });
        let (mut phone, mut tab) = (Device::synced(&hub, "alice"), Device::synced(&hub, "alice"));
        assert_eq!(phone.seen.state("OFFER"), Some(1));
        // The tab waits before the moment has come; only the phone's driver sees to the deadline.
        let driver = beside(&hub, move |_hub| {
            phone.reads_what_there_is();
            clock.advance(SECOND);
            let deadline = phone.connection().next_deadline().unwrap();
            phone.connection().handle_deadline(deadline);
            phone.reads_until(|seen| seen.state("OFFER").is_none());
        });
        tab.reads_until(|seen| seen.state("OFFER").is_none());
        driver.join().unwrap();
    });
}

#[test]
fn a_new_value_that_comes_while_the_old_one_expires_stays() {
    check(|| {
        let clock = StillClock::new();
        let hub = hub_on(&clock).build().unwrap();
        hub.broadcast("alice", &Offer { until: clock.wall_in(SECOND), price: 1 });
        let (mut phone, mut tab) = (Device::synced(&hub, "alice"), Device::synced(&hub, "alice"));
        phone.reads_what_there_is();
        clock.advance(SECOND);
        let later = clock.wall_in(SECOND);
        let service = beside(&hub, move |hub| hub.broadcast("alice", &Offer { until: later, price: 2 }));
        let deadline = phone.connection().next_deadline().unwrap();
        phone.connection().handle_deadline(deadline);
        phone.reads_until(|seen| seen.state("OFFER") == Some(2));
        tab.reads_until(|seen| seen.state("OFFER") == Some(2));
        service.join().unwrap();
        assert_eq!(snapshot(&hub, "alice").state("OFFER"), Some(2));
        assert_eq!(phone.seen.states, tab.seen.states);
    });
}
