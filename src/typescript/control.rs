//! The control frames once more, as a device reads them: their TypeScript types come from here.
//!
//! Invariant: each struct has exactly the fields that the frame has on the wire. The tests hold real frames against them.
#![expect(dead_code, reason = "only the types are read")]

use ts_rs::TS;

use super::TypeScriptError;
use super::declaration::Declarations;
use super::syntax::Piece;

/// The first frame of a connection.
#[derive(TS)]
#[ts(rename_all = "camelCase", rename = "ConnectedFrame")]
struct Connected {
    #[ts(type = "\"CONNECTED\"")]
    r#type: String,
    /// The version of the wire: 1.
    protocol: u32,
    /// Whose connection it is.
    user_id: String,
    /// The number of the connection within its hub.
    connection_id: String,
    /// The incarnation of the user's log, 16 hex digits: the first part of every cursor.
    epoch: String,
    /// The cursor that the connection starts after; null for a new device.
    after: Option<String>,
    /// Whether the device's cursor was known; if not, drop all State.
    recovered: bool,
    /// The seq of the last Log record at or below the cursor that the connection starts after.
    last_log: u64,
    /// Seconds between heartbeats; null where none is sent.
    heartbeat: Option<f64>,
}

/// What the device needed to be current has been sent.
#[derive(TS)]
#[ts(rename_all = "camelCase", rename = "SyncedFrame")]
struct Synced {
    #[ts(type = "\"SYNCED\"")]
    r#type: String,
    /// Where the device stands now.
    cursor: String,
    /// The seq of the last Log record at or below the cursor.
    last_log: u64,
    /// Whether the host's StateSource filled the State; after `failed`, values may be missing.
    #[ts(inline)]
    state_source: StateSource,
}

/// What a StateSource did.
#[derive(TS)]
#[ts(rename_all = "lowercase")]
enum StateSource {
    Loaded,
    Failed,
    None,
}

/// Log records may be missing here.
#[derive(TS)]
#[ts(rename_all = "camelCase", rename = "GapFrame")]
struct Gap {
    #[ts(type = "\"GAP\"")]
    r#type: String,
    /// The first position that may be missing; null where it is not known.
    from: Option<u64>,
    /// The last position that may be missing; null where it is not known.
    to: Option<u64>,
    /// Whether records were evicted, or the cursor was unknown.
    #[ts(inline)]
    reason: GapReason,
    /// The end of the gap: the `prevLog` of the first Log record behind it.
    last_log: u64,
}

/// Why there is a gap.
#[derive(TS)]
#[ts(rename_all = "lowercase")]
enum GapReason {
    Evicted,
    Unknown,
    #[ts(untagged, type = "(string & {})")]
    Other(String),
}

/// Drop all State: what is true follows, and then a SYNCED.
#[derive(TS)]
#[ts(rename = "ResetFrame")]
struct Reset {
    #[ts(type = "\"RESET\"")]
    r#type: String,
    /// That the end of a State was forgotten before the device got it.
    #[ts(inline)]
    reason: ResetReason,
}

/// Why State is dropped.
#[derive(TS)]
#[ts(rename_all = "lowercase")]
enum ResetReason {
    Forgotten,
    #[ts(untagged, type = "(string & {})")]
    Other(String),
}

/// The connection is alive, and the device has everything up to the cursor.
#[derive(TS)]
#[ts(rename_all = "camelCase", rename = "HeartbeatFrame")]
struct Heartbeat {
    #[ts(type = "\"HEARTBEAT\"")]
    r#type: String,
    /// Where the device stands now.
    cursor: String,
    /// The seq of the last Log record at or below the cursor.
    last_log: u64,
}

/// The last frame of a connection.
#[derive(TS)]
#[ts(rename_all = "camelCase", rename = "ClosingFrame")]
struct Closing {
    #[ts(type = "\"CLOSING\"")]
    r#type: String,
    /// The WebSocket close code: up to 3499 come back, 3500 to 3999 stay away.
    code: u16,
    /// Why, for whoever reads logs.
    reason: String,
    /// Whether to come back; the range of the code says the same.
    reconnect: bool,
    /// How long to wait before that, in milliseconds; null where the hub has no wish.
    retry_after_ms: Option<u64>,
}

/// The declarations of all control frames, and of their union.
pub(super) fn control_frames() -> Result<String, TypeScriptError> {
    let mut declarations = Declarations::new();
    let frames = [
        declarations.add::<Connected>()?,
        declarations.add::<Synced>()?,
        declarations.add::<Gap>()?,
        declarations.add::<Reset>()?,
        declarations.add::<Heartbeat>()?,
        declarations.add::<Closing>()?,
    ];
    let union = frames.join(&Piece::Sign('|'));
    let every = ["Every frame that is no record.".to_owned()];
    let frames: Vec<&[Piece]> = frames.iter().map(Vec::as_slice).collect();
    Ok(format!("{}\n{}", declarations.text(&frames), super::layout::declaration("ControlFrame", &every, &union)))
}
