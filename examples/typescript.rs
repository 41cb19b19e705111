//! The TypeScript types of a host: its own events beside the eight, in one file.
//!
//! `cargo run --example typescript --features typescript > events.ts`

use serde::Serialize;
use user_hub::typescript::{TS, TypeScript};
use user_hub::{Event, Timestamp};

/// Where a parcel is.
#[derive(Serialize, TS, Event)]
#[ts(crate = "user_hub::typescript::ts_rs")]
#[serde(rename_all = "camelCase")]
#[event(name = "PARCEL", field = "parcel", state(key = id))]
struct Parcel {
    id: u64,
    place: Place,
    /// Not known before the parcel is at customs.
    arrives_at: Option<Timestamp>,
}

/// The places that a parcel comes through.
#[expect(dead_code, reason = "this host has no parcels")]
#[derive(Serialize, TS)]
#[ts(crate = "user_hub::typescript::ts_rs")]
#[serde(tag = "at", rename_all = "snake_case")]
enum Place {
    Warehouse,
    Customs,
    Van { stops_left: u32 },
}

/// Somebody stands at the door.
#[derive(Serialize, TS, Event)]
#[ts(crate = "user_hub::typescript::ts_rs")]
#[event(name = "BELL_RANG", log)]
struct BellRang {
    visitor: String,
}

fn main() -> Result<(), user_hub::typescript::TypeScriptError> {
    print!("{}", TypeScript::trading().event::<Parcel>().event::<BellRang>().render()?);
    Ok(())
}
