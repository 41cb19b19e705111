//! Which frames there are, and the text of those that carry no record.

use std::time::Duration;

use serde::Serialize;

use crate::{CloseReason, ConnectionId, Cursor, EventName, UserId};

/// The version of the wire that `CONNECTED` announces.
const PROTOCOL: u32 = 1;

/// Which frame it is.
///
/// ```
/// use user_hub::FrameKind;
///
/// assert!(FrameKind::State.is_record());
/// assert!(!FrameKind::Heartbeat.is_record());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FrameKind {
    /// The current value of something.
    State,
    /// The end of a State: the thing is gone.
    Removed,
    /// Something that happened.
    Log,
    /// The first frame of a connection.
    Connected,
    /// What the device needs to be current has been sent.
    Synced,
    /// Log records may be missing here.
    Gap,
    /// The device drops all State; what is true follows.
    Reset,
    /// The connection has everything up to here.
    Heartbeat,
    /// The last frame of a connection.
    Closing,
}

impl FrameKind {
    /// Whether it carries a record, as opposed to a control frame.
    ///
    /// ```
    /// assert!(user_hub::FrameKind::Removed.is_record());
    /// ```
    #[must_use]
    pub const fn is_record(self) -> bool {
        matches!(self, Self::State | Self::Removed | Self::Log)
    }
}

const CONNECTED: EventName = EventName::control("CONNECTED");
const SYNCED: EventName = EventName::control("SYNCED");
const GAP: EventName = EventName::control("GAP");
const RESET: EventName = EventName::control("RESET");
const HEARTBEAT: EventName = EventName::control("HEARTBEAT");
const CLOSING: EventName = EventName::control("CLOSING");

/// A frame without a record, as it goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ControlFrame {
    /// With the room that it was written with: it is gone as soon as it is sent.
    pub(crate) text: String,
    pub(crate) kind: FrameKind,
    pub(crate) name: EventName,
    pub(crate) cursor: Option<Cursor>,
    /// Why the connection ends, if it says so.
    pub(crate) close: Option<CloseReason>,
}

impl ControlFrame {
    pub(crate) fn new(control: &Control<'_>) -> Self {
        let (kind, name, cursor) = match control {
            Control::Connected { .. } => (FrameKind::Connected, CONNECTED, None),
            Control::Synced { cursor, .. } => (FrameKind::Synced, SYNCED, Some(*cursor)),
            Control::Gap { .. } => (FrameKind::Gap, GAP, None),
            Control::Reset { .. } => (FrameKind::Reset, RESET, None),
            Control::Heartbeat { cursor, .. } => (FrameKind::Heartbeat, HEARTBEAT, Some(*cursor)),
        };
        Self { text: json(control), kind, name, cursor, close: None }
    }

    pub(crate) fn closing(reason: &CloseReason) -> Self {
        let closing = Closing {
            r#type: "CLOSING",
            code: reason.code().as_u16(),
            reason: reason.text(),
            reconnect: reason.code().reconnect(),
            retry_after_ms: reason.retry_hint().map(milliseconds),
        };
        let close = Some(reason.clone());
        Self { text: json(&closing), kind: FrameKind::Closing, name: CLOSING, cursor: None, close }
    }
}

/// The control frames, with what each carries on the wire.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "UPPERCASE", rename_all_fields = "camelCase")]
pub(crate) enum Control<'u> {
    Connected {
        protocol: Protocol,
        #[serde(serialize_with = "user")]
        user_id: &'u UserId,
        #[serde(serialize_with = "text_of")]
        connection_id: ConnectionId,
        epoch: String,
        after: Option<Cursor>,
        recovered: bool,
        last_log: u64,
        /// Seconds; null where nobody would send it.
        #[serde(serialize_with = "seconds")]
        heartbeat: Option<Duration>,
    },
    Synced {
        cursor: Cursor,
        last_log: u64,
        state_source: StateSourceState,
    },
    Gap {
        from: Option<u64>,
        to: Option<u64>,
        reason: GapReason,
        last_log: u64,
    },
    Reset {
        reason: ResetReason,
    },
    Heartbeat {
        cursor: Cursor,
        last_log: u64,
    },
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Protocol;

impl Serialize for Protocol {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(PROTOCOL)
    }
}

/// Whether the host's StateSource filled the mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum StateSourceState {
    /// The host gave none.
    None,
    /// It did.
    Loaded,
    /// It failed, was too late, or brought more than there is room for: State may be missing.
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum GapReason {
    Evicted,
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ResetReason {
    Forgotten,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Closing<'r> {
    r#type: &'static str,
    code: u16,
    reason: &'r str,
    reconnect: bool,
    retry_after_ms: Option<u64>,
}

fn user<S: serde::Serializer>(user: &&UserId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(user.as_str())
}

fn text_of<S: serde::Serializer>(id: &ConnectionId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

fn seconds<S: serde::Serializer>(wait: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    match wait {
        // Whole seconds print without a fraction, as most clients expect.
        Some(wait) if wait.subsec_nanos() == 0 => serializer.serialize_u64(wait.as_secs()),
        Some(wait) => serializer.serialize_f64(wait.as_secs_f64()),
        None => serializer.serialize_none(),
    }
}

fn milliseconds(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)
}

fn json(frame: &impl Serialize) -> String {
    serde_json::to_string(frame).expect("a control frame holds only text, numbers and nulls")
}
