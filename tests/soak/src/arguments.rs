//! What a run is: read from the command line.

use crate::Failure;

/// What a run is.
#[derive(Debug, Clone)]
pub(crate) struct Arguments {
    pub(crate) sockets: usize,
    /// How long traffic and faults last; ramps and checks come on top.
    pub(crate) seconds: u64,
    pub(crate) seed: u64,
    /// How often the server is killed; once more it is drained.
    pub(crate) restarts: u64,
    /// Rounds with the last server; its memory after the first is compared with that after the last.
    pub(crate) rounds: u64,
    /// Calls of services a second.
    pub(crate) rate: usize,
}

pub(crate) const USAGE: &str =
    "soak [--sockets 10000] [--seconds 180] [--seed 1] [--restarts 3] [--rounds 3] [--rate 1000]";

impl Arguments {
    pub(crate) fn read(mut words: impl Iterator<Item = String>) -> Result<Self, Failure> {
        let mut arguments = Self { sockets: 10_000, seconds: 180, seed: 1, restarts: 3, rounds: 3, rate: 1_000 };
        while let Some(word) = words.next() {
            let value = words.next().ok_or(USAGE)?;
            match &*word {
                "--sockets" => arguments.sockets = value.parse()?,
                "--seconds" => arguments.seconds = value.parse()?,
                "--seed" => arguments.seed = value.parse()?,
                "--restarts" => arguments.restarts = value.parse()?,
                "--rounds" => arguments.rounds = value.parse()?,
                "--rate" => arguments.rate = value.parse()?,
                _ => return Err(USAGE.into()),
            }
        }
        if arguments.sockets == 0 || arguments.seconds == 0 || arguments.rounds == 0 || arguments.rate < 2 {
            return Err("at least one socket, one second, one round and two calls a second".into());
        }
        Ok(arguments)
    }
}
