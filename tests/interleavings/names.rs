//! Services that use an event type for the first time.

use serde_json::json;
use user_hub::{DynamicEvent, Kind, Outcome, Rejection, UserHub};

use crate::check::{beside, check};
use crate::device::Device;
use crate::events::{StillClock, hub, hub_on};

/// An event of a type that is known at run time only.
fn event(name: &str, kind: Kind) -> DynamicEvent {
    let event =
        if kind == Kind::Log { DynamicEvent::log(name, json!(1)) } else { DynamicEvent::state(name, "one", json!(1)) };
    event.unwrap()
}

fn uses(hub: &UserHub, name: &str, kind: Kind) -> Outcome {
    hub.broadcast_dynamic("alice", &event(name, kind))
}

const QUEUED: Outcome = Outcome::Queued { connections: 1 };

#[test]
fn of_two_services_that_first_use_one_name_as_two_kinds_one_is_refused() {
    check(|| {
        let hub = hub();
        let mut phone = Device::synced(&hub, "alice");
        let other = beside(&hub, |hub| uses(&hub, "PRICE", Kind::Log));
        let mine = uses(&hub, "PRICE", Kind::State);
        let theirs = other.join().unwrap();
        let known = if mine == QUEUED { Kind::State } else { Kind::Log };
        let refused = if mine == QUEUED { &theirs } else { &mine };
        let is_conflict = |outcome: &Outcome| matches!(outcome, Outcome::Rejected(Rejection::KindConflict { known: said, .. }) if *said == known);
        assert!([&mine, &theirs].contains(&&QUEUED), "one has the name: {mine:?} and {theirs:?}");
        assert!(is_conflict(refused), "the other is refused: {mine:?} and {theirs:?}");
        // What was said stays.
        for kind in [Kind::State, Kind::Log] {
            let again = uses(&hub, "PRICE", kind);
            assert!(
                if kind == known { again == QUEUED } else { is_conflict(&again) },
                "{again:?}, and {known:?} is known"
            );
        }
        phone.reads_what_there_is();
        let seen = (phone.seen.log.len(), phone.seen.states.len());
        assert_eq!(seen, if known == Kind::Log { (2, 0) } else { (0, 1) });
    });
}

#[test]
fn of_two_names_that_are_first_used_at_once_both_stay_known() {
    check(|| {
        let hub = hub();
        let _phone = Device::synced(&hub, "alice");
        let other = beside(&hub, |hub| uses(&hub, "PRICE", Kind::State));
        assert_eq!(uses(&hub, "FILL", Kind::State), QUEUED);
        assert_eq!(other.join().unwrap(), QUEUED);
        for name in ["PRICE", "FILL"] {
            let again = uses(&hub, name, Kind::Log);
            assert!(
                matches!(again, Outcome::Rejected(Rejection::KindConflict { .. })),
                "{name} is forgotten: {again:?}"
            );
        }
    });
}

#[test]
fn of_two_services_that_use_the_last_name_there_is_room_for_one_is_refused() {
    check(|| {
        let hub = hub_on(&StillClock::new()).event_types(1).build().unwrap();
        let _phone = Device::synced(&hub, "alice");
        let other = beside(&hub, |hub| uses(&hub, "PRICE", Kind::Log));
        let outcomes = [uses(&hub, "FILL", Kind::Log), other.join().unwrap()];
        let is_full =
            |outcome: &Outcome| matches!(outcome, Outcome::Rejected(Rejection::TooManyEventTypes { limit: 1 }));
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == QUEUED).count(), 1, "{outcomes:?}");
        assert_eq!(outcomes.iter().filter(|outcome| is_full(outcome)).count(), 1, "{outcomes:?}");
    });
}
