//! The streams, each about one rule of the fold.

mod connection;
mod log;
mod random;
mod state;

use std::time::Duration;

use user_hub::{Timestamp, UserHub};

pub(crate) use self::connection::{endings, strange, users};
pub(crate) use self::log::{astray, began_anew, duplicates, evicted, groups};
pub(crate) use self::random::random;
pub(crate) use self::state::{conflation, kinds, odd, reset};
use super::event::Fill;
use super::tape::Tape;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

fn tape() -> Tape {
    Tape::new(UserHub::builder())
}

fn fills(tape: &Tape, numbers: impl IntoIterator<Item = u64>) {
    numbers.into_iter().for_each(|number| drop(tape.hub.broadcast("alice", &Fill(number))));
}

fn later(moment: Timestamp, wait: Duration) -> Timestamp {
    Timestamp::from_milliseconds(moment.as_milliseconds() + wait.as_millis() as i64)
}
