//! Two users with a log each, of which the beginning is evicted; and what a device comes back with.
//!
//! An input is text: the query, a line break, and the `Last-Event-ID`. `{alice}` and `{bob}` in it stand for the epochs of
//! the two mailboxes, which are random.

use user_hub::transport::DeviceRequest;
use user_hub::{Connection, UserHub};

use super::events::{frames, note, price};

/// How often each user is told a State and a Log record, in turn.
pub const RECORDS: u64 = 6;
/// How many Log records of a user are kept.
pub const RETAINED: u64 = 3;

/// A hub with a device of alice and one of bob.
pub struct Resuming {
    pub hub: UserHub,
    pub present: Vec<Connection>,
    /// Alice's, then Bob's.
    pub epochs: [String; 2],
}

/// A hub on which both have been told everything.
pub fn resuming() -> Resuming {
    let hub = UserHub::builder().log_records(RETAINED as usize).without_heartbeat().build().expect("limits");
    let mut present = Vec::new();
    let epochs = ["alice", "bob"].map(|user| {
        let mut device = hub.connect(user).expect("a user");
        let cursor = frames(&mut device).iter().find_map(|frame| frame.cursor()).expect("SYNCED has one");
        for number in 0..RECORDS {
            hub.broadcast_dynamic(user, &price(user, "BTC", number));
            hub.broadcast_dynamic(user, &note(user, number));
        }
        present.push(device);
        cursor.to_string()[..16].to_owned()
    });
    Resuming { hub, present, epochs }
}

impl Resuming {
    /// The request that an input describes, and its `Last-Event-ID`.
    pub fn request(&self, input: &[u8]) -> (DeviceRequest, Vec<u8>) {
        let input = with_epochs(input, &self.epochs);
        let at = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
        let header = input.get(at + 1..).unwrap_or_default().to_vec();
        let query = String::from_utf8_lossy(&input[..at]);
        let request = DeviceRequest::read(Some(&query), |name| (name == "last-event-id").then_some(header.as_slice()));
        (request, header)
    }
}

fn with_epochs(input: &[u8], [alice, bob]: &[String; 2]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = input;
    while let [first, after @ ..] = rest {
        let (bytes, next) = match rest {
            [b'{', b'a', b'l', b'i', b'c', b'e', b'}', next @ ..] => (alice.as_bytes(), next),
            [b'{', b'b', b'o', b'b', b'}', next @ ..] => (bob.as_bytes(), next),
            _ => (std::slice::from_ref(first), after),
        };
        out.extend_from_slice(bytes);
        rest = next;
    }
    out
}
