//! State that the host loads: what a device sees before, while and after it is there.
#![cfg(feature = "derive")]
#![allow(clippy::unwrap_used)]

mod support;

use std::borrow::Cow;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, OnceLock};
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::channel::oneshot;
use serde::{Serialize, Serializer};
use support::{
    Alarm, Fill, Notice, Price, Total, clock, frames, hub_on, json, order, price, sees, shown, within_half_a_minute,
};
use tokio_test::{assert_pending, task};
use user_hub::prelude::*;
use user_hub::testing::ManualClock;
use user_hub::{
    Clock, CloseCode, CloseReason, Connection, DynamicEvent, FrameKind, Kind, LoadedState, Timestamp, UserHubBuilder,
    UserId, Version,
};

const NOTHING: [&str; 0] = [];
const SECOND: Duration = Duration::from_secs(1);
const INSTANT: Duration = Duration::from_nanos(1);
/// The default.
const DEADLINE: Duration = Duration::from_secs(5);

/// A database that answers when the test says so.
#[derive(Clone, Default)]
struct Database {
    questions: Arc<Mutex<Vec<Option<Answer>>>>,
}

type Answer = oneshot::Sender<Option<LoadedState>>;

impl Database {
    fn hub(&self, builder: UserHubBuilder) -> UserHub {
        let questions = Arc::clone(&self.questions);
        let load = move |_user: UserId| {
            let (answer, answered) = oneshot::channel();
            questions.lock().unwrap().push(Some(answer));
            async move { answered.await.ok().flatten() }
        };
        builder.state_source(load).build().unwrap()
    }

    fn asked(&self) -> usize {
        self.questions.lock().unwrap().len()
    }

    /// Answers the last question.
    #[track_caller]
    fn answers(&self, state: LoadedState) {
        self.say(Some(state));
    }

    #[track_caller]
    fn fails(&self) {
        self.say(None);
    }

    #[track_caller]
    fn say(&self, answer: Option<LoadedState>) {
        let question = self.questions.lock().unwrap().last_mut().and_then(Option::take).expect("somebody asked");
        // Nobody may be there to hear it any more.
        let _unheard = question.send(answer);
    }
}

/// A State that has a version or not, is the last or not, and may expire.
#[derive(Serialize)]
#[serde(transparent)]
struct Level {
    #[serde(skip)]
    version: Option<i64>,
    #[serde(skip)]
    is_final: bool,
    #[serde(skip)]
    expires: Option<Timestamp>,
    value: &'static str,
}

const fn level(version: Option<i64>, value: &'static str) -> Level {
    Level { version, is_final: false, expires: None, value }
}

impl Event for Level {
    const NAME: &'static str = "LEVEL";
    const KIND: Kind = Kind::State;

    fn key(&self) -> Option<Cow<'_, str>> {
        None
    }
    fn version(&self) -> Option<Version> {
        self.version.map(Version::from)
    }
    fn is_final(&self) -> bool {
        self.is_final
    }
    fn expires_at(&self) -> Option<Timestamp> {
        self.expires
    }
}

/// A payload that does something while it is encoded.
struct Does<F: Fn()>(F);

impl<F: Fn()> Serialize for Does<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.0)();
        serializer.serialize_str("done")
    }
}

/// A device that waits for the load.
#[track_caller]
fn waiting(hub: &UserHub) -> Connection {
    let mut device = hub.connect("alice").unwrap();
    assert_eq!(sees(&mut device), NOTHING, "it waits for its State");
    device
}

/// What a device sees in its first batch, and what SYNCED says of the load.
#[track_caller]
fn first_batch(device: &mut Connection) -> (Vec<String>, String) {
    let got = frames(device);
    assert_eq!(got.first().map(|frame| frame.kind()), Some(FrameKind::Connected));
    assert_eq!(got.last().map(|frame| frame.kind()), Some(FrameKind::Synced));
    let source = json(got.last().unwrap())["stateSource"].as_str().unwrap().to_owned();
    (got[1..got.len() - 1].iter().map(shown).collect(), source)
}

#[track_caller]
fn assert_first(device: &mut Connection, state: &[&str], source: &str) {
    let (seen, said) = first_batch(device);
    assert_eq!((seen, said.as_str()), (state.iter().map(ToString::to_string).collect(), source));
}

fn at(clock: &ManualClock, device: &mut Connection) {
    device.handle_deadline(clock.now());
}

// Waiting for it.

#[test]
fn devices_that_arrive_together_share_one_load_and_later_ones_need_none() {
    let database = Database::default();
    let hub = database.hub(UserHub::builder());
    let mut devices = [waiting(&hub), waiting(&hub), waiting(&hub)];
    assert_eq!(database.asked(), 1);
    database.answers(LoadedState::new().event(order("7", 1, "open")).event(Total(2)));
    for device in &mut devices {
        assert_first(device, &[r#"ORDER/7 "open""#, "TOTAL 2"], "loaded");
    }
    assert_first(&mut hub.connect("alice").unwrap(), &[r#"ORDER/7 "open""#, "TOTAL 2"], "loaded");
    assert_eq!(database.asked(), 1);
    hub.broadcast("alice", &Total(3));
    assert_eq!(sees(&mut devices[0]), ["TOTAL 3"]);
}

#[test]
fn each_user_has_a_load_of_their_own() {
    let hub = UserHub::builder()
        .state_source(|user| async move { Some(LoadedState::new().event(Notice(user.as_str().to_owned()))) })
        .build()
        .unwrap();
    assert_first(&mut hub.connect("alice").unwrap(), &[r#"NOTICE "alice""#], "loaded");
    assert_first(&mut hub.connect("bob").unwrap(), &[r#"NOTICE "bob""#], "loaded");
}

#[test]
fn when_the_first_device_leaves_while_it_waits_the_second_finishes_the_load() {
    let database = Database::default();
    let hub = database.hub(UserHub::builder());
    let mut phone = task::spawn(hub.connect("alice").unwrap());
    assert_pending!(phone.poll_next());
    let mut tab = task::spawn(hub.connect("alice").unwrap());
    assert_pending!(tab.poll_next());
    drop(phone);
    database.answers(LoadedState::new().event(Total(1)));
    assert!(tab.is_woken());
    assert_first(&mut tab, &["TOTAL 1"], "loaded");
    assert_eq!(database.asked(), 1);
}

#[test]
fn a_device_that_is_polled_only_after_the_first_one_left_finishes_the_load() {
    let database = Database::default();
    let hub = database.hub(UserHub::builder());
    let phone = waiting(&hub);
    let mut tab = task::spawn(hub.connect("alice").unwrap());
    drop(phone);
    assert_pending!(tab.poll_next());
    database.answers(LoadedState::new().event(Total(1)));
    assert!(tab.is_woken());
    assert_first(&mut tab, &["TOTAL 1"], "loaded");
}

#[test]
fn a_load_that_nobody_waited_for_any_more_goes_on_with_the_next_device() {
    let (clock, database) = (clock(), Database::default());
    let hub = database.hub(hub_on(&clock));
    drop(waiting(&hub));
    clock.advance(DEADLINE - INSTANT);
    let mut back = waiting(&hub);
    assert_eq!(database.asked(), 1);
    database.answers(LoadedState::new().event(Total(1)));
    assert_first(&mut back, &["TOTAL 1"], "loaded");
}

#[test]
fn a_load_that_stood_still_past_its_deadline_is_begun_anew() {
    let (clock, database) = (clock(), Database::default());
    let hub = database.hub(hub_on(&clock));
    drop(waiting(&hub));
    clock.advance(DEADLINE);
    let mut back = waiting(&hub);
    assert_eq!((database.asked(), back.next_deadline()), (2, Some(clock.now() + DEADLINE)));
    database.answers(LoadedState::new().event(Total(1)));
    assert_first(&mut back, &["TOTAL 1"], "loaded");
}

#[test]
fn every_waiting_device_is_woken_when_the_state_is_there() {
    let database = Database::default();
    let hub = database.hub(UserHub::builder());
    let mut devices: Vec<_> = (0..3).map(|_| task::spawn(hub.connect("alice").unwrap())).collect();
    for device in &mut devices {
        assert_pending!(device.poll_next());
    }
    database.answers(LoadedState::new().event(Total(1)));
    for device in &mut devices {
        assert!(device.is_woken());
        assert_first(device, &["TOTAL 1"], "loaded");
    }
}

#[test]
fn devices_from_many_threads_share_one_load() {
    within_half_a_minute(|| {
        for _ in 0..200 {
            let asked = Arc::<AtomicUsize>::default();
            let counts = Arc::clone(&asked);
            let load = move |_| {
                counts.fetch_add(1, Ordering::SeqCst);
                async { Some(LoadedState::new().event(Total(1)).event(order("7", 1, "open"))) }
            };
            let hub = UserHub::builder().state_source(load).build().unwrap();
            let barrier = Barrier::new(4);
            thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        barrier.wait();
                        let device = hub.connect("alice").unwrap();
                        let names = device.take(4).map(|frame| frame.name().to_owned()).collect::<Vec<_>>();
                        assert_eq!(futures::executor::block_on(names), ["CONNECTED", "TOTAL", "ORDER", "SYNCED"]);
                    });
                }
            });
            assert_eq!(asked.load(Ordering::SeqCst), 1);
        }
    });
}

#[test]
fn a_hub_without_a_source_says_so() {
    let hub = UserHub::new();
    hub.broadcast("alice", &Total(1));
    assert_first(&mut hub.connect("alice").unwrap(), &["TOTAL 1"], "none");
}

#[test]
fn a_device_that_is_told_to_close_waits_no_longer() {
    let database = Database::default();
    let hub = database.hub(UserHub::builder());
    let mut phone = task::spawn(hub.connect("alice").unwrap());
    assert_pending!(phone.poll_next());
    assert_eq!(hub.close_user("alice", &CloseReason::new(CloseCode::REVOKED)), 1);
    assert!(phone.is_woken());
    assert_eq!(sees(&mut phone), ["CLOSING"]);
}

#[tokio::test(start_paused = true)]
async fn a_hub_that_drains_gives_a_waiting_device_what_there_is() {
    let database = Database::default();
    let hub = database.hub(UserHub::builder());
    let mut phone = waiting(&hub);
    hub.broadcast("alice", &Total(1));
    let mut drain = task::spawn(hub.drain(SECOND));
    assert_pending!(drain.poll());
    let got = frames(&mut phone);
    assert_eq!(got.iter().map(shown).collect::<Vec<_>>(), ["CONNECTED", "TOTAL 1", "SYNCED", "CLOSING"]);
    assert_eq!(json(&got[2])["stateSource"], "failed");
}

// When it fails.

#[test]
fn past_the_deadline_a_device_gets_what_there_is_and_is_told() {
    let (clock, database) = (clock(), Database::default());
    let hub = database.hub(hub_on(&clock).load_deadline(SECOND * 2));
    let (mut phone, mut tab) = (waiting(&hub), waiting(&hub));
    hub.broadcast("alice", &Fill(1));
    hub.broadcast("alice", &Total(1));
    assert_eq!(phone.next_deadline(), Some(clock.now() + SECOND * 2));

    clock.advance(SECOND * 2 - INSTANT);
    at(&clock, &mut phone);
    assert_eq!(sees(&mut phone), NOTHING);
    clock.advance(INSTANT);
    let mut tab = task::spawn(&mut tab);
    assert_pending!(tab.poll_next());
    at(&clock, &mut phone);
    assert!(tab.is_woken(), "who waits for the same load goes on too");
    assert_first(&mut phone, &["FILL 1", "TOTAL 1"], "failed");
    assert_first(&mut tab, &["FILL 1", "TOTAL 1"], "failed");
    assert_eq!(phone.next_deadline(), None);

    // The answer comes after all, but nobody waits for it: the next load will tell.
    database.answers(LoadedState::new().event(Total(0)));
    assert_eq!((sees(&mut phone), sees(&mut tab)), (vec![], vec![]));
}

#[test]
fn after_a_failure_the_next_device_tries_again_but_not_before_a_wait_that_doubles() {
    let (clock, database) = (clock(), Database::default());
    let hub = database.hub(hub_on(&clock));
    let mut devices = vec![waiting(&hub)];
    database.fails();
    assert_first(&mut devices[0], &[], "failed");
    for (failed, seconds) in [1, 2, 4, 8, 16, 30, 30, 30].into_iter().enumerate() {
        clock.advance(SECOND * seconds - INSTANT);
        assert_first(&mut hub.connect("alice").unwrap(), &[], "failed");
        assert_eq!(database.asked(), failed + 1, "{seconds} s have not passed");
        clock.advance(INSTANT);
        let mut next = waiting(&hub);
        assert_eq!(database.asked(), failed + 2, "{seconds} s have passed");
        database.fails();
        assert_first(&mut next, &[], "failed");
        devices.push(next);
    }
    clock.advance(SECOND * 30);
    let mut last = waiting(&hub);
    database.answers(LoadedState::new().event(Total(1)));
    assert_first(&mut last, &["TOTAL 1"], "loaded");
    assert!(devices.iter_mut().all(|device| sees(device) == ["TOTAL 1"]), "who was there gets it live");
    assert_first(&mut hub.connect("alice").unwrap(), &["TOTAL 1"], "loaded");
}

#[test]
fn a_deadline_that_passed_is_a_failure_like_any_other() {
    let (clock, database) = (clock(), Database::default());
    let hub = database.hub(hub_on(&clock));
    for (asked, wait) in [(1, 1), (2, 2), (3, 4)] {
        let mut phone = waiting(&hub);
        assert_eq!(database.asked(), asked);
        clock.advance(DEADLINE);
        at(&clock, &mut phone);
        assert_first(&mut phone, &[], "failed");
        clock.advance(SECOND * wait - INSTANT);
        assert_first(&mut hub.connect("alice").unwrap(), &[], "failed");
        clock.advance(INSTANT);
    }
}

#[test]
fn who_was_there_before_does_not_wait_for_the_next_load() {
    let (clock, database) = (clock(), Database::default());
    let hub = database.hub(hub_on(&clock));
    let mut phone = waiting(&hub);
    database.fails();
    assert_first(&mut phone, &[], "failed");
    clock.advance(SECOND);
    let _tab = waiting(&hub);
    hub.broadcast("alice", &Fill(1));
    assert_eq!(sees(&mut phone), ["FILL 1"]);
}

#[test]
fn a_device_whose_deadline_has_passed_goes_on_although_another_began_the_load_anew() {
    let (clock, database) = (clock(), Database::default());
    let hub = database.hub(hub_on(&clock));
    let mut phone = waiting(&hub);
    clock.advance(DEADLINE);
    // Its driver is a little late, and a device that comes in between finds a load that is over.
    let tab = waiting(&hub);
    assert_eq!(database.asked(), 2);
    at(&clock, &mut phone);
    assert_first(&mut phone, &[], "failed");
    drop(tab);
    assert_eq!(phone.next_deadline(), None);
}

#[test]
fn a_panic_wherever_in_the_hosts_code_is_a_failure() {
    type Source = Box<dyn Fn(UserId) -> Pin<Box<dyn Future<Output = Option<LoadedState>> + Send>> + Send + Sync>;
    let sources: [Source; 3] = [
        Box::new(|_| panic!("the closure has a fault")),
        Box::new(|_| Box::pin(async { panic!("the load has a fault") })),
        Box::new(|_| {
            Box::pin(async { Some(LoadedState::new().event(Fill(Does(|| panic!("the payload has a fault"))))) })
        }),
    ];
    for source in sources {
        let clock = clock();
        let calls = Arc::<AtomicUsize>::default();
        let counts = Arc::clone(&calls);
        let load = move |user| {
            counts.fetch_add(1, Ordering::SeqCst);
            source(user)
        };
        let hub = hub_on(&clock).state_source(load).build().unwrap();
        let mut phone = hub.connect("alice").unwrap();
        assert_first(&mut phone, &[], "failed");
        hub.broadcast("alice", &Total(1));
        assert_eq!(sees(&mut phone), ["TOTAL 1"]);
        assert_eq!(calls.load(Ordering::SeqCst), 1);
    }
}

#[test]
fn more_state_than_the_limits_hold_shows_what_fits_and_says_so() {
    let database = Database::default();
    let hub = database.hub(UserHub::builder().state_keys(2));
    let mut phone = waiting(&hub);
    database.answers((0..3).map(|number| price(["BTC", "ETH", "SOL"][number], number)).collect());
    assert_first(&mut phone, &["PRICE/BTC 0", "PRICE/ETH 1"], "failed");
    assert_first(&mut hub.connect("alice").unwrap(), &["PRICE/BTC 0", "PRICE/ETH 1"], "failed");
    assert_eq!(database.asked(), 1, "asking again would not make room");
}

#[test]
fn an_event_that_cannot_be_encoded_is_left_out_and_said() {
    let database = Database::default();
    let hub = database.hub(UserHub::builder());
    let mut phone = waiting(&hub);
    database.answers(LoadedState::new().event(Total(1)).event(price("BTC", f64::NAN)).event(price("ETH", 1)));
    assert_first(&mut phone, &["TOTAL 1", "PRICE/ETH 1"], "failed");
    assert_eq!(hub.stats().rejected, 1);
}

// What comes meanwhile.

#[test]
fn a_live_state_wins_over_the_loaded_one_unless_its_version_is_older() {
    for (live, loaded, winner) in [
        (None, None, "live"),
        (None, Some(9), "live"),
        (Some(1), None, "live"),
        (Some(1), Some(2), "loaded"),
        (Some(2), Some(1), "live"),
        (Some(2), Some(2), "live"),
    ] {
        let database = Database::default();
        let hub = database.hub(UserHub::builder());
        let mut phone = waiting(&hub);
        assert_eq!(hub.broadcast("alice", &level(live, "live")), Outcome::Queued { connections: 1 });
        assert_eq!(sees(&mut phone), NOTHING, "it waits all the same");
        database.answers(LoadedState::new().event(level(loaded, "loaded")));
        assert_first(&mut phone, &[&format!("LEVEL {winner:?}")], "loaded");
    }
}

#[test]
fn state_from_before_the_load_stays_only_if_its_version_is_newer() {
    for (kept, loaded, winner) in [
        (None, None, "loaded"),
        (None, Some(1), "loaded"),
        (Some(1), None, "loaded"),
        (Some(1), Some(2), "loaded"),
        (Some(2), Some(1), "kept"),
    ] {
        let database = Database::default();
        let hub = database.hub(UserHub::builder());
        assert_eq!(hub.broadcast("alice", &level(kept, "kept")), Outcome::Kept);
        let mut phone = waiting(&hub);
        database.answers(LoadedState::new().event(level(loaded, "loaded")));
        assert_first(&mut phone, &[&format!("LEVEL {winner:?}")], "loaded");
    }
}

#[test]
fn what_the_load_does_not_speak_of_stays() {
    let database = Database::default();
    let hub = database.hub(UserHub::builder());
    hub.broadcast("alice", &Total(1));
    let mut phone = waiting(&hub);
    database.answers(LoadedState::new().event(price("BTC", 1)));
    assert_first(&mut phone, &["TOTAL 1", "PRICE/BTC 1"], "loaded");
}

#[test]
fn what_is_removed_meanwhile_stays_removed_whatever_its_version() {
    for is_there_before in [false, true] {
        let database = Database::default();
        let hub = database.hub(UserHub::builder());
        if is_there_before {
            hub.broadcast("alice", &order("7", 1, "open"));
        }
        let mut phone = waiting(&hub);
        assert_eq!(hub.clear_key::<support::Order>("alice", "7"), Outcome::Queued { connections: 1 });
        database.answers(LoadedState::new().event(order("7", 1_000, "open")).event(order("8", 1, "open")));
        assert_first(&mut phone, &[r#"ORDER/8 "open""#], "loaded");
        assert_first(&mut hub.connect("alice").unwrap(), &[r#"ORDER/8 "open""#], "loaded");
        // It is no ban: what is broadcast later is there.
        hub.broadcast("alice", &order("7", 1_001, "reopened"));
        assert_eq!(sees(&mut phone), [r#"ORDER/7 "reopened""#]);
    }
}

#[test]
fn the_load_cannot_bring_an_old_value_back_where_a_new_one_was_refused() {
    let database = Database::default();
    let hub = database.hub(UserHub::builder());
    let mut phone = waiting(&hub);
    assert!(matches!(hub.broadcast("alice", &price("BTC", f64::NAN)), Outcome::Rejected(_)));
    database.answers(LoadedState::new().event(price("BTC", 1.0)).event(price("ETH", 1.0)));
    assert_first(&mut phone, &["PRICE/ETH 1.0"], "loaded");
}

#[test]
fn what_ended_meanwhile_is_not_brought_back() {
    for loaded in [None, Some(1), Some(9)] {
        let database = Database::default();
        let hub = database.hub(UserHub::builder());
        let mut phone = waiting(&hub);
        hub.broadcast("alice", &Level { is_final: true, ..level(Some(5), "closed") });
        database.answers(LoadedState::new().event(level(loaded, "open")));
        assert_first(&mut phone, &[], "loaded");
    }
}

#[test]
fn what_expired_meanwhile_is_not_brought_back() {
    let (clock, database) = (clock(), Database::default());
    let hub = database.hub(hub_on(&clock));
    let soon = Timestamp::from_milliseconds(clock.wall().as_milliseconds() + 1_000);
    let signal = |value| Level { expires: Some(soon), ..level(None, value) };
    let mut phone = waiting(&hub);
    hub.broadcast("alice", &signal("live"));
    clock.advance(SECOND);
    database.answers(LoadedState::new().event(signal("loaded")).event(Total(1)));
    assert_first(&mut phone, &["TOTAL 1"], "loaded");
}

#[test]
fn a_removal_that_finds_no_room_makes_it_load_again() {
    let database = Database::default();
    let hub = database.hub(UserHub::builder().state_keys(1));
    hub.broadcast("alice", &Total(1));
    let (mut phone, mut tab) = (waiting(&hub), waiting(&hub));
    hub.clear_key::<Price<i32>>("alice", "BTC");
    database.answers(LoadedState::new().event(price("BTC", 1)));
    assert_eq!((sees(&mut phone), sees(&mut tab)), (vec![], vec![]));
    assert_eq!(database.asked(), 2);
    database.answers(LoadedState::new());
    assert_first(&mut phone, &["TOTAL 1"], "loaded");
    assert_first(&mut tab, &["TOTAL 1"], "loaded");
    assert_eq!(database.asked(), 2);
}

#[test]
fn a_removal_that_is_forgotten_makes_it_load_again_until_the_deadline() {
    let (clock, database) = (clock(), Database::default());
    let hub = database.hub(hub_on(&clock).state_keys(2));
    let mut phone = waiting(&hub);
    let deadline = phone.next_deadline();
    for asked in 1..=3 {
        assert_eq!((database.asked(), phone.next_deadline()), (asked, deadline), "the deadline does not move");
        hub.clear_key::<Price<i32>>("alice", "BTC");
        // The removal gives way to live State.
        hub.broadcast("alice", &price("ETH", 1));
        hub.broadcast("alice", &Total(1));
        database.answers(LoadedState::new().event(price("BTC", 1)));
        assert_eq!(sees(&mut phone), NOTHING);
        clock.advance(SECOND);
        hub.clear::<Total>("alice");
    }
    hub.broadcast("alice", &Total(2));
    hub.clear_key::<Price<i32>>("alice", "BTC");
    clock.advance(DEADLINE - SECOND * 3);
    database.answers(LoadedState::new().event(price("BTC", 1)));
    assert_first(&mut phone, &["PRICE/ETH 1", "TOTAL 2"], "failed");
    assert_eq!(database.asked(), 4);
    clock.advance(SECOND);
    let _next = waiting(&hub);
    assert_eq!(database.asked(), 5, "it counts as one failure");
}

#[test]
fn public_state_is_not_touched_by_the_load() {
    let database = Database::default();
    let hub = database.hub(UserHub::builder());
    hub.broadcast_to_all(&Notice("before"));
    let mut phone = waiting(&hub);
    hub.broadcast_to_all(&Notice("meanwhile"));
    hub.broadcast_to_all(&Alarm(1));
    database.answers(LoadedState::new().event(Total(1)));
    let (mut seen, said) = first_batch(&mut phone);
    seen.sort();
    assert_eq!((&*seen.join(", "), &*said), (r#"ALARM 1, NOTICE "meanwhile", TOTAL 1"#, "loaded"));
}

#[test]
fn what_is_loaded_may_be_collected_from_several_places_and_is_counted() {
    let database = Database::default();
    let hub = database.hub(UserHub::builder());
    let mut phone = waiting(&hub);
    let mut loaded: LoadedState = [order("1", 1, "new"), order("2", 1, "filled")].into_iter().collect();
    loaded.extend([Total(1)]);
    assert_eq!((loaded.len(), loaded.is_empty()), (3, false));
    assert_eq!((LoadedState::new().len(), LoadedState::new().is_empty()), (0, true));
    database.answers(loaded);
    assert_first(&mut phone, &[r#"ORDER/1 "new""#, r#"ORDER/2 "filled""#, "TOTAL 1"], "loaded");
}

#[test]
fn a_state_whose_key_is_too_long_is_refused_during_a_load_without_a_trace() {
    let database = Database::default();
    let hub = database.hub(UserHub::builder().key_bytes(4));
    let _phone = waiting(&hub);
    let before = hub.stats().bytes;
    hub.broadcast("alice", &price("EURUSD", 1));
    assert_eq!(hub.stats().bytes, before);
    hub.broadcast("alice", &Total(1));
    let before = hub.stats().bytes;
    // In a group that is refused because of another, just as well.
    hub.group("alice").event(&price("EUR", f64::NAN)).broadcast();
    let one = hub.stats().bytes - before;
    hub.group("alice").event(&price("USD", f64::NAN)).event(&price("EURUSD", 1.0)).broadcast();
    assert_eq!(hub.stats().bytes, before + 2 * one);
}

#[test]
fn log_and_what_has_expired_are_left_out_of_what_was_loaded() {
    let (clock, database) = (clock(), Database::default());
    let hub = database.hub(hub_on(&clock));
    let mut phone = waiting(&hub);
    let expired = Level { expires: Some(clock.wall()), ..level(None, "over") };
    let ended = DynamicEvent::log("ENDED", serde_json::json!(1)).unwrap();
    database.answers(LoadedState::new().event(Fill(1)).event(ended).event(expired).event(Total(1)));
    assert_first(&mut phone, &["TOTAL 1"], "loaded");
    let log = user_hub::ConnectOptions::new().start(user_hub::Start::SnapshotAndLog(10));
    assert_eq!(sees(&mut hub.connect_with("alice", log).unwrap()), ["CONNECTED", "TOTAL 1", "SYNCED"]);
}

#[test]
fn what_is_loaded_and_expires_later_does() {
    let (clock, database) = (clock(), Database::default());
    let hub = database.hub(hub_on(&clock));
    let mut phone = waiting(&hub);
    let soon = Timestamp::from_milliseconds(clock.wall().as_milliseconds() + 1_000);
    database.answers(LoadedState::new().event(Level { expires: Some(soon), ..level(None, "signal") }));
    assert_first(&mut phone, &[r#"LEVEL "signal""#], "loaded");
    clock.advance(SECOND);
    assert_eq!(phone.next_deadline(), Some(clock.now()));
    at(&clock, &mut phone);
    assert_eq!(sees(&mut phone), ["LEVEL removed: expired"]);
}

#[test]
fn a_user_whose_state_is_kept_is_not_loaded_again_and_a_forgotten_one_is() {
    let (clock, database) = (clock(), Database::default());
    let retention = Duration::from_secs(15 * 60);
    let hub = database.hub(hub_on(&clock).absent_users(1));
    let mut phone = waiting(&hub);
    database.answers(LoadedState::new().event(Total(1)));
    assert_first(&mut phone, &["TOTAL 1"], "loaded");
    drop(phone);
    clock.advance(retention);
    hub.broadcast("alice", &Total(2));
    assert_first(&mut hub.connect("alice").unwrap(), &["TOTAL 2"], "loaded");
    assert_eq!(database.asked(), 1);

    clock.advance(retention);
    hub.broadcast("bob", &Total(1));
    // A use of somebody else's, in which the hub tidies up.
    hub.broadcast("bob", &Fill(1));
    let mut back = waiting(&hub);
    assert_eq!(database.asked(), 2, "its mailbox was forgotten");
    database.answers(LoadedState::new().event(Total(3)));
    assert_first(&mut back, &["TOTAL 3"], "loaded");
}

// The host's code uses the hub.

#[test]
fn a_load_that_broadcasts_to_its_user_does_not_wait_for_itself_and_what_it_sends_wins() {
    within_half_a_minute(|| {
        let handle = Arc::new(HubHandle::unbound());
        let events = Arc::clone(&handle);
        let load = move |user: UserId| {
            let events = Arc::clone(&events);
            async move {
                events.broadcast(user.as_str(), &Total(9));
                events.broadcast("bob", &Total(8));
                Some(LoadedState::new().event(Total(1)).event(price("BTC", 1)))
            }
        };
        let hub = UserHub::builder().state_source(load).build().unwrap();
        handle.bind(&hub).unwrap();
        let mut phone = hub.connect("alice").unwrap();
        assert_first(&mut phone, &["TOTAL 9", "PRICE/BTC 1"], "loaded");
    });
}

#[test]
fn a_load_that_connects_its_user_does_not_wait_for_itself() {
    within_half_a_minute(|| {
        let known = Arc::new(OnceLock::<UserHub>::new());
        let others = Arc::new(Mutex::new(Vec::new()));
        let (hub_of, keeps) = (Arc::clone(&known), Arc::clone(&others));
        let load = move |user: UserId| {
            let (hub_of, keeps) = (Arc::clone(&hub_of), Arc::clone(&keeps));
            async move {
                let mut other = hub_of.get().unwrap().connect(user.as_str()).unwrap();
                assert_eq!(sees(&mut other), NOTHING);
                keeps.lock().unwrap().push(other);
                Some(LoadedState::new().event(Total(1)))
            }
        };
        let hub = UserHub::builder().state_source(load).build().unwrap();
        assert!(known.set(hub.clone()).is_ok());
        assert_first(&mut hub.connect("alice").unwrap(), &["TOTAL 1"], "loaded");
        let mut other = others.lock().unwrap().pop().unwrap();
        assert_first(&mut other, &["TOTAL 1"], "loaded");
    });
}

#[test]
fn a_loaded_value_whose_encoding_reads_another_device_does_not_wait_for_itself() {
    within_half_a_minute(|| {
        let known = Arc::new(OnceLock::<UserHub>::new());
        let hub_of = Arc::clone(&known);
        let load = move |user: UserId| {
            let hub_of = Arc::clone(&hub_of);
            async move {
                let reads = Does(move || {
                    let hub = hub_of.get().unwrap();
                    assert_eq!(sees(&mut hub.connect(user.as_str()).unwrap()), NOTHING);
                    hub.broadcast(user.as_str(), &Total(2));
                });
                Some(LoadedState::new().event(Notice(reads)).event(Total(1)))
            }
        };
        let hub = UserHub::builder().state_source(load).build().unwrap();
        assert!(known.set(hub.clone()).is_ok());
        assert_first(&mut hub.connect("alice").unwrap(), &["TOTAL 2", r#"NOTICE "done""#], "loaded");
    });
}

/// The machine's clock; whoever looks at it is held up as the test says, each time in another way.
#[derive(Clone, Default)]
struct HoldsUp(Arc<Mutex<VecDeque<HoldUp>>>);

type HoldUp = Box<dyn FnOnce() + Send>;

impl Clock for HoldsUp {
    fn now(&self) -> Instant {
        let holds_up = self.0.lock().unwrap().pop_front();
        if let Some(holds_up) = holds_up {
            holds_up();
        }
        Instant::now()
    }

    fn wall(&self) -> Timestamp {
        Timestamp::now()
    }
}

#[test]
fn a_device_that_looks_just_when_another_begins_the_load_again_and_leaves_goes_on_with_that_load() {
    within_half_a_minute(|| {
        let (clock, database) = (HoldsUp::default(), Database::default());
        let hub = database.hub(UserHub::builder().clock(clock.clone()).state_keys(1));
        hub.broadcast("alice", &Total(1));
        let (phone, mut tab) = (waiting(&hub), waiting(&hub));
        let mut phone = task::spawn(phone);
        // There is no room for the removal, so it has to be loaded again.
        hub.clear_key::<Price<i32>>("alice", "BTC");
        let (has_taken, goes_on) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
        let value = Does({
            let (has_taken, goes_on) = (Arc::clone(&has_taken), Arc::clone(&goes_on));
            move || {
                has_taken.wait();
                goes_on.wait();
            }
        });
        database.answers(LoadedState::new().event(Notice(value)));
        let other = thread::spawn(move || assert_eq!(sees(&mut tab), NOTHING));
        has_taken.wait();
        // The phone finds what was loaded taken by the tab; then, before it waits, the tab begins anew and is gone.
        let until_it_is_gone = move || {
            goes_on.wait();
            other.join().unwrap();
        };
        *clock.0.lock().unwrap() = VecDeque::from([Box::new(|| {}) as HoldUp, Box::new(until_it_is_gone)]);
        assert_pending!(phone.poll_next());
        assert_eq!((database.asked(), hub.connections("alice").len()), (2, 1));
        database.answers(LoadedState::new());
        assert!(phone.is_woken(), "nobody else drives the load");
        assert_eq!(sees(&mut phone), ["CONNECTED", "TOTAL 1", "SYNCED"]);
    });
}

/// A load that uses the hub when it is dropped, and never answers.
struct UsesHubWhenDropped {
    hub: UserHub,
    dropped: Arc<AtomicUsize>,
}

impl Future for UsesHubWhenDropped {
    type Output = Option<LoadedState>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Pending
    }
}

impl Drop for UsesHubWhenDropped {
    fn drop(&mut self) {
        assert!(self.hub.connections("alice").len() < 9);
        self.hub.broadcast("alice", &Total(1));
        self.hub.broadcast("bob", &Total(1));
        self.hub.broadcast_to_all(&Notice(1));
        self.dropped.fetch_add(1, Ordering::SeqCst);
    }
}

fn hub_whose_load_uses_it(builder: UserHubBuilder) -> (UserHub, Arc<AtomicUsize>) {
    let (known, dropped) = (Arc::new(OnceLock::<UserHub>::new()), Arc::<AtomicUsize>::default());
    let (hub_of, counts) = (Arc::clone(&known), Arc::clone(&dropped));
    let load = move |_| UsesHubWhenDropped { hub: hub_of.get().unwrap().clone(), dropped: Arc::clone(&counts) };
    let hub = builder.state_source(load).build().unwrap();
    assert!(known.set(hub.clone()).is_ok());
    (hub, dropped)
}

#[test]
fn a_load_that_is_given_up_may_use_the_hub_when_it_is_dropped() {
    within_half_a_minute(|| {
        let clock = clock();
        let (hub, dropped) = hub_whose_load_uses_it(hub_on(&clock));
        let (mut phone, mut tab) = (waiting(&hub), waiting(&hub));
        clock.advance(DEADLINE);
        at(&clock, &mut phone);
        at(&clock, &mut tab);
        assert_eq!(dropped.load(Ordering::SeqCst), 1);
        assert_eq!(first_batch(&mut phone).1, "failed");
        assert_eq!(first_batch(&mut tab).1, "failed");
    });
}

#[test]
fn a_load_that_is_begun_anew_may_use_the_hub_when_the_old_one_is_dropped() {
    within_half_a_minute(|| {
        let clock = clock();
        let (hub, dropped) = hub_whose_load_uses_it(hub_on(&clock));
        drop(waiting(&hub));
        assert_eq!(dropped.load(Ordering::SeqCst), 0);
        clock.advance(DEADLINE);
        let _back = waiting(&hub);
        assert_eq!(dropped.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn a_load_of_a_forgotten_user_may_use_the_hub_when_it_is_dropped() {
    within_half_a_minute(|| {
        let clock = clock();
        let (hub, dropped) = hub_whose_load_uses_it(hub_on(&clock).absent_users(0));
        drop(waiting(&hub));
        clock.advance(Duration::from_secs(15 * 60));
        hub.broadcast("bob", &Fill(1));
        assert_eq!(dropped.load(Ordering::SeqCst), 1);
        assert_eq!(hub.stats().mailboxes, 0);
    });
}
