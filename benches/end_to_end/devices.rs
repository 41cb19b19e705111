//! The devices of all users: what has been delivered to them.
//!
//! Invariant: an event counts as delivered when every connection has as many; one that is lost is waited for, and then
//! nothing that was measured counts.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;
use memchr::memmem::Finder;
use tokio::sync::Notify;

use crate::event::{SENT_AT, now};
use crate::servers::{Server, user};
use crate::socket::Socket;

/// Connections that are opened at the same time.
const AT_ONCE: usize = 64;
/// So long without anything, and something was lost.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Clone)]
pub(crate) struct Devices {
    delivered: Arc<Mutex<Delivered>>,
    progress: Arc<Notify>,
}

pub(crate) struct Delivered {
    connections: usize,
    /// Events that every connection has.
    everywhere: u64,
    /// How many connections do not have the events after those.
    missing: VecDeque<usize>,
    /// To all of them.
    total: u64,
    /// From the call to here, in nanoseconds, while it is asked for.
    latency: Option<Histogram<u64>>,
}

impl Devices {
    /// Connects them all.
    pub(crate) async fn connect(server: Server, port: u16, connections: usize, devices_a_user: usize) -> Self {
        let delivered = Delivered { connections, everywhere: 0, missing: VecDeque::new(), total: 0, latency: None };
        let devices = Self { delivered: Arc::new(Mutex::new(delivered)), progress: Arc::default() };
        let mut opening = tokio::task::JoinSet::new();
        for number in 0..connections {
            if opening.len() >= AT_ONCE {
                opening.join_next().await;
            }
            let devices = devices.clone();
            opening.spawn(async move {
                let user = user(number / devices_a_user);
                let socket = Socket::open(port, server.path(), &user, server.greeting()).await;
                let socket = socket.expect("the server takes it");
                tokio::spawn(devices.read(socket));
            });
        }
        while let Some(opened) = opening.join_next().await {
            opened.expect("it is connected");
        }
        devices
    }

    async fn read(self, mut socket: Socket) {
        let sent_at = Finder::new(SENT_AT);
        let mut before = 0;
        loop {
            let mut events = 0;
            let text = |text: &[u8]| {
                if let Some(found) = sent_at.find(text) {
                    self.delivered().record(&text[found + SENT_AT.len()..]);
                    events += 1;
                }
            };
            socket.read(text).await.expect("the server stays");
            if events > 0 && self.delivered().add(before, events) {
                self.progress.notify_one();
            }
            before += events;
        }
    }

    pub(crate) fn delivered(&self) -> MutexGuard<'_, Delivered> {
        self.delivered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `is_enough` says so.
    pub(crate) async fn wait(&self, is_enough: impl Fn(&Delivered) -> bool) {
        while !is_enough(&self.delivered()) {
            let waited = tokio::time::timeout(PATIENCE, self.progress.notified()).await;
            waited.expect("something was lost");
        }
    }
}

impl Delivered {
    /// Notes how long ago it was sent, while that is asked for.
    fn record(&mut self, sent_at: &[u8]) {
        if let Some(latency) = &mut self.latency {
            latency.saturating_record(now().saturating_sub(number(sent_at)));
        }
    }

    /// A connection has so many more; says whether somebody may wait for that.
    fn add(&mut self, before: u64, events: u64) -> bool {
        self.total += events;
        for event in before..before + events {
            let place = usize::try_from(event - self.everywhere).expect("it is one of the next");
            while self.missing.len() <= place {
                self.missing.push_back(self.connections);
            }
            self.missing[place] -= 1;
        }
        let everywhere = self.everywhere;
        while self.missing.front() == Some(&0) {
            self.missing.pop_front();
            self.everywhere += 1;
        }
        self.everywhere > everywhere || self.latency.is_some()
    }

    pub(crate) const fn everywhere(&self) -> u64 {
        self.everywhere
    }

    pub(crate) const fn total(&self) -> u64 {
        self.total
    }

    /// From now on.
    pub(crate) fn time(&mut self) {
        self.latency = Some(Histogram::new_with_bounds(1, 10_000_000_000, 3).expect("the bounds are right"));
    }

    /// What a part of the deliveries did not exceed, in microseconds.
    pub(crate) fn latency(&self, part: f64) -> f64 {
        self.latency.as_ref().map_or(f64::NAN, |latency| latency.value_at_quantile(part) as f64 / 1_000.0)
    }
}

fn number(digits: &[u8]) -> u64 {
    digits
        .iter()
        .take_while(|digit| digit.is_ascii_digit())
        .fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
}
