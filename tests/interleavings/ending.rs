//! Ends against everything that begins: exactly one CLOSING, and nobody slips through.

use std::sync::Arc;
use std::time::Duration;

use shuttle::future::block_on;
use shuttle::sync::atomic::{AtomicBool, Ordering};
use user_hub::{CloseCode, CloseReason, ConnectError, ConnectOptions, Outcome};

use crate::check::{beside, check};
use crate::device::{Device, snapshot};
use crate::events::{Alarm, Fill, Total, hub};

const SHUTTING_DOWN: u64 = 1001;
const SIGNED_OUT: u64 = 3503;

#[test]
fn a_device_that_connects_during_a_shutdown_is_refused_or_closed() {
    check(|| {
        let hub = hub();
        let service = beside(&hub, |hub| hub.shutdown());
        match hub.connect("alice") {
            Ok(connection) => {
                let mut phone = Device::new(connection);
                phone.reads_to_the_end();
                assert_eq!(phone.seen.closed, Some(SHUTTING_DOWN));
            }
            Err(error) => assert_eq!(error, ConnectError::Closed),
        }
        service.join().unwrap();
        assert_eq!(hub.connect("alice").err(), Some(ConnectError::Closed));
        assert_eq!(hub.broadcast("alice", &Total(1)), Outcome::Closed);
        assert_eq!(hub.connection_count(), 0);
    });
}

#[test]
fn a_device_that_waits_hears_of_a_shutdown_whatever_is_broadcast_meanwhile() {
    check(|| {
        let hub = hub();
        let mut phone = Device::synced(&hub, "alice");
        let service = beside(&hub, |hub| hub.broadcast("alice", &Fill(1)));
        let end = beside(&hub, |hub| hub.shutdown());
        phone.reads_to_the_end();
        assert_eq!(phone.seen.closed, Some(SHUTTING_DOWN));
        service.join().unwrap();
        end.join().unwrap();
    });
}

#[test]
fn a_device_that_drains_gets_all_that_was_queued_before_it_closes() {
    check(|| {
        let hub = hub();
        let mut phone = Device::synced(&hub, "alice");
        let service = beside(&hub, |hub| [1, 2].map(|number| hub.broadcast("alice", &Fill(number))));
        let end = beside(&hub, |hub| {
            hub.broadcast_to_all(&Alarm(3));
            block_on(hub.drain(Duration::from_secs(1)))
        });
        phone.reads_to_the_end();
        assert_eq!(phone.seen.closed, Some(SHUTTING_DOWN));
        assert_eq!(phone.seen.logged("ALARM"), [3]);
        let fills = phone.seen.logged("FILL");
        drop(phone);
        assert_eq!(end.join().unwrap().connections, 0, "a drain ends when the last connection has");
        for (number, outcome) in (1..).zip(service.join().unwrap()) {
            let was_queued = matches!(outcome, Outcome::Queued { .. });
            assert!(!was_queued || fills.contains(&number), "{number} was {outcome:?}, seen were {fills:?}");
        }
    });
}

#[test]
fn a_session_that_signs_out_while_it_connects_is_refused_or_closed() {
    check(|| {
        let hub = hub();
        let end = beside(&hub, |hub| hub.close_session("alice", "s-1", &CloseReason::new(CloseCode::SIGNED_OUT)));
        let connect = || hub.connect_with("alice", ConnectOptions::new().session("s-1"));
        match connect() {
            Ok(connection) => {
                let mut phone = Device::new(connection);
                phone.reads_to_the_end();
                assert_eq!(phone.seen.closed, Some(SIGNED_OUT));
            }
            Err(error) => assert_eq!(error, ConnectError::SessionEnded),
        }
        end.join().unwrap();
        assert_eq!(connect().err(), Some(ConnectError::SessionEnded));
    });
}

#[test]
fn a_session_that_is_refused_leaves_a_user_without_a_trace_and_spares_the_others() {
    check(|| {
        let hub = hub();
        let end = beside(&hub, |hub| hub.close_session("alice", "s-1", &CloseReason::new(CloseCode::SIGNED_OUT)));
        let other = beside(&hub, |hub| hub.connect_with("alice", ConnectOptions::new().session("s-2")).unwrap());
        drop(hub.connect_with("alice", ConnectOptions::new().session("s-1")));
        end.join().unwrap();
        let mut other = Device::new(other.join().unwrap());
        assert_eq!(hub.broadcast("alice", &Total(1)), Outcome::Queued { connections: 1 });
        other.reads_until(|seen| seen.state("TOTAL") == Some(1));
        assert_eq!(snapshot(&hub, "alice").state("TOTAL"), Some(1));
    });
}

#[test]
fn a_device_sees_that_it_was_told_to_close_before_its_next_frame() {
    check(|| {
        let hub = hub();
        let mut phone = Device::synced(&hub, "alice");
        (1..=3).for_each(|number| {
            hub.broadcast("alice", &Fill(number));
        });
        let was_told = Arc::new(AtomicBool::new(false));
        let id = phone.connection().id();
        let end = beside(&hub, {
            let was_told = Arc::clone(&was_told);
            move |hub| {
                assert!(hub.close_connection("alice", id, &CloseReason::new(CloseCode::NORMAL)));
                was_told.store(true, Ordering::SeqCst);
            }
        });
        loop {
            let must_close = was_told.load(Ordering::SeqCst);
            if !phone.reads_one() || phone.seen.closed.is_some() {
                break;
            }
            assert!(!must_close, "a frame came after the call had returned: {:?}", phone.seen);
        }
        phone.reads_to_the_end();
        end.join().unwrap();
    });
}
