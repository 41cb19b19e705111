//! The hot paths. Each prepares, and counts one thing a turn; what it says is asserted, so that it is what was done.

use std::array;
use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};
use std::time::Instant;

use futures::{FutureExt, StreamExt};
use tokio::runtime::Builder;
use user_hub::{Broadcast, Clock, ConnectOptions, Connection, ErasedEvent, Outcome, Start, Timestamp, UserHub};

use crate::payload::{self, MarketProfit, Profit};
use crate::turn::Turn;

/// Its name, and what runs all its turns.
pub(crate) type HotPath = (&'static str, fn());

pub(crate) const HOT_PATHS: [HotPath; 19] = [
    ("encode the payload", encode),
    ("broadcast Log to nobody", broadcast_to_nobody),
    ("broadcast Log to 1 device", broadcast_log::<1>),
    ("broadcast Log to 3 devices", broadcast_log::<3>),
    ("broadcast Log to 10 devices", broadcast_log::<10>),
    ("broadcast State to 1 device", broadcast_state),
    ("a device takes 1 frame", take::<1>),
    ("a device takes 8 frames", take::<8>),
    ("broadcast, and 1 device takes it", broadcast_and_take::<1>),
    ("broadcast, and 10 devices take it", broadcast_and_take::<10>),
    ("burst of 20 to 20 users", burst),
    ("broadcast to all, the call", broadcast_to_all),
    ("a device takes what went to all", take_what_went_to_all),
    ("connect, disconnect", come_and_go),
    ("connect, first batch, disconnect", connect),
    ("resume after 0 records", resume::<0>),
    ("resume after 32 records", resume::<32>),
    ("1 frame becomes SSE text", sse::<1>),
    ("8 frames become SSE text", sse::<8>),
];

const TIME: Timestamp = Timestamp::from_milliseconds(1_767_225_600_123);

/// It stands still, so that a second which ends makes no difference.
struct StoppedClock(Instant);

impl Clock for StoppedClock {
    fn now(&self) -> Instant {
        self.0
    }

    fn wall(&self) -> Timestamp {
        TIME
    }
}

/// A hub, and the only one of its users whom the events are for. Others would add nothing but chance: in which shard they
/// are, and so what the heap looks like.
struct Host {
    hub: UserHub,
    user: String,
}

impl Host {
    fn new() -> Self {
        let hub = UserHub::builder().clock(StoppedClock(Instant::now())).build().expect("the limits agree");
        // The epoch of a mailbox is random. One that begins with a zero is seldom, and takes more to print.
        let mut users = (0..).map(|number| format!("user-alice-{number}"));
        let user = users.find(|user| !cursor(&mut hub.connect(user).expect("there is room")).starts_with('0'));
        Self { hub, user: user.expect("there are more names") }
    }

    fn broadcast(&self, profit: &Profit) -> Outcome {
        self.hub.broadcast(&self.user, profit)
    }

    fn connected(&self) -> Connection {
        connected(&self.hub, &self.user)
    }
}

fn profit() -> Profit {
    let mut profit = Profit::new();
    profit.0.timestamp = TIME;
    profit
}

fn market_profit() -> MarketProfit {
    let mut profit = MarketProfit::new();
    profit.0.timestamp = TIME;
    profit
}

/// A device that has taken what there is, and waits.
fn connected(hub: &UserHub, user: &str) -> Connection {
    let mut device = hub.connect(user).expect("there is room");
    assert_eq!(taken(&mut device), 2, "CONNECTED and SYNCED");
    device
}

/// Takes what there is, as a transport does.
fn taken(device: &mut Connection) -> usize {
    std::iter::from_fn(|| device.next().now_or_never().flatten()).inspect(|frame| _ = black_box(frame.text())).count()
}

/// Where a device stands that has taken what there is.
fn cursor(device: &mut Connection) -> String {
    let frames = std::iter::from_fn(|| device.next().now_or_never().flatten());
    frames.filter_map(|frame| frame.cursor()).last().expect("SYNCED has one").to_string()
}

fn encode() {
    let profit = profit();
    for turn in Turn::all() {
        turn.count(|| black_box(&profit).data()).expect("it has a text");
    }
}

fn broadcast_to_nobody() {
    let (host, profit) = (Host::new(), profit());
    for (turn, number) in Turn::all().zip(0..) {
        // How soon it is clear that a user is not there differs a little from name to name.
        let nobody = format!("nobody-{number:03}");
        assert_eq!(turn.count(|| host.hub.broadcast(&nobody, &profit)), Outcome::NoAudience);
    }
}

fn broadcast_log<const DEVICES: usize>() {
    let (host, profit) = (Host::new(), profit());
    let mut devices: [_; DEVICES] = array::from_fn(|_| host.connected());
    for turn in Turn::all() {
        let outcome = turn.count(|| host.broadcast(&profit));
        assert_eq!(outcome, Outcome::Queued { connections: DEVICES });
        devices.iter_mut().for_each(|device| assert_eq!(taken(device), 1));
    }
}

fn broadcast_state() {
    let (host, mut pnl) = (Host::new(), payload::state());
    pnl.timestamp = TIME;
    let mut device = host.connected();
    for turn in Turn::all() {
        let outcome = turn.count(|| host.hub.broadcast(&host.user, &pnl));
        assert_eq!(outcome, Outcome::Queued { connections: 1 });
        assert_eq!(taken(&mut device), 1);
    }
}

fn take<const FRAMES: usize>() {
    let (host, profit) = (Host::new(), profit());
    let mut device = host.connected();
    for turn in Turn::all() {
        (0..FRAMES).for_each(|_| drop(host.broadcast(&profit)));
        assert_eq!(turn.count(|| taken(&mut device)), FRAMES);
    }
}

fn broadcast_and_take<const DEVICES: usize>() {
    let (host, profit) = (Host::new(), profit());
    let mut devices: [_; DEVICES] = array::from_fn(|_| host.connected());
    for turn in Turn::all() {
        let frames: usize = turn.count(|| {
            host.broadcast(&profit);
            devices.iter_mut().map(taken).sum()
        });
        assert_eq!(frames, DEVICES);
    }
}

fn burst() {
    let (host, profit) = (Host::new(), profit());
    let users: [_; 20] = array::from_fn(|number| format!("user-alice-{number}"));
    let mut devices: Vec<_> = users.iter().map(|user| connected(&host.hub, user)).collect();
    for turn in Turn::all() {
        turn.count(|| host.hub.burst(|burst| users.iter().for_each(|user| drop(burst.broadcast(user, &profit)))));
        devices.iter_mut().for_each(|device| assert_eq!(taken(device), 1));
    }
}

/// Whether a future wants to be polled.
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A broadcast to all and one device's take of it, of which `count` counts one. The hub's maintenance wakes everybody.
fn to_all(count: impl Fn(&Turn, &mut dyn FnMut() -> Outcome, &mut dyn FnMut() -> usize)) {
    let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
    let _entered = runtime.enter();
    let (host, profit) = (Host::new(), market_profit());
    let mut maintenance = pin!(host.hub.maintenance());
    let woken = Arc::new(Woken(AtomicBool::new(true)));
    let waker = Waker::from(Arc::clone(&woken));
    let mut device = host.connected();
    for turn in Turn::all() {
        while woken.0.swap(false, Ordering::Relaxed) {
            assert!(maintenance.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        }
        count(&turn, &mut || host.hub.broadcast_to_all(&profit), &mut || taken(&mut device));
    }
}

fn broadcast_to_all() {
    to_all(|turn, broadcast, take| {
        turn.count(broadcast);
        assert_eq!(take(), 1);
    });
}

fn take_what_went_to_all() {
    to_all(|turn, broadcast, take| {
        broadcast();
        assert_eq!(turn.count(take), 1);
    });
}

fn come_and_go() {
    let host = Host::new();
    for turn in Turn::all() {
        turn.count(|| drop(host.hub.connect(&host.user).expect("there is room")));
    }
}

fn connect() {
    let host = Host::new();
    let _other = host.connected();
    for turn in Turn::all() {
        turn.count(|| drop(host.connected()));
    }
}

fn resume<const MISSED: usize>() {
    let (host, profit) = (Host::new(), profit());
    let mut device = host.connected();
    host.broadcast(&profit);
    let cursor = cursor(&mut device);
    (0..MISSED).for_each(|_| drop(host.broadcast(&profit)));
    for turn in Turn::all() {
        let frames = turn.count(|| {
            let options = ConnectOptions::new().start(Start::resume(&cursor));
            taken(&mut host.hub.connect_with(&host.user, options).expect("there is room"))
        });
        assert_eq!(frames, MISSED + 2, "each record, CONNECTED and SYNCED");
    }
}

fn sse<const FRAMES: usize>() {
    let (host, profit) = (Host::new(), profit());
    let mut text = host.connected().into_sse();
    for turn in Turn::all() {
        (0..FRAMES).for_each(|_| drop(host.broadcast(&profit)));
        let chunk = turn.count(|| text.next().now_or_never().flatten()).expect("there is something");
        assert_eq!(chunk.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"data: ")).count(), FRAMES);
        // It waits again.
        assert_eq!(text.next().now_or_never(), None);
    }
}
