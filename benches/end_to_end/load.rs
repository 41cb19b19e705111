//! The load client: connects thousands of devices, orders events, and says how they came.
//!
//! Invariant: at most so many events are ordered and not delivered that no server has to drop one, the same for all.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{MissedTickBehavior, interval};

use crate::devices::Devices;
use crate::process::Process;
use crate::servers::Server;

/// Single events to a connection that may be undelivered.
const AHEAD: u64 = 8;
const BURST: u64 = 8;
/// Bursts to a connection that may be: one that is on its way, and one that comes meanwhile.
const BURSTS_AHEAD: u64 = 2;
/// One event in so long is a modest rate.
const MODEST: Duration = Duration::from_millis(1);
/// Until a server that has nothing to do does nothing.
const SETTLE: Duration = Duration::from_millis(500);

/// What one run is to measure.
pub(crate) struct Order {
    pub(crate) server: Server,
    pub(crate) process: u32,
    pub(crate) port: u16,
    pub(crate) orders: u16,
    pub(crate) connections: usize,
    pub(crate) devices: usize,
    /// Of each measurement.
    pub(crate) phase: Duration,
}

impl Order {
    pub(crate) fn write(&self) -> Vec<String> {
        let numbers = [u64::from(self.process), self.port.into(), self.orders.into(), self.connections as u64];
        let numbers = numbers.into_iter().chain([self.devices as u64, self.phase.as_millis() as u64]);
        std::iter::once(self.server.name().to_owned()).chain(numbers.map(|number| number.to_string())).collect()
    }

    pub(crate) fn read(written: &[&str]) -> Self {
        fn number<N: std::str::FromStr>(text: &str) -> N {
            text.parse().unwrap_or_else(|_| panic!("{text} is not such a number"))
        }
        let [server, process, port, orders, connections, devices, phase] = *written else {
            panic!("an order has seven parts");
        };
        Self {
            server: Server::named(server).expect("a server"),
            process: number(process),
            port: number(port),
            orders: number(orders),
            connections: number(connections),
            devices: number(devices),
            phase: Duration::from_millis(number(phase)),
        }
    }
}

/// Measures, and prints a value for each row of the table.
pub(crate) async fn run(order: &Order) {
    let server = Process(order.process);
    let orders = TcpStream::connect((Ipv4Addr::LOCALHOST, order.orders)).await.expect("the server takes orders");
    orders.set_nodelay(true).expect("it is a TCP socket");
    let before = server.resident();
    let devices = Devices::connect(order.server, order.port, order.connections, order.devices).await;
    tokio::time::sleep(SETTLE).await;
    let memory = server.resident().saturating_sub(before) as f64 / order.connections as f64;

    let mut load = Load { orders, devices, server, users: order.connections / order.devices };
    // The first events of a connection make room for those that follow, on both sides and in the kernel.
    load.saturate(BURST, BURSTS_AHEAD, order.phase).await;
    let singles = load.saturate(1, AHEAD, order.phase).await;
    let bursts = load.saturate(BURST, BURSTS_AHEAD, order.phase).await;
    let (half, nearly_all) = load.trickle(order.devices, order.phase).await;
    let values = [
        singles.rate,
        bursts.rate,
        singles.cost,
        bursts.cost,
        half,
        nearly_all,
        memory / 1_000.0,
        singles.share,
        bursts.share,
    ];
    println!("{}", values.map(|value| value.to_string()).join(" "));
}

struct Load {
    orders: TcpStream,
    devices: Devices,
    server: Process,
    users: usize,
}

/// What came of as much as the server can do.
struct Saturated {
    /// Deliveries a second.
    rate: f64,
    /// CPU seconds of the server for a million of them.
    cost: f64,
    /// How much of its core the server had, in percent.
    share: f64,
}

impl Load {
    async fn order(&mut self, events: u64, first: usize, count: usize) {
        let order = format!("{events} {first} {count}\n");
        self.orders.write_all(order.as_bytes()).await.expect("the server takes orders");
    }

    /// So many events in a row for everybody, again and again, as quickly as they are delivered.
    async fn saturate(&mut self, events: u64, ahead: u64, phase: Duration) -> Saturated {
        let everywhere = self.devices.delivered().everywhere();
        let total = self.devices.delivered().total();
        let (began, cpu) = (Instant::now(), self.server.processed());
        for _ in 0..ahead {
            self.order(events, 0, self.users).await;
        }
        let (mut ordered, mut delivered) = (ahead, 0);
        while delivered < ordered {
            delivered += 1;
            let awaited = everywhere + delivered * events;
            self.devices.wait(|delivered| delivered.everywhere() >= awaited).await;
            if began.elapsed() < phase {
                ordered += 1;
                self.order(events, 0, self.users).await;
            }
        }
        let (elapsed, cpu) = (began.elapsed().as_secs_f64(), (self.server.processed() - cpu).as_secs_f64());
        let deliveries = (self.devices.delivered().total() - total) as f64;
        Saturated { rate: deliveries / elapsed, cost: cpu * 1e6 / deliveries, share: cpu / elapsed * 100.0 }
    }

    /// One event to one user at a time; how long half of the deliveries and 99 of 100 took at most, in microseconds.
    async fn trickle(&mut self, devices: usize, phase: Duration) -> (f64, f64) {
        self.devices.delivered().time();
        let total = self.devices.delivered().total();
        let mut turns = interval(MODEST);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (began, mut ordered) = (Instant::now(), 0);
        while began.elapsed() < phase {
            turns.tick().await;
            self.order(1, ordered % self.users, 1).await;
            ordered += 1;
        }
        let awaited = total + (ordered * devices) as u64;
        self.devices.wait(|delivered| delivered.total() >= awaited).await;
        let delivered = self.devices.delivered();
        (delivered.latency(0.5), delivered.latency(0.99))
    }
}
