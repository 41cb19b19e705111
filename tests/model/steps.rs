//! What can happen.

use std::fmt;

use proptest::prelude::*;

use super::database::Answer;
use super::event::{Class, Flaw, Sent};
use super::hub::Setup;
use super::world::MEMORY;

pub(crate) const USERS: [&str; 3] = ["alice", "bob", "carol"];
/// Whose devices there are.
pub(crate) const SEATS: [usize; 7] = [0, 0, 0, 1, 1, 1, 2];

#[derive(Debug, Clone)]
pub(crate) enum Step {
    Send {
        user: usize,
        events: Vec<Sent>,
    },
    /// Several broadcasts, to a user or to everybody, that wake each connection once.
    Burst(Vec<(Option<usize>, Vec<Sent>)>),
    SendToAll(Vec<Sent>),
    /// With the cursor that the device has, or else as a new one with so many Log records.
    Connect {
        seat: usize,
        log_records: usize,
        how: How,
    },
    /// With a cursor that means nothing here, or none.
    ConnectAs {
        seat: usize,
        stranger: Stranger,
    },
    Read {
        seat: usize,
        frames: usize,
    },
    /// All devices read what there is.
    ReadAll,
    Cut {
        seat: usize,
    },
    /// The next Log frame is lost on the way.
    LoseLog {
        seat: usize,
    },
    Ping {
        seat: usize,
    },
    Pong {
        seat: usize,
    },
    Pass {
        seconds: u64,
    },
    /// The driver of this device's connection sees to what is due.
    Drive {
        seat: usize,
    },
    /// All of them, after a while.
    DriveAll {
        seconds: u64,
    },
    CloseUser {
        user: usize,
    },
    CloseConnection {
        seat: usize,
    },
    /// The driver ends its connection.
    End {
        seat: usize,
    },
    Source {
        user: usize,
        answer: Answer,
    },
    Deliver {
        user: usize,
    },
    Restart,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Stranger {
    New,
    Garbage,
    Foreign,
    /// The cursor of another user's device.
    OfAnother,
    Future,
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct How {
    pub(crate) has_heartbeat: bool,
    pub(crate) closes_when_slow: bool,
    pub(crate) valid_for: Option<u64>,
}

#[derive(Clone)]
pub(crate) struct Script {
    pub(crate) setup: Setup,
    pub(crate) steps: Vec<Step>,
}

impl fmt::Debug for Script {
    /// One step a line.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}", self.setup)?;
        self.steps.iter().try_for_each(|step| write!(formatter, "\n    {step:?}"))
    }
}

const KEYS: [Option<&str>; 4] = [None, Some("1"), Some("2"), Some("3")];

/// What has a version has it always: a host counts all changes of a thing or none.
const fn has_version(key: usize) -> bool {
    key == 1 || key == 2
}

fn event(to_all: bool) -> impl Strategy<Value = Sent> {
    let class =
        prop_oneof![5 => Just(Class::Log), 5 => Just(Class::Live), 2 => Just(Class::Final), 2 => Just(Class::Removal)];
    let expires = prop_oneof![4 => Just(None), 1 => (0..10_u64).prop_map(Some)];
    let padding = prop_oneof![3 => Just(0_usize), 1 => 0..300_usize];
    let flaw = prop_oneof![40 => Just(None), 1 => Just(Some(Flaw::NotANumber)), 1 => Just(Some(Flaw::TooLarge))];
    let may_be_public = if to_all { Just(true).boxed() } else { prop::bool::weighted(0.1).boxed() };
    (class, 0..KEYS.len(), 0..8_i64, expires, padding, flaw, may_be_public).prop_map(
        |(class, key, version, expires, padding, flaw, may_be_public)| {
            let sets = matches!(class, Class::Live | Class::Final);
            let plain = Sent::new(class, KEYS[key].filter(|_| class != Class::Log));
            Sent {
                may_be_public,
                version: Some(version).filter(|_| sets && has_version(key)),
                expires: expires.filter(|_| sets),
                padding: if class == Class::Removal { 0 } else { padding },
                flaw: flaw.filter(|_| class != Class::Removal),
                ..plain
            }
        },
    )
}

fn group(to_all: bool) -> impl Strategy<Value = Vec<Sent>> {
    let one = event(to_all).boxed();
    prop_oneof![
        12 => prop::collection::vec(one.clone(), 1),
        7 => prop::collection::vec(one.clone(), 2..5),
        1 => prop::collection::vec(one, 5..7),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let seat = 0..SEATS.len();
    let user = prop_oneof![5 => Just(0_usize), 3 => Just(1_usize), 2 => Just(2_usize)];
    let how = (any::<bool>(), prop::bool::weighted(0.2), prop_oneof![9 => Just(None), 1 => (1..20_u64).prop_map(Some)])
        .prop_map(|(has_heartbeat, closes_when_slow, valid_for)| How { has_heartbeat, closes_when_slow, valid_for });
    let stranger = prop_oneof![
        Just(Stranger::New),
        Just(Stranger::Garbage),
        Just(Stranger::Foreign),
        Just(Stranger::OfAnother),
        Just(Stranger::Future)
    ];
    let answer = prop_oneof![3 => Just(Answer::AtOnce), 3 => Just(Answer::Late), 1 => Just(Answer::Fails)];
    let send = (user.clone(), group(false)).boxed();
    let in_burst = prop_oneof![
        3 => send.clone().prop_map(|(user, events)| (Some(user), events)),
        1 => group(true).prop_map(|events| (None, events)),
    ];
    prop_oneof![
        24 => send.clone().prop_map(|(user, events)| Step::Send { user, events }),
        1 => prop::collection::vec(in_burst, 1..4).prop_map(Step::Burst),
        6 => group(true).prop_map(Step::SendToAll),
        10 => (seat.clone(), 0..5_usize, how).prop_map(|(seat, log_records, how)| Step::Connect { seat, log_records, how }),
        2 => (seat.clone(), stranger).prop_map(|(seat, stranger)| Step::ConnectAs { seat, stranger }),
        12 => (seat.clone(), 1..8_usize).prop_map(|(seat, frames)| Step::Read { seat, frames }),
        6 => seat.clone().prop_map(|seat| Step::Read { seat, frames: usize::MAX }),
        2 => Just(Step::ReadAll),
        5 => seat.clone().prop_map(|seat| Step::Cut { seat }),
        2 => seat.clone().prop_map(|seat| Step::LoseLog { seat }),
        1 => seat.clone().prop_map(|seat| Step::Ping { seat }),
        1 => seat.clone().prop_map(|seat| Step::Pong { seat }),
        5 => (0..9_u64).prop_map(|seconds| Step::Pass { seconds }),
        4 => seat.clone().prop_map(|seat| Step::Drive { seat }),
        3 => (0..12_u64).prop_map(|seconds| Step::DriveAll { seconds }),
        1 => user.clone().prop_map(|user| Step::CloseUser { user }),
        1 => seat.clone().prop_map(|seat| Step::CloseConnection { seat }),
        1 => seat.prop_map(|seat| Step::End { seat }),
        3 => (user.clone(), answer).prop_map(|(user, answer)| Step::Source { user, answer }),
        3 => user.prop_map(|user| Step::Deliver { user }),
        1 => prop::bool::weighted(0.3).prop_map(|restarts| if restarts { Step::Restart } else { Step::ReadAll }),
    ]
}

pub(crate) fn script() -> impl Strategy<Value = Script> {
    let memory = prop_oneof![2 => Just(100 * MEMORY), 1 => Just(MEMORY)];
    let setup = (0..3_usize, any::<bool>(), memory);
    let setup = setup.prop_map(|(absent_users, has_source, memory)| Setup { absent_users, has_source, memory });
    (setup, prop::collection::vec(step(), 1..120)).prop_map(|(setup, steps)| Script { setup, steps })
}
