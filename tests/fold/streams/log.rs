//! Streams about the Log: what is missing, what comes twice, and what belongs together.

use user_hub::{ConnectOptions, Frame, FrameKind, OnSlow, UserHub, UserHubBuilder};

use super::super::event::{AnyPrice, Fill, Total, price};
use super::super::stream::Stream;
use super::super::tape::Tape;
use super::{MINUTE, SECOND, fills, tape};

/// A log of so many records.
fn short(log_records: usize) -> UserHubBuilder {
    UserHub::builder().log_records(log_records)
}

fn is_log(number: u64) -> impl Fn(&Frame) -> bool {
    move |frame| frame.kind() == FrameKind::Log && frame.text().contains(&format!(r#""fill":{number}"#))
}

/// Log records are evicted before the device took them: in mid-stream, while it is away, and with another policy.
pub(crate) fn evicted() -> Stream {
    let mut tape = Tape::new(short(3));
    fills(&tape, 0..2);
    tape.read();
    fills(&tape, 2..10);
    tape.hub.broadcast("alice", &Total(10.0));
    tape.read();
    // A batch was taken; what comes behind it overflows again.
    fills(&tape, 10..12);
    tape.read_frames(1);
    fills(&tape, 12..20);
    tape.read();
    tape.cut();
    fills(&tape, 20..30);
    tape.hub.broadcast("alice", &price("BTC", 30));
    tape.connect();
    tape.read();
    // It is closed for being slow, and comes back to the present.
    tape.set_options(ConnectOptions::new().on_slow(OnSlow::Close));
    tape.come_back();
    fills(&tape, 30..40);
    tape.hub.broadcast("alice", &price("BTC", 40));
    tape.read();
    assert!(!tape.is_connected());
    fills(&tape, 40..42);
    tape.connect();
    tape.read();
    fills(&tape, 42..43);
    tape.read();
    tape.stream()
}

/// The cursor is of a mailbox that is no more: after a restart, and after the device was away for too long.
pub(crate) fn began_anew() -> Stream {
    let mut tape = tape();
    fills(&tape, 0..3);
    tape.hub.broadcast("alice", &price("BTC", 1));
    tape.hub.broadcast("alice", &Total(1.0));
    tape.read();
    tape.restart();
    tape.hub.broadcast("alice", &price("ETH", 1));
    tape.connect();
    // It is cut before the GAP has come, and told again.
    tape.read_frames(1);
    tape.come_back();
    fills(&tape, 3..5);
    tape.read();
    tape.cut();
    tape.pass(31 * MINUTE);
    tape.connect();
    tape.read();
    fills(&tape, 5..6);
    tape.read();
    tape.restart();
    tape.connect();
    tape.read();
    tape.stream()
}

/// Events of one call: seen together or not at all, whatever becomes of the members and of the connection.
pub(crate) fn groups() -> Stream {
    let mut tape = Tape::new(short(6));
    let hub = tape.hub.clone();
    let trip = |number: u64| {
        hub.group("alice").event(&Fill(number)).event(&price("BTC", number)).event(&Total(number as f64)).broadcast()
    };
    trip(1);
    tape.read();
    // Its last member was replaced: another frame ends it, or a HEARTBEAT.
    trip(2);
    hub.broadcast("alice", &Total(0.5));
    tape.read();
    hub.group("alice").event(&Fill(3)).event(&Total(3.0)).broadcast();
    hub.group("alice").event(&Total(4.0)).event(&price("BTC", 4)).broadcast();
    hub.group("alice").event(&Fill(5)).event(&price("BTC", 5)).broadcast();
    hub.group("alice").event(&Fill(6)).event(&price("SOL", 6)).broadcast();
    hub.group("alice").event(&price("SOL", 7)).event(&Total(7.0)).broadcast();
    tape.read();
    hub.group("alice").event(&price("ADA", 1)).event(&Total(8.0)).broadcast();
    hub.group("alice").event(&Total(9.0)).event(&Fill(9)).broadcast();
    tape.read();
    hub.group("alice").event(&Fill(8)).event(&price("ADA", 2)).event(&price("ADA", 3)).broadcast();
    tape.read();
    // Cut after each frame of one, and back.
    for number in 10..14 {
        trip(number);
        trip(number + 10);
        tape.read_frames(number as usize - 9);
        tape.cut();
        tape.connect();
        tape.read_frames(2);
        tape.cut();
        tape.connect();
        tape.read();
    }
    // A new device that is cut in its first group begins again.
    tape.sign_in("bob");
    tape.sign_in("alice");
    trip(30);
    tape.read();
    // Evicted whole, but for its State, and rejected whole.
    trip(40);
    fills(&tape, 41..50);
    tape.read();
    hub.group("alice").event(&Fill(50)).event(&Total(f64::NAN)).event(&price("BTC", 50)).broadcast();
    tape.read();
    // An end in it: final, removed.
    hub.group("alice").event(&price("BTC", 51)).event(&Fill(51)).broadcast();
    hub.group("alice").event(&price("BTC", 52).last()).event(&Fill(52)).broadcast();
    tape.read();
    tape.stream()
}

/// What the device has comes again: after a connection that somebody made with an older cursor, and after one that was
/// given up.
pub(crate) fn duplicates() -> Stream {
    let mut tape = tape();
    let cursor = |tape: &Tape| tape.device.cursor().unwrap().to_string();
    let oldest = cursor(&tape);
    tape.hub.broadcast("alice", &price("BTC", 1));
    fills(&tape, 1..4);
    tape.hub.group("alice").event(&Fill(4)).event(&Total(4.0)).event(&Fill(5)).broadcast();
    tape.read();
    let old = cursor(&tape);
    tape.hub.broadcast("alice", &price("BTC", 2));
    tape.hub.clear_key::<AnyPrice>("alice", "BTC");
    fills(&tape, 6..8);
    tape.read();
    for older in [&old, &oldest] {
        tape.cut();
        fills(&tape, 8..9);
        tape.connect_from(older);
        tape.read();
    }
    // A record goes astray. It comes again, and with it the State that the device had already.
    fills(&tape, 9..10);
    tape.hub.broadcast("alice", &price("ETH", 1));
    tape.hub.broadcast("alice", &price("SOL", 1));
    tape.hub.clear_key::<AnyPrice>("alice", "SOL");
    fills(&tape, 10..11);
    tape.read_but(is_log(9));
    assert!(!tape.is_connected());
    tape.connect();
    tape.read();
    // The same frame twice, which no hub sends.
    fills(&tape, 11..12);
    tape.read();
    let twice = tape.last_frame();
    tape.receive(&twice);
    tape.read();
    tape.stream()
}

/// Log frames go astray on the way: what shows it, and that it is asked for once.
pub(crate) fn astray() -> Stream {
    let mut tape = Tape::new(short(6));
    let back = |tape: &mut Tape, lost: &dyn Fn(&Frame) -> bool| {
        assert!(!tape.is_connected(), "it has found out");
        tape.connect();
        tape.read_but(lost);
    };
    let none: &dyn Fn(&Frame) -> bool = &|_| false;
    // The next record shows it.
    fills(&tape, 1..4);
    tape.read_but(is_log(2));
    back(&mut tape, none);
    // In a group, of which nothing counts then; and one that is missing between two members.
    tape.hub.group("alice").event(&Total(4.0)).event(&Fill(4)).event(&Fill(5)).event(&Fill(6)).broadcast();
    tape.read_but(is_log(5));
    back(&mut tape, none);
    // SYNCED shows it.
    tape.cut();
    fills(&tape, 7..8);
    tape.connect();
    tape.read_but(is_log(7));
    back(&mut tape, none);
    // A HEARTBEAT shows it, and CONNECTED does.
    tape.set_options(ConnectOptions::new().heartbeat(Some(25 * SECOND)));
    tape.come_back();
    fills(&tape, 8..9);
    tape.read_but(is_log(8));
    tape.pass(25 * SECOND);
    tape.read();
    back(&mut tape, none);
    fills(&tape, 9..10);
    tape.hub.broadcast("alice", &Total(9.0));
    tape.read_but(is_log(9));
    tape.cut();
    tape.connect();
    tape.read();
    back(&mut tape, none);
    // It goes astray again, and is declared; so are the next ones, until a SYNCED.
    fills(&tape, 10..14);
    tape.read_but(is_log(11));
    back(&mut tape, &|frame| is_log(11)(frame) || is_log(13)(frame));
    assert!(tape.is_connected());
    fills(&tape, 14..17);
    tape.read_but(is_log(15));
    back(&mut tape, none);
    // It went astray, and then was evicted: the gap covers it.
    fills(&tape, 17..18);
    tape.read_but(is_log(17));
    fills(&tape, 18..30);
    tape.read();
    fills(&tape, 30..31);
    tape.read();
    tape.stream()
}
