//! The host's StateSource against broadcasts, and against devices that come and go while it runs.

use std::sync::Arc;
use std::time::Duration;

use shuttle::sync::Mutex;
use user_hub::{LoadedState, UserHub};

use crate::check::{beside, check};
use crate::device::{Device, Seen, snapshot};
use crate::events::{Order, StillClock, Total, hub_on};

/// What the host has committed: a total, and an order's revision.
#[derive(Clone, Default)]
struct Database {
    rows: Arc<Mutex<(u64, u32)>>,
}

impl Database {
    fn hub(&self, clock: &StillClock) -> UserHub {
        let database = self.clone();
        let load = move |_user| {
            let database = database.clone();
            async move {
                let (total, revision) = *database.rows.lock().unwrap();
                // The answer is on its way for a while.
                shuttle::future::yield_now().await;
                Some(LoadedState::new().event(Total(total)).event(Order { revision }))
            }
        };
        hub_on(clock).state_source(load).build().unwrap()
    }
}

fn is_loaded(seen: &Seen) -> bool {
    seen.is_synced && seen.state_source == "loaded"
}

#[test]
fn what_is_committed_and_then_broadcast_during_a_load_is_what_stays() {
    check(|| {
        let database = Database::default();
        let hub = database.hub(&StillClock::new());
        let service = beside(&hub, move |hub| {
            *database.rows.lock().unwrap() = (1, 1);
            hub.broadcast("alice", &Total(1));
            hub.broadcast("alice", &Order { revision: 1 });
        });
        let mut phone = Device::new(hub.connect("alice").unwrap());
        let is_new = |seen: &Seen| is_loaded(seen) && (seen.state("TOTAL"), seen.state("ORDER")) == (Some(1), Some(1));
        phone.reads_until(is_new);
        service.join().unwrap();
        phone.reads_what_there_is();
        assert!(is_new(&phone.seen), "{:?}", phone.seen);
        assert!(is_new(&snapshot(&hub, "alice")));
    });
}

#[test]
fn two_devices_that_wait_for_one_load_both_go_on_when_it_is_there() {
    check(|| {
        let hub = Database::default().hub(&StillClock::new());
        let other = beside(&hub, |hub| {
            let mut tab = Device::new(hub.connect("alice").unwrap());
            tab.reads_until(is_loaded);
            assert_eq!(tab.seen.state("TOTAL"), Some(0));
        });
        let mut phone = Device::new(hub.connect("alice").unwrap());
        phone.reads_until(is_loaded);
        assert_eq!(phone.seen.state("TOTAL"), Some(0));
        other.join().unwrap();
    });
}

#[test]
fn a_device_that_leaves_during_the_load_leaves_it_to_the_other() {
    check(|| {
        let hub = Database::default().hub(&StillClock::new());
        let mut tab = Device::new(hub.connect("alice").unwrap());
        let leaving = beside(&hub, move |_hub| {
            tab.reads_one();
            drop(tab);
        });
        let mut phone = Device::new(hub.connect("alice").unwrap());
        phone.reads_until(is_loaded);
        leaving.join().unwrap();
    });
}

#[test]
fn a_load_that_is_given_up_as_it_comes_to_its_end_has_loaded_or_failed() {
    check(|| {
        let clock = StillClock::new();
        let hub = Database::default().hub(&clock);
        let mut tab = Device::new(hub.connect("alice").unwrap());
        let mut phone = Device::new(hub.connect("alice").unwrap());
        let driver = beside(&hub, move |_hub| gives_up(&clock, &mut tab));
        phone.reads_until(|seen| seen.is_synced);
        assert_eq!(phone.seen.state("TOTAL").is_some(), is_loaded(&phone.seen), "SYNCED says which: {:?}", phone.seen);
        driver.join().unwrap();
    });
}

#[test]
fn a_load_that_one_device_gives_up_holds_no_other_back() {
    check(|| {
        let clock = StillClock::new();
        let hub = hub_on(&clock).state_source(|_user| futures::future::pending()).build().unwrap();
        let mut tab = Device::new(hub.connect("alice").unwrap());
        let mut phone = Device::new(hub.connect("alice").unwrap());
        let driver = beside(&hub, move |_hub| gives_up(&clock, &mut tab));
        phone.reads_until(|seen| seen.is_synced);
        assert_eq!(phone.seen.state_source, "failed");
        driver.join().unwrap();
    });
}

/// The deadline of the load passes, and the driver of this device sees to it.
fn gives_up(clock: &StillClock, device: &mut Device) {
    let deadline = device.connection().next_deadline().unwrap();
    clock.advance(Duration::from_secs(5));
    device.connection().handle_deadline(deadline);
    device.reads_until(|seen| seen.is_synced);
}
