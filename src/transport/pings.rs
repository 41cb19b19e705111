//! When to ping a WebSocket device, and when to give it up.
//!
//! Invariant: at most one ping is unanswered. A ping goes out with a HEARTBEAT frame, in the same write; where no
//! HEARTBEAT passes, because the device reads nothing, the timer asks for the ping and so still ends the device.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

use super::timed::FAR;

pub(super) struct Pings {
    interval: Duration,
    timeout: Duration,
    /// When to ping, or while one is unanswered, when to give up.
    due: Instant,
    unanswered: bool,
    /// What the hub was told of `unanswered`.
    told: bool,
    wanted: bool,
    sleep: Pin<Box<Sleep>>,
}

impl Pings {
    pub(super) fn new(interval: Duration, timeout: Duration) -> Self {
        let due = after(patience(interval));
        let sleep = Box::pin(tokio::time::sleep_until(due));
        Self { interval, timeout, due, unanswered: false, told: false, wanted: false, sleep }
    }

    /// Now is the moment for a ping, unless one is unanswered.
    pub(super) fn want(&mut self) {
        if !self.unanswered {
            (self.unanswered, self.wanted) = (true, true);
            self.set_due(self.timeout);
        }
    }

    pub(super) fn pong_received(&mut self) {
        if self.unanswered {
            self.unanswered = false;
            self.set_due(patience(self.interval));
        }
    }

    /// Whether the device owes a pong, if that has changed since the last call.
    pub(super) fn news(&mut self) -> Option<bool> {
        let is_news = self.told != self.unanswered;
        self.told = self.unanswered;
        is_news.then_some(self.unanswered)
    }

    /// Whether a ping is to be sent now.
    pub(super) const fn is_wanted(&self) -> bool {
        self.wanted
    }

    pub(super) const fn sent(&mut self) {
        self.wanted = false;
    }

    fn set_due(&mut self, wait: Duration) {
        self.due = after(wait);
        // Where it moves away the timer is left alone, and then finds that it ran too early.
        if self.sleep.deadline() > self.due {
            self.sleep.as_mut().reset(self.due);
        }
    }

    /// Ready when the device did not answer in time.
    pub(super) fn poll_missed(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            // A device that floods uses up the turn of this task, and then no timer says that it has run.
            let has_run = self.sleep.as_mut().poll(context).is_ready();
            let is_due = Instant::now() >= self.due;
            if !has_run && !is_due {
                return Poll::Pending;
            }
            if is_due {
                if self.unanswered {
                    return Poll::Ready(());
                }
                self.want();
            }
            self.sleep.as_mut().reset(self.due);
        }
    }
}

/// A quarter more than the interval, so that the HEARTBEAT comes first when it can.
fn patience(interval: Duration) -> Duration {
    interval.saturating_add(interval / 4)
}

fn after(wait: Duration) -> Instant {
    Instant::now() + wait.min(FAR)
}
