//! The autopilot's modes: one that loses rests for a while, and what each is doing is a State of its own.

use serde::{Deserialize, Serialize};
use user_hub::Timestamp;
use user_hub::trading::{ModeState, ModeStatus};

use crate::domain::Mode;
use crate::time::after;

const LOSSES_BEFORE_A_REST: u32 = 2;
const REST_MS: i64 = 20_000;
const MOST_OPEN: usize = 2;

#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Modes([ModeBook; Mode::ALL.len()]);

#[derive(Clone, Default, Serialize, Deserialize)]
struct ModeBook {
    losses: u32,
    rests_until: Option<Timestamp>,
}

/// Why no mode may open anything, if so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Halt {
    Stopped,
    Breaker,
}

impl Modes {
    pub fn trade_closed(&mut self, mode: Mode, profit: f64, now: Timestamp) {
        let book = &mut self.0[mode as usize];
        book.losses = if profit < 0.0 { book.losses + 1 } else { 0 };
        if book.losses >= LOSSES_BEFORE_A_REST {
            *book = ModeBook { losses: 0, rests_until: Some(after(now, REST_MS)) };
        }
    }

    pub fn tick(&mut self, now: Timestamp) {
        for book in &mut self.0 {
            book.rests_until = book.rests_until.filter(|until| now < *until);
        }
    }

    pub fn may_open(&self, mode: Mode, open: usize) -> bool {
        self.0[mode as usize].rests_until.is_none() && open < MOST_OPEN
    }

    pub fn payload(&self, mode: Mode, open: usize, halt: Option<Halt>) -> ModeStatus {
        let (state, reason) = match (halt, &self.0[mode as usize].rests_until) {
            (Some(Halt::Breaker), _) => (ModeState::Paused, Some("circuit breaker is open")),
            (Some(Halt::Stopped), _) => (ModeState::Disabled, None),
            (None, Some(_)) => (ModeState::Cooldown, Some("resting after losses")),
            (None, None) if open > 0 => (ModeState::Active, None),
            (None, None) => (ModeState::Idle, None),
        };
        let mut status = ModeStatus::new(mode.into(), halt != Some(Halt::Stopped), state);
        status.active_positions = u32::try_from(open).unwrap_or(u32::MAX);
        status.allocated_capital = Some(mode.capital());
        status.paused_reason = reason.map(Into::into);
        status
    }
}
