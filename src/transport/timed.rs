//! A connection that drives its own deadlines with a tokio timer.
//!
//! Invariant: while the connection has no deadline there is no timer, so a device that nobody sends heartbeats costs
//! no wake-ups and needs no runtime.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use futures::Stream;
use tokio::time::Sleep;

use crate::{Connection, Frame};

/// As good as never, and still a moment that the clock can name.
pub(super) const FAR: Duration = Duration::from_secs(86_400 * 365);

pub(super) struct Timed {
    connection: Connection,
    timer: Option<Timer>,
}

struct Timer {
    sleep: Pin<Box<Sleep>>,
    /// What the timer is set for; `None` once it has run.
    deadline: Option<Instant>,
}

impl Timed {
    pub(super) const fn new(connection: Connection) -> Self {
        Self { connection, timer: None }
    }

    /// Polls the timer for `deadline`, which the stream may have moved since the timer was set.
    fn poll_deadline(&mut self, deadline: Instant, context: &mut Context<'_>) -> Poll<()> {
        let timer = match &mut self.timer {
            Some(timer) => timer,
            empty => empty.insert(Timer { sleep: Box::pin(tokio::time::sleep(FAR)), deadline: None }),
        };
        if timer.deadline != Some(deadline) {
            // The hub's clock need not be tokio's: only the distance counts.
            let wait = deadline.saturating_duration_since(self.connection.now()).min(FAR);
            timer.sleep.as_mut().reset(tokio::time::Instant::now() + wait);
            timer.deadline = Some(deadline);
        }
        ready!(timer.sleep.as_mut().poll(context));
        timer.deadline = None;
        Poll::Ready(())
    }

    pub(super) const fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(super) fn into_connection(self) -> Connection {
        self.connection
    }
}

impl Stream for Timed {
    type Item = Frame;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Frame>> {
        loop {
            if let Poll::Ready(frame) = Pin::new(&mut self.connection).poll_next(context) {
                return Poll::Ready(frame);
            }
            let Some(deadline) = self.connection.next_deadline() else {
                self.timer = None;
                return Poll::Pending;
            };
            ready!(self.poll_deadline(deadline, context));
            // The timer has run, so the deadline is there, whatever a coarser clock says.
            let now = self.connection.now().max(deadline);
            self.connection.handle_deadline(now);
        }
    }
}
