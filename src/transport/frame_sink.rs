//! Where frames go when they leave the hub: the face towards the host's own connection layer.
//!
//! Invariant: nothing is sent to a sink that has not said that it is ready, so a sink needs no queue of its own.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::Sink;

use crate::{CloseReason, Frame};

/// One device as the host's connection layer sees it: something that takes frames when it is ready.
///
/// [`Connection::forward`](crate::Connection::forward) calls these functions in the order of [`futures::Sink`]: ready,
/// send, ready, send, …, flush once a batch, and at the end, behind the `CLOSING` frame, close. A sink that is not
/// ready holds nothing up but its own device: what happens meanwhile stays in the user's log, where a newer State
/// replaces an older one.
///
/// Most sockets are a [`futures::Sink`] already: [`frame_sink`] adapts one. There is no implementation for every
/// `Sink<Frame>`, so that a host may implement this trait for types of its own. It is object safe.
///
/// ```
/// use std::convert::Infallible;
/// use std::task::{Context, Poll};
/// use user_hub::{CloseReason, Frame, transport::FrameSink};
///
/// struct Terminal;
///
/// impl FrameSink for Terminal {
///     type Error = Infallible;
///
///     fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
///         Poll::Ready(Ok(()))
///     }
///
///     fn start_send(&mut self, frame: Frame) -> Result<(), Infallible> {
///         println!("{}", frame.text());
///         Ok(())
///     }
///
///     fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
///         Poll::Ready(Ok(()))
///     }
///
///     fn poll_close(&mut self, _: &mut Context<'_>, reason: &CloseReason) -> Poll<Result<(), Infallible>> {
///         println!("closed: {}", reason.text());
///         Poll::Ready(Ok(()))
///     }
/// }
/// ```
pub trait FrameSink {
    /// Why the device cannot be reached any more; after one, nothing is called again.
    type Error;

    /// Says whether the sink takes a frame now; when it does not, it wakes the task once it does.
    ///
    /// # Errors
    /// The device is gone.
    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>>;

    /// Takes a frame; only called after `poll_ready` was ready. It may keep the frame until it is flushed.
    ///
    /// # Errors
    /// The device is gone, or the frame cannot be sent to it.
    fn start_send(&mut self, frame: Frame) -> Result<(), Self::Error>;

    /// Sends whatever was kept; ready when all of it is out of the program's hands.
    ///
    /// # Errors
    /// The device is gone.
    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>>;

    /// Ends the device's connection; the `CLOSING` frame that says the same to the device has been flushed.
    ///
    /// # Errors
    /// The device is gone.
    fn poll_close(&mut self, context: &mut Context<'_>, reason: &CloseReason) -> Poll<Result<(), Self::Error>>;
}

impl<K: FrameSink + ?Sized> FrameSink for &mut K {
    type Error = K::Error;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), K::Error>> {
        (**self).poll_ready(context)
    }

    fn start_send(&mut self, frame: Frame) -> Result<(), K::Error> {
        (**self).start_send(frame)
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<Result<(), K::Error>> {
        (**self).poll_flush(context)
    }

    fn poll_close(&mut self, context: &mut Context<'_>, reason: &CloseReason) -> Poll<Result<(), K::Error>> {
        (**self).poll_close(context, reason)
    }
}

impl<K: FrameSink + ?Sized> FrameSink for Box<K> {
    type Error = K::Error;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), K::Error>> {
        (**self).poll_ready(context)
    }

    fn start_send(&mut self, frame: Frame) -> Result<(), K::Error> {
        (**self).start_send(frame)
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<Result<(), K::Error>> {
        (**self).poll_flush(context)
    }

    fn poll_close(&mut self, context: &mut Context<'_>, reason: &CloseReason) -> Poll<Result<(), K::Error>> {
        (**self).poll_close(context, reason)
    }
}

/// Makes a [`FrameSink`] of any [`futures::Sink`] and a function that turns a frame into one of its messages.
///
/// At the end the sink is closed and nothing more is sent: the device has its `CLOSING` frame already. A sink that is
/// not `Unpin` goes in as `Box::pin(sink)`.
///
/// ```
/// use futures::{StreamExt, channel::mpsc, executor::block_on};
/// use user_hub::{CloseCode, CloseReason, UserHub, transport::frame_sink};
///
/// let mut device = UserHub::new().connect("alice")?;
/// device.close(CloseReason::new(CloseCode::NORMAL));
///
/// let (sender, mut receiver) = mpsc::unbounded();
/// let reason = block_on(device.forward(frame_sink(sender, |frame| frame.text().to_owned())))?;
///
/// assert_eq!(reason.code(), CloseCode::NORMAL);
/// assert!(block_on(receiver.next()).unwrap().contains("CLOSING"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn frame_sink<S, M, F>(sink: S, message: F) -> SinkOf<S, M, F>
where
    S: Sink<M> + Unpin,
    F: FnMut(Frame) -> M,
{
    SinkOf { sink, message, _messages: std::marker::PhantomData }
}

/// The [`FrameSink`] that [`frame_sink`] makes.
pub struct SinkOf<S, M, F> {
    sink: S,
    message: F,
    _messages: std::marker::PhantomData<fn() -> M>,
}

impl<S, M, F> fmt::Debug for SinkOf<S, M, F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SinkOf").finish_non_exhaustive()
    }
}

impl<S, M, F> FrameSink for SinkOf<S, M, F>
where
    S: Sink<M> + Unpin,
    F: FnMut(Frame) -> M,
{
    type Error = S::Error;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Pin::new(&mut self.sink).poll_ready(context)
    }

    fn start_send(&mut self, frame: Frame) -> Result<(), S::Error> {
        let message = (self.message)(frame);
        Pin::new(&mut self.sink).start_send(message)
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Pin::new(&mut self.sink).poll_flush(context)
    }

    fn poll_close(&mut self, context: &mut Context<'_>, _reason: &CloseReason) -> Poll<Result<(), S::Error>> {
        Pin::new(&mut self.sink).poll_close(context)
    }
}
