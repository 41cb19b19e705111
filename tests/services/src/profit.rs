//! Profit and loss of one user, trade by trade.

use user_hub::prelude::*;
use user_hub::trading::{Mode, PnlUpdate};
use user_hub::{Outcome, Timestamp};

/// Adds up what the trades of one user brought.
pub struct Profit<S> {
    events: S,
    user: String,
    now: PnlUpdate,
}

impl<S: EventSink> Profit<S> {
    /// Nothing traded yet.
    pub fn new(events: S, user: impl Into<String>) -> Self {
        Self { events, user: user.into(), now: PnlUpdate::default() }
    }

    /// A trade is over.
    pub fn trade_closed(&mut self, mode: &Mode, gain: f64, now: Timestamp) -> Outcome {
        let pnl = &mut self.now;
        pnl.realized_pnl += gain;
        pnl.daily_pnl += gain;
        pnl.total_pnl = pnl.realized_pnl + pnl.unrealized_pnl;
        match mode {
            Mode::Ultra => pnl.pnl_by_mode.ultra += gain,
            Mode::Scalp => pnl.pnl_by_mode.scalp += gain,
            Mode::Swing => pnl.pnl_by_mode.swing += gain,
            Mode::Position => pnl.pnl_by_mode.position += gain,
            // Counted in the total alone.
            _ => {}
        }
        pnl.trades_count.total += 1;
        pnl.trades_count.winning += u32::from(gain > 0.0);
        pnl.trades_count.losing += u32::from(gain < 0.0);
        pnl.win_rate = f64::from(pnl.trades_count.winning) / f64::from(pnl.trades_count.total);
        pnl.timestamp = now;
        self.events.broadcast_pnl(&self.user, pnl)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::Arc;

    use user_hub::testing::Recorder;
    use user_hub::{EncodeError, Rejection};

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_milliseconds(seconds * 1_000)
    }

    #[test]
    fn every_trade_goes_out_with_the_sums_so_far() {
        let recorder = Recorder::new();
        let mut profit = Profit::new(&recorder, "alice");
        profit.trade_closed(&Mode::Scalp, 12.5, at(1));
        profit.trade_closed(&Mode::Swing, -2.5, at(2));
        profit.trade_closed(&Mode::Other("grid".into()), 0.0, at(3));
        let sent = recorder.payloads::<PnlUpdate>("alice").unwrap();
        assert!(sent.iter().map(|pnl| pnl.total_pnl).eq([12.5, 10.0, 10.0]));
        let last = &sent[2];
        assert_eq!((last.trades_count.winning, last.trades_count.losing), (1, 1));
        assert_eq!((last.pnl_by_mode.scalp, last.pnl_by_mode.swing), (12.5, -2.5));
        assert_eq!(last.timestamp, at(3));
    }

    #[test]
    fn a_sum_that_is_no_number_is_refused_by_name_and_the_service_goes_on() {
        let recorder = Arc::new(Recorder::new());
        let mut profit = Profit::new(Some(Arc::clone(&recorder)), "alice");
        let outcome = profit.trade_closed(&Mode::Scalp, f64::NAN, at(1));
        let field = "pnl.totalPnL".to_owned();
        assert_eq!(outcome, Outcome::Rejected(Rejection::Encode(EncodeError::NotFinite { field })));
        assert!(recorder.events().is_empty());
    }

    #[test]
    fn a_service_without_a_sink_is_a_service() {
        let mut profit = Profit::new(None::<HubHandle>, "alice");
        assert_eq!(profit.trade_closed(&Mode::Scalp, 1.0, at(1)), Outcome::NoHub);
    }
}
