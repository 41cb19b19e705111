//! What happens by itself when time passes. The clock stands still unless a test moves it.
#![cfg(feature = "trading")]
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use serde::{Serialize, Serializer};
use support::{
    Fill, Total, clock, cursor_after, data_of, device, frames, hub_on, json, price, sees, shown, snapshot,
    within_half_a_minute,
};
use user_hub::prelude::*;
use user_hub::testing::{Device, ManualClock};
use user_hub::trading::{Direction, Mode, SignalPrices, SignalStatus, SignalUpdate};
use user_hub::{Clock, ConnectOptions, Connection, Cursor, Frame, FrameKind, Start, Timestamp};

const NOTHING: [&str; 0] = [];
const MINUTE: Duration = Duration::from_secs(60);
/// Both defaults: how long a Log record is kept, and the Log of a user who left.
const RETENTION: Duration = Duration::from_secs(15 * 60);
const INSTANT: Duration = Duration::from_nanos(1);

/// A payload that counts how often it is encoded.
struct Counts<'c>(&'c AtomicUsize);

impl Serialize for Counts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.fetch_add(1, Ordering::SeqCst);
        serializer.serialize_str("encoded")
    }
}

fn resume(hub: &UserHub, user: &str, cursor: Cursor) -> Connection {
    hub.connect_with(user, ConnectOptions::new().start(Start::After(cursor))).unwrap()
}

#[track_caller]
fn assert_unknown(frames: &[Frame]) {
    assert_eq!(json(&frames[0])["recovered"], false);
    assert_eq!((frames[1].kind(), json(&frames[1])["reason"].as_str()), (FrameKind::Gap, Some("unknown")));
}

// Coming back.

#[test]
fn a_device_that_comes_back_gets_everything_after_its_cursor_once() {
    let clock = clock();
    let hub = hub_on(&clock).build().unwrap();
    let mut phone = device(&hub, "alice");
    hub.group("alice").event(&Fill(1)).event(&price("BTC", 1)).broadcast();
    hub.broadcast("alice", &price("ETH", 1));
    let cursor = cursor_after(&frames(&mut phone)).unwrap();
    drop(phone);

    clock.advance(MINUTE * 14);
    hub.broadcast("alice", &Fill(2));
    hub.broadcast("alice", &price("BTC", 2));
    hub.broadcast("alice", &price("BTC", 3));
    hub.broadcast("alice", &Fill(3));

    for _ in 0..2 {
        let mut back = resume(&hub, "alice", cursor);
        let got = frames(&mut back);
        let connected = json(&got[0]);
        assert_eq!(connected["recovered"], true);
        assert_eq!(connected["after"], cursor.to_string());
        assert_eq!(
            got.iter().map(shown).collect::<Vec<_>>(),
            ["CONNECTED", "FILL 2", "PRICE/BTC 3", "FILL 3", "SYNCED"]
        );
        // Nothing is between what it has and what it gets: every Log record names the one before it.
        let log: Vec<_> = got.iter().filter(|frame| frame.kind() == FrameKind::Log).map(json).collect();
        assert_eq!(connected["lastLog"], log[0]["prevLog"]);
        assert_eq!(log[0]["seq"], log[1]["prevLog"]);
    }
}

#[test]
fn a_device_may_be_cut_after_any_frame_and_misses_nothing() {
    let hub = UserHub::new();
    let (mut phone, mut connection) = (Device::new(), hub.connect("alice").unwrap());
    phone.read(&mut connection);
    let send = |number: i64| {
        hub.group("alice").event(&Fill(number)).event(&Total(number)).event(&Fill(number + 1)).broadcast();
        hub.broadcast("alice", &Fill(number + 2));
    };
    for round in 0..20 {
        send(round * 3);
        // It processes only so many frames, then the line is cut.
        let count = round as usize % 5 + 1;
        frames(&mut connection).iter().take(count).for_each(|frame| drop(phone.receive(frame.text())));
        connection = hub.connect_with("alice", ConnectOptions::new().start(phone.begin())).unwrap();
    }
    phone.read(&mut connection);
    assert_eq!(phone.log(), Ok((0..60).map(Fill).collect()));
    assert_eq!((phone.state(), phone.gaps()), (Ok(Some(Total(57))), &[][..]));
}

#[test]
fn after_the_retention_the_cursor_is_unknown_and_the_state_is_still_there() {
    let clock = clock();
    let hub = hub_on(&clock).build().unwrap();
    let mut phone = device(&hub, "alice");
    hub.broadcast("alice", &Fill(1));
    hub.broadcast("alice", &Total(2));
    let cursor = cursor_after(&frames(&mut phone)).unwrap();
    drop(phone);

    clock.advance(RETENTION - INSTANT);
    let mut just_in_time = resume(&hub, "alice", cursor);
    assert_eq!(sees(&mut just_in_time), ["CONNECTED", "SYNCED"]);
    drop(just_in_time);

    // The retention begins anew with each leaving.
    clock.advance(RETENTION - INSTANT);
    assert_eq!(sees(&mut resume(&hub, "alice", cursor)), ["CONNECTED", "SYNCED"]);

    clock.advance(RETENTION);
    let mut too_late = resume(&hub, "alice", cursor);
    let got = frames(&mut too_late);
    assert_unknown(&got);
    assert_eq!(got.iter().map(shown).collect::<Vec<_>>(), ["CONNECTED", "GAP", "TOTAL 2", "SYNCED"]);
    assert_ne!(cursor_after(&got).unwrap().to_string()[..16], cursor.to_string()[..16], "it is another epoch");
}

#[test]
fn each_user_has_the_whole_retention_whoever_else_left_before() {
    let clock = clock();
    let hub = hub_on(&clock).build().unwrap();
    let leave = |user: &str| cursor_after(&frames(&mut hub.connect(user).unwrap())).unwrap();
    let alices = leave("alice");
    clock.advance(MINUTE);
    let bobs = leave("bob");
    clock.advance(RETENTION - MINUTE);
    // Alice's time is over, and the hub tidies up; Bob has a minute left.
    (0..4).for_each(|_| drop(hub.broadcast("nobody", &Fill(1))));
    assert_eq!(json(&frames(&mut resume(&hub, "bob", bobs))[0])["recovered"], true);
    assert_unknown(&frames(&mut resume(&hub, "alice", alices)));
}

#[test]
fn of_a_crowd_that_left_all_are_forgotten_but_those_who_came_back_and_stayed() {
    let clock = clock();
    let hub = hub_on(&clock).build().unwrap();
    let leave = |user: &String| cursor_after(&frames(&mut hub.connect(user).unwrap())).unwrap();
    let users: Vec<String> = (0..300).map(|number| format!("user-{number}")).collect();
    let cursors: Vec<Cursor> = users.iter().map(leave).collect();
    let has_come_back = |number: usize| number % 3 != 0;
    let stay: Vec<_> =
        (0..300).filter(|number| has_come_back(*number)).map(|number| device(&hub, &users[number])).collect();
    // Some look in once more, from the midst of those who are away.
    users.iter().step_by(9).for_each(|user| _ = leave(user));

    clock.advance(RETENTION);
    (0..300).for_each(|_| drop(hub.broadcast("nobody", &Fill(1))));
    for (number, (user, cursor)) in users.iter().zip(cursors).enumerate() {
        let got = frames(&mut resume(&hub, user, cursor));
        if has_come_back(number) {
            assert_eq!(json(&got[0])["recovered"], true, "{user}");
        } else {
            assert_unknown(&got);
        }
    }
    drop(stay);
}

#[test]
fn while_one_device_stays_the_log_stays_too_but_no_record_longer_than_its_age() {
    let clock = clock();
    let hub = hub_on(&clock).log_age(MINUTE * 5).build().unwrap();
    let stays = device(&hub, "alice");
    let cursor = cursor_after(&frames(&mut hub.connect("alice").unwrap())).unwrap();
    hub.broadcast("alice", &Fill(1));
    clock.advance(MINUTE);
    hub.broadcast("alice", &Fill(2));

    clock.advance(MINUTE * 4 - INSTANT);
    assert_eq!(sees(&mut resume(&hub, "alice", cursor)), ["CONNECTED", "FILL 1", "FILL 2", "SYNCED"]);
    clock.advance(INSTANT);
    let got = frames(&mut resume(&hub, "alice", cursor));
    assert_eq!(got.iter().map(shown).collect::<Vec<_>>(), ["CONNECTED", "GAP", "FILL 2", "SYNCED"]);
    assert_eq!((json(&got[1])["from"].as_u64(), json(&got[1])["to"].as_u64()), (Some(1), Some(1)));
    clock.advance(MINUTE * 60);
    let got = frames(&mut resume(&hub, "alice", cursor));
    assert_eq!(json(&got[0])["recovered"], true, "the mailbox is the same, however long ago");
    assert_eq!(got.iter().map(shown).collect::<Vec<_>>(), ["CONNECTED", "GAP", "SYNCED"]);
    drop(stays);
}

#[test]
fn a_device_that_waits_gets_what_comes_however_late_its_task_is_polled() {
    let clock = clock();
    let hub = hub_on(&clock).log_age(MINUTE * 5).build().unwrap();
    let mut waits = device(&hub, "alice");
    assert_eq!(sees(&mut waits), [""; 0]);
    hub.broadcast("alice", &Fill(1));
    clock.advance(MINUTE * 60);
    assert_eq!(sees(&mut waits), ["FILL 1"]);
}

#[test]
fn a_device_that_reads_slowly_is_told_of_what_has_grown_too_old() {
    let clock = clock();
    let hub = hub_on(&clock).log_age(MINUTE * 5).build().unwrap();
    let mut slow = device(&hub, "alice");
    hub.broadcast("alice", &Fill(1));
    assert_eq!(slow.next().now_or_never().flatten().map(|frame| frame.name().to_owned()).as_deref(), Some("FILL"));
    hub.broadcast("alice", &Fill(2));
    clock.advance(MINUTE * 60);
    assert_eq!(sees(&mut slow), ["GAP"]);
}

#[test]
fn the_cursor_of_another_user_or_from_nowhere_is_unknown() {
    let hub = UserHub::new();
    let (mut alices, _bobs) = (device(&hub, "alice"), device(&hub, "bob"));
    hub.broadcast("alice", &Fill("alice only"));
    hub.broadcast("bob", &Fill("bob"));
    let alices_cursor = cursor_after(&frames(&mut alices)).unwrap();
    let above: Cursor = format!("{}-999", &alices_cursor.to_string()[..16]).parse().unwrap();
    for (user, start) in [
        ("bob", Start::After(alices_cursor)),
        ("alice", Start::After(above)),
        ("bob", Start::resume("0000000000000000-1")),
        ("bob", Start::resume("garbage")),
    ] {
        let got = frames(&mut hub.connect_with(user, ConnectOptions::new().start(start)).unwrap());
        assert_unknown(&got);
        let expected = if user == "bob" { "bob" } else { "alice only" };
        assert_eq!(data_of(&got, "FILL"), [expected], "then comes everything that is retained, of this user");
    }
}

// Users without a connection.

#[test]
fn log_for_a_user_who_is_absent_is_never_encoded() {
    let clock = clock();
    let hub = hub_on(&clock).build().unwrap();
    let encoded = AtomicUsize::new(0);
    assert_eq!(hub.broadcast("alice", &Fill(Counts(&encoded))), Outcome::NoAudience, "never seen");
    hub.broadcast("alice", &Total(1));
    assert_eq!(hub.broadcast("alice", &Fill(Counts(&encoded))), Outcome::NoAudience, "known by State alone");
    drop(device(&hub, "alice"));
    clock.advance(RETENTION);
    hub.broadcast("bob", &Total(1));
    assert_eq!(hub.broadcast("alice", &Fill(Counts(&encoded))), Outcome::NoAudience, "gone longer than the retention");
    assert_eq!(encoded.load(Ordering::SeqCst), 0);

    drop(device(&hub, "alice"));
    assert_eq!(hub.broadcast("alice", &Fill(Counts(&encoded))), Outcome::Kept, "just left");
    assert_eq!(encoded.load(Ordering::SeqCst), 1);
}

#[test]
fn state_for_an_absent_user_waits_and_log_in_the_same_group_does_not() {
    let hub = UserHub::new();
    assert_eq!(hub.group("alice").event(&Fill(1)).event(&Total(2)).broadcast(), Outcome::Kept);
    let mut phone = hub.connect_with("alice", ConnectOptions::new().start(Start::SnapshotAndLog(100))).unwrap();
    assert_eq!(sees(&mut phone), ["CONNECTED", "TOTAL 2", "SYNCED"]);
}

/// Who of these is remembered: who sees a State that was sent before. Asking is itself a use, so ask last.
fn remembered(hub: &UserHub, users: &[String]) -> Vec<bool> {
    // Connected users are in no danger, so asking one does not forget another.
    let mut devices: Vec<_> = users.iter().map(|user| hub.connect(user).unwrap()).collect();
    devices.iter_mut().map(|device| sees(device).len() == 3).collect()
}

fn users(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("user-{number}")).collect()
}

#[test]
fn as_many_absent_users_as_configured_are_remembered() {
    let clock = clock();
    let hub = hub_on(&clock).absent_users(4).build().unwrap();
    let users = users(4);
    for user in &users {
        assert_eq!(hub.broadcast(user, &Total(1)), Outcome::Kept);
        clock.advance(MINUTE);
    }
    clock.advance(MINUTE * 1_000);
    assert_eq!(hub.broadcast("nobody", &Fill(1)), Outcome::NoAudience, "a use of nobody's, in which the hub tidies up");
    assert_eq!(hub.stats().mailboxes, 4);
    assert_eq!(remembered(&hub, &users), [true; 4]);
}

#[test]
fn with_one_absent_user_more_the_least_recently_used_is_forgotten() {
    let clock = clock();
    let hub = hub_on(&clock).absent_users(4).build().unwrap();
    let users = users(5);
    for user in &users {
        hub.broadcast(user, &Total(1));
        clock.advance(MINUTE);
    }
    hub.broadcast("nobody", &Fill(1));
    assert_eq!(hub.stats().mailboxes, 4);
    assert_eq!(remembered(&hub, &users), [false, true, true, true, true]);
}

#[test]
fn who_was_broadcast_to_again_is_not_the_least_recently_used() {
    let clock = clock();
    let hub = hub_on(&clock).absent_users(4).build().unwrap();
    let users = users(6);
    let send = |at: usize| {
        hub.broadcast(&users[at], &Total(1));
        clock.advance(MINUTE);
    };
    (0..4).for_each(send);
    [0, 2].into_iter().for_each(send);
    [4, 5].into_iter().for_each(send);
    (0..4).for_each(|_| drop(hub.broadcast("nobody", &Fill(1))));
    assert_eq!(hub.stats().mailboxes, 4);
    assert_eq!(remembered(&hub, &users), [true, false, true, false, true, true]);
}

#[test]
fn who_was_connected_last_is_remembered_longest_and_a_connected_user_always() {
    let clock = clock();
    let hub = hub_on(&clock).absent_users(2).build().unwrap();
    let users = users(5);
    users.iter().take(2).for_each(|user| drop(hub.broadcast(user, &Total(1))));
    let stays = device(&hub, &users[0]);
    clock.advance(MINUTE);
    drop(device(&hub, &users[1]));
    clock.advance(RETENTION);
    for user in &users[2..] {
        hub.broadcast(user, &Total(1));
        clock.advance(MINUTE);
    }
    (0..4).for_each(|_| drop(hub.broadcast("nobody", &Fill(1))));
    assert_eq!(hub.stats().mailboxes, 3, "two absent users, and the one who is connected");
    assert_eq!(remembered(&hub, &users), [true, false, false, true, true]);
    drop(stays);
}

#[test]
fn a_user_who_comes_and_goes_many_times_is_one_absent_user() {
    let clock = clock();
    let hub = hub_on(&clock).absent_users(2).build().unwrap();
    hub.broadcast("alice", &Total(1));
    // All in the same moment, too.
    (0..10).for_each(|_| drop(device(&hub, "alice")));
    clock.advance(MINUTE);
    (0..10).for_each(|_| drop(device(&hub, "alice")));
    hub.broadcast("bob", &Total(1));
    clock.advance(RETENTION);
    (0..40).for_each(|_| drop(hub.broadcast("nobody", &Fill(1))));
    assert_eq!(hub.stats().mailboxes, 2);
    assert_eq!(remembered(&hub, &["alice".into(), "bob".into()]), [true, true]);
}

#[test]
fn a_hub_that_remembers_no_absent_users_keeps_nothing_for_them() {
    let clock = clock();
    let hub = hub_on(&clock).absent_users(0).build().unwrap();
    let encoded = AtomicUsize::new(0);
    assert_eq!(hub.broadcast("alice", &price("BTC", Counts(&encoded))), Outcome::NoAudience);
    assert_eq!((encoded.load(Ordering::SeqCst), hub.stats().mailboxes), (0, 0));

    let phone = device(&hub, "alice");
    assert_eq!(hub.broadcast("alice", &Total(1)), Outcome::Queued { connections: 1 });
    drop(phone);
    assert_eq!(hub.broadcast("alice", &Total(2)), Outcome::Kept, "the retention is as long as ever");
    assert_eq!(snapshot(&hub, "alice"), ["TOTAL 2"]);
    clock.advance(RETENTION);
    hub.broadcast("nobody", &Fill(1));
    assert_eq!(hub.stats().mailboxes, 0);
    assert_eq!(hub.broadcast("alice", &Total(3)), Outcome::NoAudience);
    assert_eq!(snapshot(&hub, "alice"), NOTHING);
}

/// The retention of a hundred users is over. One thread makes the hub tidy them away, two with each call; another does
/// `meanwhile` to the user whose turn it is, or will be next; and each of these finds what `after` looks for.
fn while_mailboxes_are_tidied_away<T: Send>(
    meanwhile: impl Fn(&UserHub, &str) -> T + Sync,
    after: impl Fn(&UserHub, &str, T),
) {
    let users = users(100);
    for _ in 0..200 {
        let clock = clock();
        let hub = hub_on(&clock).build().unwrap();
        users.iter().for_each(|user| drop(hub.connect(user).unwrap()));
        clock.advance(RETENTION);
        let (calls, barrier) = (AtomicUsize::new(0), Barrier::new(2));
        let found: Vec<(&String, T)> = thread::scope(|scope| {
            scope.spawn(|| {
                barrier.wait();
                while calls.fetch_add(1, Ordering::SeqCst) * 2 < users.len() {
                    hub.broadcast("nobody", &Fill(1));
                }
            });
            barrier.wait();
            let next = || users.get(calls.fetch_add(1, Ordering::SeqCst) * 2 + 2);
            std::iter::from_fn(next).map(|user| (user, meanwhile(&hub, user))).collect()
        });
        found.into_iter().for_each(|(user, found)| after(&hub, user, found));
    }
}

#[test]
fn state_that_comes_while_the_mailbox_is_tidied_away_is_kept() {
    within_half_a_minute(|| {
        while_mailboxes_are_tidied_away(
            |hub, user| assert_eq!(hub.broadcast(user, &Total(1)), Outcome::Kept),
            |hub, user, ()| assert_eq!(snapshot(hub, user), ["TOTAL 1"]),
        );
    });
}

#[test]
fn a_device_that_comes_while_the_mailbox_is_tidied_away_gets_what_follows() {
    within_half_a_minute(|| {
        let connect = |hub: &UserHub, user: &str| hub.connect(user).unwrap();
        while_mailboxes_are_tidied_away(connect, |hub, user, mut device| {
            assert_eq!(sees(&mut device), ["CONNECTED", "SYNCED"]);
            assert_eq!(hub.broadcast(user, &Fill(2)), Outcome::Queued { connections: 1 });
            assert_eq!(sees(&mut device), ["FILL 2"]);
        });
    });
}

#[test]
fn fifty_thousand_users_who_came_once_do_not_stay() {
    let clock = clock();
    let hub = hub_on(&clock).build().unwrap();
    let mut most = 0;
    for number in 0..50_000 {
        let mut device = hub.connect(&format!("user-{number}")).unwrap();
        assert_eq!(sees(&mut device), ["CONNECTED", "SYNCED"]);
        clock.advance(Duration::from_secs(1));
        drop(device);
        most = most.max(hub.stats().mailboxes);
    }
    // Those of the last fifteen minutes, one a second.
    assert_eq!(most, 15 * 60);
    clock.advance(RETENTION);
    (0..1_000).for_each(|_| drop(hub.broadcast("nobody", &Fill(1))));
    assert_eq!(hub.stats().mailboxes, 0);
}

#[test]
fn fifty_thousand_absent_users_with_state_are_no_more_than_configured() {
    let clock = clock();
    let hub = hub_on(&clock).absent_users(1_000).build().unwrap();
    for number in 0..50_000 {
        hub.broadcast(&format!("user-{number}"), &Total(number));
        clock.advance(Duration::from_millis(1));
        assert!(hub.stats().mailboxes <= 1_001);
    }
    hub.broadcast("nobody", &Fill(1));
    assert_eq!(hub.stats().mailboxes, 1_000);
    assert_eq!(snapshot(&hub, "user-49000"), ["TOTAL 49000"]);
    assert_eq!(snapshot(&hub, "user-48999"), NOTHING);
}

// What ends by itself.

fn signal(clock: &ManualClock, id: &str, lives: Duration) -> SignalUpdate {
    let now = clock.wall();
    let until = Timestamp::from_milliseconds(now.as_milliseconds() + i64::try_from(lives.as_millis()).unwrap());
    let prices = SignalPrices { entry: 97_000.0, stop_loss: 96_500.0, take_profit: vec![98_200.0] };
    SignalUpdate::new(id, "BTCUSDT", Direction::Long, Mode::Scalp, 0.82, prices, now..until)
}

/// What a driver does: sleeps until the deadline that the connection names, and says so.
#[track_caller]
fn sleep_until_deadline(clock: &ManualClock, device: &mut Connection) -> Duration {
    let deadline = device.next_deadline().expect("there is something to wait for");
    let wait = deadline - clock.now();
    clock.advance(wait);
    device.handle_deadline(clock.now());
    wait
}

#[test]
fn a_signal_whose_time_is_over_is_taken_away_from_a_device_that_only_waits() {
    let clock = clock();
    let hub = hub_on(&clock).build().unwrap();
    let mut phone = device(&hub, "alice");
    hub.broadcast_signal_update("alice", &signal(&clock, "late", MINUTE * 5));
    hub.broadcast_signal_update("alice", &signal(&clock, "soon", MINUTE));
    assert_eq!(frames(&mut phone).len(), 2);

    assert_eq!(sleep_until_deadline(&clock, &mut phone), MINUTE);
    assert_eq!(sees(&mut phone), ["SIGNAL_UPDATE/soon removed: expired"]);
    assert_eq!(sleep_until_deadline(&clock, &mut phone), MINUTE * 4);
    assert_eq!(sees(&mut phone), ["SIGNAL_UPDATE/late removed: expired"]);
    assert_eq!(phone.next_deadline(), None);
    assert_eq!(snapshot(&hub, "alice"), NOTHING);
}

#[test]
fn too_early_a_deadline_does_nothing() {
    let clock = clock();
    let hub = hub_on(&clock).build().unwrap();
    let mut phone = device(&hub, "alice");
    hub.broadcast_signal_update("alice", &signal(&clock, "9", MINUTE));
    assert_eq!(frames(&mut phone).len(), 1);
    clock.advance(MINUTE - INSTANT);
    phone.handle_deadline(clock.now());
    assert_eq!(sees(&mut phone), NOTHING);
    assert_eq!(phone.next_deadline().map(|deadline| deadline - clock.now()), Some(INSTANT));
}

#[test]
fn a_signal_that_was_executed_in_time_does_not_expire() {
    let clock = clock();
    let hub = hub_on(&clock).build().unwrap();
    let mut phone = device(&hub, "alice");
    let mut done = signal(&clock, "9", MINUTE);
    hub.broadcast_signal_update("alice", &done);
    done.status = SignalStatus::Executed;
    hub.broadcast_signal_update("alice", &done);
    assert_eq!(data_of(&frames(&mut phone), "SIGNAL_UPDATE").len(), 1);
    clock.advance(MINUTE);
    phone.handle_deadline(clock.now());
    assert_eq!(sees(&mut phone), NOTHING);
    assert_eq!(snapshot(&hub, "alice"), NOTHING, "what is over greets nobody");
}

#[test]
fn a_signal_that_expired_while_nobody_was_there_greets_nobody() {
    let clock = clock();
    let hub = hub_on(&clock).build().unwrap();
    hub.broadcast_signal_update("alice", &signal(&clock, "9", MINUTE));
    clock.advance(MINUTE);
    assert_eq!(snapshot(&hub, "alice"), NOTHING);
}

#[test]
fn a_signal_that_comes_too_late_is_shown_and_taken_away() {
    let clock = clock();
    let hub = hub_on(&clock).build().unwrap();
    let mut phone = device(&hub, "alice");
    let late = signal(&clock, "9", MINUTE);
    clock.advance(MINUTE * 2);
    hub.broadcast_signal_update("alice", &late);
    let seen = sees(&mut phone);
    assert_eq!(seen.last().map(String::as_str), Some("SIGNAL_UPDATE/9 removed: expired"));
}

#[test]
fn a_heartbeat_comes_as_often_as_announced_and_says_where_the_device_is() {
    let clock = clock();
    let hub = hub_on(&clock).build().unwrap();
    let options = ConnectOptions::new().heartbeat(hub.heartbeat_interval());
    let mut phone = hub.connect_with("alice", options).unwrap();
    assert_eq!(json(&frames(&mut phone)[0])["heartbeat"], 25);
    for round in 1..=3 {
        hub.broadcast("alice", &Fill(round));
        assert_eq!(sees(&mut phone), [format!("FILL {round}")]);
        assert_eq!(sleep_until_deadline(&clock, &mut phone), Duration::from_secs(25));
        let beat = frames(&mut phone);
        assert_eq!(beat.iter().map(Frame::kind).collect::<Vec<_>>(), [FrameKind::Heartbeat]);
        assert_eq!(json(&beat[0])["lastLog"], round);
        assert_eq!(beat[0].cursor().map(|cursor| cursor.seq()), Some(round));
    }
    let mut without = device(&hub, "alice");
    clock.advance(MINUTE);
    without.handle_deadline(clock.now());
    assert_eq!(sees(&mut without), NOTHING, "who did not ask for it gets none");
}

#[test]
fn a_heartbeat_comes_after_what_was_sent_before_it() {
    let clock = clock();
    let hub = hub_on(&clock).build().unwrap();
    let mut phone = hub.connect_with("alice", ConnectOptions::new().heartbeat(Some(MINUTE))).unwrap();
    assert_eq!(frames(&mut phone).len(), 2);
    hub.broadcast("alice", &Fill(1));
    clock.advance(MINUTE);
    phone.handle_deadline(clock.now());
    hub.broadcast("alice", &Fill(2));
    assert_eq!(sees(&mut phone), ["FILL 1", "FILL 2", "HEARTBEAT"]);
}

#[test]
fn only_the_timestamp_on_the_wire_follows_the_wall_clock() {
    /// A wall clock that jumps a day back.
    struct Jumps(ManualClock, Arc<AtomicUsize>);
    impl Clock for Jumps {
        fn now(&self) -> std::time::Instant {
            self.0.now()
        }
        fn wall(&self) -> Timestamp {
            let days = i64::try_from(self.1.load(Ordering::SeqCst)).unwrap();
            Timestamp::from_milliseconds(self.0.wall().as_milliseconds() - days * 86_400_000)
        }
    }
    let (clock, days_back) = (clock(), Arc::<AtomicUsize>::default());
    let hub = UserHub::builder().clock(Jumps(clock.clone(), Arc::clone(&days_back))).build().unwrap();
    let mut phone = device(&hub, "alice");
    hub.broadcast_signal_update("alice", &signal(&clock, "9", MINUTE));
    days_back.store(1, Ordering::SeqCst);
    hub.broadcast("alice", &Fill(1));
    let got = frames(&mut phone);
    assert_eq!(json(&got[0])["timestamp"], "2026-11-22T23:59:39.123Z");
    assert_eq!(json(&got[1])["timestamp"], "2026-11-21T23:59:39.123Z");
    assert_eq!(
        sleep_until_deadline(&clock, &mut phone),
        MINUTE,
        "what expires does not wait for the day to come again"
    );
    assert_eq!(sees(&mut phone), ["SIGNAL_UPDATE/9 removed: expired"]);
}
