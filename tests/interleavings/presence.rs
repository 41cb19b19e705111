//! Presence against coming and leaving: what a watcher was told last becomes true.

use std::time::Duration;

use futures::{FutureExt, StreamExt};
use shuttle::future::block_on;
use user_hub::Presence;
use user_hub::PresenceChange::{Came, Left};

use crate::check::{beside, check};
use crate::events::{StillClock, hub, hub_on};

const GRACE: Duration = Duration::from_secs(15);

/// Whether alice is there, as the watcher was told last.
fn told(presence: &mut Presence, mut is_present: bool) -> bool {
    while let Some(Some(change)) = presence.next().now_or_never() {
        is_present = match change {
            Came(_) if !is_present => true,
            Left(_) if is_present => false,
            again => panic!("told twice: {again:?}"),
        };
    }
    is_present
}

#[test]
fn a_user_who_comes_while_a_watcher_begins_is_told_of() {
    check(|| {
        let hub = hub();
        let device = beside(&hub, |hub| hub.connect("alice").unwrap());
        let mut presence = hub.presence();
        assert!(matches!(block_on(presence.next()), Some(Came(user)) if user.as_str() == "alice"));
        drop(device.join().unwrap());
    });
}

#[test]
fn a_user_whose_other_device_leaves_while_one_comes_stays_present() {
    check(|| {
        let clock = StillClock::new();
        let hub = hub_on(&clock).build().unwrap();
        let mut presence = hub.presence();
        let tab = hub.connect("alice").unwrap();
        assert!(told(&mut presence, false));
        let leaving = beside(&hub, move |_hub| drop(tab));
        let _phone = hub.connect("alice").unwrap();
        leaving.join().unwrap();
        clock.advance(GRACE);
        assert!(told(&mut presence, true), "she is there, whatever came first");
    });
}

#[test]
fn a_user_who_comes_back_as_the_grace_ends_is_present_in_the_end() {
    check(|| {
        let clock = StillClock::new();
        let hub = hub_on(&clock).build().unwrap();
        let mut presence = hub.presence();
        drop(hub.connect("alice").unwrap());
        assert!(told(&mut presence, false));
        clock.advance(GRACE);
        let sweep = beside(&hub, |hub| hub.is_connected("bob"));
        let phone = beside(&hub, |hub| hub.connect("alice").unwrap());
        let was_told = told(&mut presence, true);
        sweep.join().unwrap();
        let _phone = phone.join().unwrap();
        assert!(told(&mut presence, was_told));
    });
}
