//! From a connection into a sink: everything that is ready, then one flush.
//!
//! Invariant: no batch is read while the sink still holds the one before. That bounds what a slow device pins, and
//! what it does not see meanwhile is conflated in the user's log: its cursor simply lags.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures::Stream;

use super::frame_sink::FrameSink;
use super::span::DeviceSpan;
use super::timed::Timed;
use crate::{CloseCode, CloseReason, Connection};

/// Frames fed before a flush although more are ready: in a storm of events there would never be one.
const MAX_FED: u32 = 1024;

impl Connection {
    /// Sends the device's frames into a sink until the connection is closed, and returns why it was.
    ///
    /// Everything that is ready is fed, then flushed once. While the sink is not ready nothing more is taken out of
    /// the user's log: a slow device holds one batch, and sees the latest State when it is back. Deadlines
    /// (heartbeats, expiring State) are driven too.
    ///
    /// The host goes on reading its socket by itself and drops this future when the device has gone:
    ///
    /// ```no_run
    /// # async fn example<S>(device: user_hub::Connection, socket: S) -> Result<(), S::Error>
    /// # where S: futures::Sink<String> + futures::Stream + Unpin {
    /// use futures::StreamExt;
    /// use user_hub::transport::frame_sink;
    ///
    /// let (sink, mut inbound) = socket.split();
    /// tokio::select! {
    ///     closed = device.forward(frame_sink(sink, |frame| frame.text().to_owned())) => { closed?; }
    ///     () = async { while inbound.next().await.is_some() {} } => {} // the device left
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A sink that is never ready again (a device that stopped reading) holds this future until the host drops it:
    /// [`tokio::time::timeout`] or the host's own ping decide how long that may take.
    ///
    /// # Errors
    /// The sink's error, as soon as it returns one. The device is disconnected and resumes from its own cursor.
    ///
    /// # Panics
    /// When the connection has a deadline, a heartbeat for instance, outside a tokio runtime with time enabled.
    ///
    /// # Cancel safety
    /// Dropping the future disconnects the device. Frames that were fed and not flushed may not have reached it; it
    /// gets them again when it resumes.
    pub async fn forward<K: FrameSink>(self, mut sink: K) -> Result<CloseReason, K::Error> {
        let span = DeviceSpan::new(&self, "sink");
        let mut pump = Pump::new(self);
        let mut poll =
            |context: &mut Context<'_>| pump.poll(context, &mut Context::from_waker(context.waker()), &mut sink);
        let reason = poll_fn(|context| span.in_scope(|| poll(context))).await?;
        poll_fn(|context| sink.poll_flush(context)).await?;
        // It counts as connected until it has been told, so that a host in shutdown can wait for that.
        drop(pump);
        poll_fn(|context| sink.poll_close(context, &reason)).await?;
        Ok(reason)
    }
}

/// The loop between a connection and its sink; the drivers put their own signals around it.
pub(super) struct Pump {
    frames: Timed,
    fed: u32,
    flushing: bool,
}

impl Pump {
    pub(super) const fn new(connection: Connection) -> Self {
        Self { frames: Timed::new(connection), fed: 0, flushing: false }
    }

    /// Asks for a flush that no frame has caused.
    pub(super) const fn flush(&mut self) {
        self.flushing = true;
    }

    pub(super) const fn connection(&self) -> &Connection {
        self.frames.connection()
    }

    pub(super) fn into_connection(self) -> Connection {
        self.frames.into_connection()
    }

    /// Moves what can be moved; ready when the `CLOSING` frame has been fed, which is left to the caller to flush.
    ///
    /// `context` is for the connection, `sink_context` for the sink: both wake this task.
    pub(super) fn poll<K: FrameSink>(
        &mut self,
        context: &mut Context<'_>,
        sink_context: &mut Context<'_>,
        sink: &mut K,
    ) -> Poll<Result<CloseReason, K::Error>> {
        // Nothing has been taken since the connection said that it will wake this task.
        let mut parked = false;
        loop {
            if self.flushing {
                ready!(sink.poll_flush(sink_context))?;
                let storm = self.fed >= MAX_FED;
                (self.flushing, self.fed) = (false, 0);
                if storm {
                    // Other tasks of this worker want to run too.
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
            }
            if parked {
                return Poll::Pending;
            }
            ready!(sink.poll_ready(sink_context))?;
            match Pin::new(&mut self.frames).poll_next(context) {
                Poll::Ready(Some(frame)) => {
                    let closing = frame.close_reason().cloned();
                    sink.start_send(frame)?;
                    if let Some(reason) = closing {
                        return Poll::Ready(Ok(reason));
                    }
                    self.fed += 1;
                    self.flushing = self.fed >= MAX_FED;
                }
                // A connection says CLOSING before it ends; should it ever not, its device is still done.
                Poll::Ready(None) => return Poll::Ready(Ok(CloseReason::new(CloseCode::NORMAL))),
                Poll::Pending => (self.flushing, parked) = (self.fed > 0, true),
            }
        }
    }
}
