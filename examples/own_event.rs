//! A host's own events: the derive says what kind each is, and the kind decides what a device sees.
//!
//! `cargo run --example own_event`

use futures::{FutureExt, StreamExt};
use serde::Serialize;
use user_hub::prelude::*;
use user_hub::{ConnectOptions, Connection, Removal, Start};

/// A State: of each parcel the newest value, until it is delivered. `revision` keeps an older one from winning.
#[derive(Serialize, Event)]
#[event(name = "PARCEL", field = "parcel", state(key = id, version = revision, final_when = is_delivered))]
struct Parcel {
    id: u64,
    revision: u32,
    place: &'static str,
}

impl Parcel {
    fn is_delivered(&self) -> bool {
        self.place == "at home"
    }
}

/// A Log event: every one counts, in its order.
#[derive(Serialize, Event)]
#[event(name = "BELL_RANG", log)]
struct BellRang {
    visitor: &'static str,
}

/// Public: may be sent to everybody. `broadcast_to_all` does not compile for the others.
#[derive(Serialize, Event)]
#[event(name = "HOLIDAY", state, public)]
struct Holiday(bool);

fn main() -> Result<(), user_hub::ConnectError> {
    let hub = UserHub::new();
    let mut phone = hub.connect("alice")?;

    hub.broadcast("alice", &Parcel { id: 7, revision: 1, place: "in the van" });
    hub.broadcast("alice", &Parcel { id: 8, revision: 1, place: "at customs" });
    hub.broadcast_to_all(&Holiday(true));
    let cursor = show("the phone", &mut phone);
    drop(phone);

    println!("the phone is away; meanwhile:");
    hub.group("alice")
        .event(&BellRang { visitor: "the postman" })
        .event(&Parcel { id: 7, revision: 3, place: "at home" })
        .broadcast();
    println!("  a late report: {:?}", hub.broadcast("alice", &Parcel { id: 7, revision: 2, place: "at the door" }));
    hub.group("alice").event(&Removal::of_key::<Parcel>("8")).broadcast();

    let resume = ConnectOptions::new().start(cursor.map_or(Start::Snapshot, Start::After));
    show("the phone is back", &mut hub.connect_with("alice", resume)?);
    show("a new tab", &mut hub.connect("alice")?);
    Ok(())
}

/// Prints everything that there is for a device, and says where it stands then.
fn show(who: &str, device: &mut Connection) -> Option<user_hub::Cursor> {
    println!("{who}:");
    let mut cursor = None;
    // A transport would await the next frame; here it is enough to take those that are there.
    while let Some(frame) = device.next().now_or_never().flatten() {
        println!("  {}", frame.text());
        cursor = frame.cursor().or(cursor);
    }
    cursor
}
