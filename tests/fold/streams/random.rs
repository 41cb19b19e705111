//! A long stream with everything mixed.

use user_hub::testing::{Pace, Scenario};
use user_hub::{Clock, CloseCode, CloseReason, UserHub};

use super::super::event::{Alarm, AnyPrice, Fill, Notice, Total, price};
use super::super::stream::Stream;
use super::{SECOND, later};

/// Everything mixed, as chance has it: the paces of the device too.
pub(crate) fn random() -> Stream {
    let builder = UserHub::builder()
        .log_records(10)
        .state_keys(6)
        .log_age(40 * SECOND)
        .retention(70 * SECOND)
        .connections_per_user(3);
    let mut scenario = Scenario::with_builder(20_261_122, builder).unwrap();
    let phone = scenario.connect("alice", Pace::Fast).unwrap();
    let other = scenario.connect("alice", Pace::Reconnecting).unwrap();
    for number in 0..1_000 {
        for _ in 0..scenario.random().below(6) {
            happen(&mut scenario, number);
        }
        match scenario.random().below(100) {
            0 | 1 => scenario.restart(),
            2 => scenario.pass(90 * SECOND),
            3 => scenario.cut(phone),
            4 => {
                let reason = CloseReason::new(CloseCode::NORMAL).retry_after(2 * SECOND);
                scenario.hub().close_user("alice", &reason);
            }
            5..15 => {
                let paces = [
                    Pace::Fast,
                    Pace::Slow(1),
                    Pace::Slow(4),
                    Pace::Stalled,
                    Pace::Reconnecting,
                    Pace::Lossy,
                    Pace::Lossy,
                ];
                let pace = *scenario.random().pick(&paces);
                scenario.set_pace(phone, pace);
            }
            _ => {}
        }
        scenario.step();
    }
    scenario.assert_converged();
    assert!(scenario.transcript(other).len() > 500);
    Stream::of(scenario.transcript(phone))
}

/// Something happens, to Alice or to everybody.
fn happen(scenario: &mut Scenario, number: u64) {
    let symbol = *scenario.random().pick(&["BTC", "ETH", "SOL", "ADA", "", "__proto__", "ä"]);
    let wait = SECOND * scenario.random().below(20) as u32;
    let until = later(scenario.clock().wall(), wait);
    let amount = scenario.random().below(1_000_000) as f64 / 7.0;
    let hub = scenario.hub().clone();
    match scenario.random().below(14) {
        0 | 1 => hub.broadcast("alice", &price(symbol, amount)),
        2 => hub.broadcast("alice", &price(symbol, amount).until(until)),
        3 => hub.broadcast("alice", &price(symbol, amount).last()),
        4 => hub.clear_key::<AnyPrice>("alice", symbol),
        5 => hub.broadcast("alice", &Total(amount)),
        6 => hub.broadcast("alice", &Total(f64::NAN)),
        7 | 8 => hub.broadcast("alice", &Fill(number)),
        9 => hub.group("alice").event(&Fill(number)).event(&price(symbol, number)).event(&Total(amount)).broadcast(),
        10 => hub.group("alice").event(&price(symbol, number)).event(&Fill(number)).event(&Fill(amount)).broadcast(),
        11 => hub.group("alice").event(&Total(amount)).event(&price(symbol, amount).last()).broadcast(),
        12 => hub.broadcast_to_all(&Notice(number)),
        _ => hub.broadcast_to_all(&Alarm(number)),
    };
}
