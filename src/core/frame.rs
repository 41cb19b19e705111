//! What a device gets: records, and the control frames between them.
//!
//! Invariants: a frame's text is exactly one JSON object; a frame that moves the device's cursor carries that cursor,
//! and no other frame carries one.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::record::{Body, Record};
use crate::vocabulary::frame::ControlFrame;
use crate::{CloseReason, Cursor, FrameKind};

/// One message to one device: JSON text, and the cursor that it moves the device to.
///
/// Cloning costs a reference count. All devices of a user share the text of a record of their own; what went to everybody
/// has a text for each device, for as long as it takes to send it.
///
/// ```
/// use futures::{StreamExt, executor::block_on};
/// use user_hub::{FrameKind, UserHub};
///
/// let mut device = UserHub::new().connect("alice")?;
/// let first = block_on(device.next()).unwrap();
/// assert_eq!(first.kind(), FrameKind::Connected);
/// assert!(first.text().starts_with(r#"{"type":"CONNECTED","protocol":1"#));
/// # Ok::<(), user_hub::ConnectError>(())
/// ```
#[derive(Clone)]
pub struct Frame(Content);

#[derive(Clone)]
enum Content {
    /// All devices of a user share the body; the cursor is this device's.
    Own {
        body: Arc<Body>,
        cursor: Option<Cursor>,
    },
    Public(Arc<Joined>),
    Control(Arc<ControlFrame>),
}

/// What went to everybody, with the head that it has in the log of this device's user. All logs share the body, and keep
/// no text of their own: it is here for as long as it takes to send it.
struct Joined {
    body: Arc<Body>,
    text: Box<str>,
    cursor: Option<Cursor>,
}

impl Frame {
    /// The JSON text.
    ///
    /// ```
    /// # use futures::{StreamExt, executor::block_on};
    /// # let mut device = user_hub::UserHub::new().connect("alice")?;
    /// let frame = block_on(device.next()).unwrap();
    /// assert!(serde_json::from_str::<serde_json::Value>(frame.text()).is_ok());
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    #[must_use]
    pub fn text(&self) -> &str {
        match &self.0 {
            Content::Own { body, .. } => body.text(),
            Content::Public(joined) => &joined.text,
            Content::Control(control) => &control.text,
        }
    }

    /// The JSON text as bytes that keep the frame, for a transport that sends without copying. Each call asks for a small
    /// piece of memory; the text is shared.
    ///
    /// ```
    /// # use futures::{StreamExt, executor::block_on};
    /// # let mut device = user_hub::UserHub::new().connect("alice")?;
    /// let frame = block_on(device.next()).unwrap();
    /// assert_eq!(frame.bytes(), frame.text());
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    #[must_use]
    pub fn bytes(&self) -> Bytes {
        Bytes::from_owner(Text(self.clone()))
    }

    /// Which frame it is.
    ///
    /// ```
    /// # use futures::{StreamExt, executor::block_on};
    /// # let mut device = user_hub::UserHub::new().connect("alice")?;
    /// assert_eq!(block_on(device.next()).unwrap().kind(), user_hub::FrameKind::Connected);
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    #[must_use]
    pub fn kind(&self) -> FrameKind {
        match &self.0 {
            Content::Own { body, .. } => body.frame_kind(),
            Content::Public(joined) => joined.body.frame_kind(),
            Content::Control(control) => control.kind,
        }
    }

    /// The `type` on the wire: the event's name, or the control frame's.
    ///
    /// ```
    /// # use futures::{StreamExt, executor::block_on};
    /// # let mut device = user_hub::UserHub::new().connect("alice")?;
    /// assert_eq!(block_on(device.next()).unwrap().name(), "CONNECTED");
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.0 {
            Content::Own { body, .. } => body.state.name.as_str(),
            Content::Public(joined) => joined.body.state.name.as_str(),
            Content::Control(control) => control.name.as_str(),
        }
    }

    /// The cursor that this frame moves the device to, if it moves it: the SSE `id:`.
    ///
    /// ```
    /// # use futures::{StreamExt, executor::block_on};
    /// # let mut device = user_hub::UserHub::new().connect("alice")?;
    /// let (connected, synced) = (block_on(device.next()).unwrap(), block_on(device.next()).unwrap());
    /// assert_eq!(connected.cursor(), None);
    /// assert_eq!(synced.cursor().map(|cursor| cursor.seq()), Some(0));
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    #[must_use]
    pub fn cursor(&self) -> Option<Cursor> {
        match &self.0 {
            Content::Own { cursor, .. } => *cursor,
            Content::Public(joined) => joined.cursor,
            Content::Control(control) => control.cursor,
        }
    }

    /// Why the connection ends, in a `CLOSING` frame.
    ///
    /// ```
    /// # use futures::{StreamExt, executor::block_on};
    /// # let mut device = user_hub::UserHub::new().connect("alice")?;
    /// assert_eq!(block_on(device.next()).unwrap().close_reason(), None);
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    #[must_use]
    pub fn close_reason(&self) -> Option<&CloseReason> {
        match &self.0 {
            Content::Own { .. } | Content::Public(_) => None,
            Content::Control(control) => control.close.as_ref(),
        }
    }

    #[inline]
    pub(crate) fn record(record: Record, cursor: Option<Cursor>) -> Self {
        // Taken to pieces, so that of a user's own, which is most of them, nothing but the body is ever moved.
        let Record { seq, prev_log, group, appended, body } = record;
        if body.is_public {
            let record = Record { seq, prev_log, group, appended, body };
            return Self(Content::Public(Joined::of(record, cursor)));
        }
        Self(Content::Own { body, cursor })
    }

    pub(crate) const fn control(control: Arc<ControlFrame>) -> Self {
        Self(Content::Control(control))
    }
}

impl Joined {
    #[inline(never)]
    fn of(record: Record, cursor: Option<Cursor>) -> Arc<Self> {
        let text = record.joined();
        Arc::new(Self { body: record.body, text, cursor })
    }
}

/// Keeps the frame for whoever has its bytes.
struct Text(Frame);

impl AsRef<[u8]> for Text {
    fn as_ref(&self) -> &[u8] {
        self.0.text().as_bytes()
    }
}

impl PartialEq for Frame {
    fn eq(&self, other: &Self) -> bool {
        // The text says everything but where a record stands.
        self.text() == other.text() && self.cursor() == other.cursor()
    }
}

impl Eq for Frame {}

impl fmt::Debug for Frame {
    /// Shows no payload: frames end up in logs.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Frame");
        shown.field("name", &self.name()).field("kind", &self.kind()).field("cursor", &self.cursor());
        shown.field("length", &self.text().len()).finish_non_exhaustive()
    }
}
