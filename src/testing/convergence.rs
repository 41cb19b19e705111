//! Whether devices show what the hub holds: compared with a device that connects now, and with each other.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::fold::Name;
use super::seat::{Life, Seat};
use super::{Device, DeviceId, Pace, Record};
use crate::{ConnectOptions, Start, UserHub};

/// A device that does not show what the hub holds.
///
/// ```
/// use user_hub::testing::{Difference, Pace, Scenario};
///
/// let mut scenario = Scenario::new(7);
/// let phone = scenario.connect("alice", Pace::Fast)?;
/// scenario.hub().shutdown();
/// let divergence = scenario.convergence().unwrap_err();
/// assert_eq!((divergence.device, *divergence.difference.clone()), (phone, Difference::NotSynced));
/// assert_eq!(divergence.to_string(), "device 1 (Fast) of alice is not up to date: it gets no SYNCED; seed 7");
/// # Ok::<(), user_hub::ConnectError>(())
/// ```
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{device} ({pace:?}) of {user} {difference}; seed {seed}")]
#[non_exhaustive]
pub struct Divergence {
    /// Which device.
    pub device: DeviceId,
    /// Whose it is.
    pub user: String,
    /// How it takes what there is for it.
    pub pace: Pace,
    /// What is wrong with it.
    pub difference: Box<Difference>,
    /// The seed of the scenario.
    pub seed: u64,
}

/// What is wrong with a device.
///
/// ```
/// let difference = user_hub::testing::Difference::Missing { seq: 7, name: "FILL".into() };
/// assert_eq!(difference.to_string(), "has not got the Log record 7 (FILL), and no gap says so");
/// ```
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Difference {
    /// It cannot connect, or its first batch waits: for a load of the host's State, which is over when time passes.
    #[error("is not up to date: it gets no SYNCED")]
    NotSynced,
    /// It was connected as another user, or got the log of one.
    #[error("got what is {user}'s")]
    AnotherUser {
        /// Whose it is.
        user: String,
    },
    /// A value is not the one that the hub holds.
    #[error("shows {} for {}, and the hub holds {}", value_text(.shown), name_text(.name, .key), value_text(.held))]
    State {
        /// The name of the event type.
        name: String,
        /// The key of the value.
        key: Option<String>,
        /// `data` on the device's screen.
        shown: Option<Value>,
        /// `data` with the hub.
        held: Option<Value>,
    },
    /// A Log record came again, or behind a later one.
    #[error("got the Log record {seq} ({name}) behind {after}")]
    Order {
        /// Its position.
        seq: u64,
        /// The name of the event type.
        name: String,
        /// What it came behind.
        after: u64,
    },
    /// A Log record is another one than at the same position elsewhere.
    #[error("got {} at the position {seq} of the Log, where {} is", record_text(.shown), record_text(.held))]
    Log {
        /// The position.
        seq: u64,
        /// What the device got.
        shown: Box<Record>,
        /// What the hub holds or another device got.
        held: Box<Record>,
    },
    /// A Log record did not come, and no gap says so.
    #[error("has not got the Log record {seq} ({name}), and no gap says so")]
    Missing {
        /// Its position.
        seq: u64,
        /// The name of the event type.
        name: String,
    },
    /// It began anew although it had a cursor, and no gap says that something may be missing.
    #[error("began anew behind the Log record {after}, and no gap says so")]
    Anew {
        /// The last Log record before that; 0 if there was none.
        after: u64,
    },
}

fn value_text(value: &Option<Value>) -> String {
    value.as_ref().map_or_else(|| "nothing".to_owned(), Value::to_string)
}

fn name_text(name: &str, key: &Option<String>) -> String {
    key.as_ref().map_or_else(|| name.to_owned(), |key| format!("{name}/{key}"))
}

fn record_text(record: &Record) -> String {
    format!("{} {}", record.name, record.data)
}

/// Every Log record that anybody has, by epoch and position.
type Known<'d> = BTreeMap<&'d str, BTreeMap<u64, &'d Record>>;

/// Looks at each device; the number of the first that is wrong, and what is wrong with it.
pub(super) fn check(hub: &UserHub, seats: &[Seat], settled: &[bool]) -> Result<(), (usize, Difference)> {
    let users: BTreeSet<&str> = seats.iter().map(|seat| seat.user.as_str()).collect();
    for user in users {
        let of_user = || seats.iter().enumerate().filter(|(_, seat)| seat.user == user);
        if let Some((at, _)) = of_user().find(|(at, seat)| !settled[*at] && !seat.stays_away) {
            return Err((at, Difference::NotSynced));
        }
        let Some((epoch, newcomer)) = newcomer(hub, user) else {
            // Everybody was told to stay away, and the hub is closed.
            continue;
        };
        let mut known = Known::new();
        for (_, seat) in of_user() {
            for (Life { epoch, .. }, records) in lives(seat) {
                known.entry(epoch).or_default().extend(records.iter().map(|record| (record.seq, record)));
            }
        }
        // Where they differ, the hub is right.
        known.entry(&epoch).or_default().extend(newcomer.records().iter().map(|record| (record.seq, record)));
        for (at, seat) in of_user() {
            check_user(seat, seats).map_err(|difference| (at, difference))?;
            check_log(seat, &known).map_err(|difference| (at, difference))?;
            if !seat.stays_away {
                check_state(&seat.device, &newcomer).map_err(|difference| (at, difference))?;
            }
        }
    }
    Ok(())
}

/// A device that connects now: the State and what is left of the Log, and the epoch of both.
fn newcomer(hub: &UserHub, user: &str) -> Option<(String, Device)> {
    let everything = ConnectOptions::new().start(Start::SnapshotAndLog(usize::MAX));
    let mut connection = hub.connect_with(user, everything).ok()?;
    let mut device = Device::new();
    device.read(&mut connection);
    let epoch = device.cursor()?.to_string().split_once('-')?.0.to_owned();
    Some((epoch, device))
}

/// The lives of a device, each with the Log records that it got in it.
fn lives(seat: &Seat) -> impl Iterator<Item = (&Life, &[Record])> {
    let records = seat.device.records();
    let ends = seat.lives.iter().skip(1).map(|life| life.records_before).chain([records.len()]);
    seat.lives.iter().zip(ends).map(|(life, end)| (life, &records[life.records_before..end]))
}

fn check_user(seat: &Seat, seats: &[Seat]) -> Result<(), Difference> {
    let epochs: BTreeSet<&String> = seat.lives.iter().map(|Life { epoch, .. }| epoch).collect();
    let is_shared = |Life { epoch, .. }: &&Life| epochs.contains(epoch);
    let others = seats.iter().filter(|other| other.user != seat.user).flat_map(|other| &other.lives);
    let of_another = seat.lives.iter().filter(|life| life.user != seat.user).chain(others.filter(is_shared)).next();
    of_another.map_or(Ok(()), |life| Err(Difference::AnotherUser { user: life.user.clone() }))
}

fn check_state(device: &Device, newcomer: &Device) -> Result<(), Difference> {
    let (shown, held) = (device.fold.states(), newcomer.fold.states());
    let names: BTreeSet<&Name> = shown.keys().chain(held.keys()).collect();
    for name in names {
        let [shown, held] = [shown, held].map(|states| states.get(name).map(|record| record.data.clone()));
        if shown != held {
            let (name, key) = name.clone();
            return Err(Difference::State { name, key, shown, held });
        }
    }
    Ok(())
}

fn check_log(seat: &Seat, known: &Known<'_>) -> Result<(), Difference> {
    let gaps = seat.device.gaps();
    let mut after = 0;
    for (at, (life, records)) in lives(seat).enumerate() {
        let Life { epoch, start, .. } = life;
        let next = seat.lives.get(at + 1);
        let gaps = &gaps[life.gaps_before..next.map_or(gaps.len(), |next| next.gaps_before)];
        // The gap comes right behind CONNECTED, so a life without one was cut before anything came.
        let was_cut = records.is_empty() && (next.is_some() || seat.stays_away);
        if life.had_cursor && gaps.is_empty() && !was_cut {
            return Err(Difference::Anew { after });
        }
        check_order(*start, records)?;
        after = records.last().map_or(*start, |record| record.seq);
        // Whoever is there now has everything; whoever is not had it up to where it left.
        let end = if next.is_none() && !seat.stays_away { u64::MAX } else { after };
        let own: BTreeMap<u64, &Record> = records.iter().map(|record| (record.seq, record)).collect();
        for (seq, held) in known.get(epoch.as_str()).into_iter().flatten() {
            match own.get(seq) {
                Some(shown) if shown != held => {
                    let (shown, held) = (Box::new((*shown).clone()), Box::new((*held).clone()));
                    return Err(Difference::Log { seq: *seq, shown, held });
                }
                None if start < seq && *seq <= end && !gaps.iter().any(|gap| gap.declares(*seq)) => {
                    return Err(Difference::Missing { seq: *seq, name: held.name.clone() });
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn check_order(start: u64, records: &[Record]) -> Result<(), Difference> {
    let mut after = start;
    for record in records {
        if record.seq <= after {
            return Err(Difference::Order { seq: record.seq, name: record.name.clone(), after });
        }
        after = record.seq;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Gap, Line, Scenario};
    use super::*;
    use crate::DynamicEvent;

    const FAST: Pace = Pace::Fast;

    /// Two devices of Alice and one of Bob, with a value and three Log records each, up to date.
    fn scenario() -> Scenario {
        let mut scenario = Scenario::new(7);
        for user in ["alice", "alice", "bob"] {
            scenario.connect(user, FAST).expect("it connects");
        }
        for number in 1..=3 {
            for user in ["alice", "bob"] {
                let price = DynamicEvent::state("PRICE", "BTC", number.into()).expect("a good name");
                let fill = DynamicEvent::log("FILL", format!("{user} {number}").into()).expect("a good name");
                scenario.hub().group(user).event(&price).event(&fill).broadcast();
            }
            scenario.step();
        }
        scenario.assert_converged();
        scenario
    }

    #[track_caller]
    fn assert_diverges(mut scenario: Scenario, expected: &str) {
        let divergence = scenario.convergence().expect_err("something is wrong");
        assert_eq!(divergence.to_string(), expected);
    }

    #[test]
    fn a_value_that_is_another_one_or_missing_or_one_too_many_is_found() {
        let mut other = scenario();
        other.seats[1].device.fold.change(|record| record.data = 9.into());
        assert_diverges(other, "device 2 (Fast) of alice shows 9 for PRICE/BTC, and the hub holds 3; seed 7");

        let mut missing = scenario();
        missing.seats[1].device.fold.clear();
        assert_diverges(missing, "device 2 (Fast) of alice shows nothing for PRICE/BTC, and the hub holds 3; seed 7");

        let mut old = scenario();
        let price = crate::EventName::new("PRICE").expect("a good name");
        old.hub().group("alice").event(&crate::Removal::named(price, Some("BTC"))).broadcast();
        let before = old.seats[0].device.fold.clone();
        old.step();
        old.seats[0].device.fold = before;
        assert_diverges(old, "device 1 (Fast) of alice shows 3 for PRICE/BTC, and the hub holds nothing; seed 7");
    }

    #[test]
    fn a_log_record_that_is_missing_twice_or_another_one_is_found() {
        let mut missing = scenario();
        missing.seats[1].device.records_mut().remove(1);
        assert_diverges(
            missing,
            "device 2 (Fast) of alice has not got the Log record 4 (FILL), and no gap says so; seed 7",
        );

        let mut last = scenario();
        last.seats[0].device.records_mut().pop();
        assert_diverges(
            last,
            "device 1 (Fast) of alice has not got the Log record 6 (FILL), and no gap says so; seed 7",
        );

        let mut twice = scenario();
        let record = twice.seats[0].device.records()[1].clone();
        twice.seats[0].device.records_mut().push(record);
        assert_diverges(twice, "device 1 (Fast) of alice got the Log record 4 (FILL) behind 6; seed 7");

        let mut swapped = scenario();
        swapped.seats[0].device.records_mut().swap(0, 1);
        assert_diverges(swapped, "device 1 (Fast) of alice got the Log record 2 (FILL) behind 4; seed 7");

        let mut other = scenario();
        other.seats[1].device.records_mut()[2].data = "alice 7".into();
        let expected = r#"device 2 (Fast) of alice got FILL "alice 7" at the position 6 of the Log, where FILL "alice 3" is; seed 7"#;
        assert_diverges(other, expected);
    }

    #[test]
    fn what_a_gap_declares_may_be_missing() {
        let mut scenario = scenario();
        let device = &mut scenario.seats[1].device;
        device.records_mut().remove(1);
        device.gaps_mut().push(Gap { from: Some(3), to: Some(4), reason: "evicted".into() });
        scenario.assert_converged();
    }

    #[test]
    fn who_began_anew_was_told_what_may_be_missing() {
        let mut scenario = scenario();
        scenario.restart();
        scenario.assert_converged();
        scenario.seats[0].device.gaps_mut().clear();
        scenario.seats[0].lives[1].gaps_before = 0;
        assert_diverges(
            scenario,
            "device 1 (Fast) of alice began anew behind the Log record 6, and no gap says so; seed 7",
        );
    }

    #[test]
    fn what_is_of_another_user_is_found() {
        let mut named = scenario();
        named.seats[0].lives[0].user = "bob".into();
        assert_diverges(named, "device 1 (Fast) of alice got what is bob's; seed 7");

        let mut shared = scenario();
        shared.seats[0].lives[0].epoch = shared.seats[2].lives[0].epoch.clone();
        assert_diverges(shared, "device 1 (Fast) of alice got what is bob's; seed 7");
    }

    #[test]
    fn only_the_log_is_asked_of_who_stays_away() {
        let mut scenario = scenario();
        let reason = crate::CloseReason::new(crate::CloseCode::REVOKED);
        scenario.hub().close_user("alice", &reason);
        scenario.step();
        assert!(matches!(scenario.transcript(DeviceId(0)).last(), Some(Line::Cut)));
        let fill = DynamicEvent::log("FILL", "after".into()).expect("a good name");
        scenario.hub().broadcast_dynamic("alice", &fill);
        scenario.assert_converged();
        scenario.seats[0].device.records_mut().remove(1);
        assert_diverges(
            scenario,
            "device 1 (Fast) of alice has not got the Log record 4 (FILL), and no gap says so; seed 7",
        );
    }
}
