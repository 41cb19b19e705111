//! A handle that gets its hub while services broadcast through it.

use shuttle::thread::spawn;
use user_hub::{BindError, HubHandle, Outcome};

use crate::check::{check, check_all};
use crate::device::Device;
use crate::events::{Fill, hub};

#[test]
fn a_broadcast_during_the_bind_finds_no_hub_or_all_of_it_and_every_later_one_finds_it() {
    check(|| {
        let hub = hub();
        let mut phone = Device::synced(&hub, "alice");
        let handle = HubHandle::unbound();
        let service = spawn({
            let handle = handle.clone();
            move || [1, 2].map(|number| handle.broadcast("alice", &Fill(number)))
        });
        assert_eq!(handle.bind(&hub), Ok(()));
        assert_eq!(handle.broadcast("alice", &Fill(3)), Outcome::Queued { connections: 1 });
        let outcomes = service.join().unwrap();
        assert!(matches!(
            outcomes,
            [Outcome::NoHub | Outcome::Queued { .. }, Outcome::NoHub] | [_, Outcome::Queued { .. }]
        ));
        assert!(outcomes != [Outcome::Queued { connections: 1 }, Outcome::NoHub], "a hub that was there is gone");
        phone.reads_what_there_is();
        let mut seen = phone.seen.logged("FILL");
        seen.sort_unstable();
        let queued = (1..).zip(outcomes).filter(|(_, outcome)| *outcome != Outcome::NoHub).map(|(number, _)| number);
        assert_eq!(seen, queued.chain([3]).collect::<Vec<_>>());
    });
}

#[test]
fn of_two_hubs_that_are_bound_at_once_one_stays() {
    check_all(|| {
        let (one, other) = (hub(), hub());
        let handle = HubHandle::unbound();
        let binding = spawn({
            let (handle, other) = (handle.clone(), other.clone());
            move || handle.bind(&other)
        });
        let mine = handle.bind(&one);
        let is_one_bound = mine.is_ok();
        assert!(handle.is_bound(), "whoever won, there is a hub now");
        let theirs = binding.join().unwrap();
        assert_eq!([mine, theirs].iter().filter(|bound| **bound == Err(BindError::AlreadyBound)).count(), 1);
        handle.broadcast("alice", &Fill(1));
        handle.broadcast("alice", &crate::events::Total(1));
        assert_eq!(one.stats().mailboxes, usize::from(is_one_bound));
        assert_eq!(other.stats().mailboxes, usize::from(!is_one_bound));
    });
}
