//! The health of the whole installation: the same for everybody, so it goes to everybody.

use std::sync::Arc;

use user_hub::prelude::*;
use user_hub::{EventSink, Timestamp, trading::SystemStatus};

const TICKS_BETWEEN: u64 = 6;

pub struct System {
    events: Arc<dyn EventSink + Send + Sync>,
    connected: Box<dyn Fn() -> usize + Send>,
    started_at: Timestamp,
    ticks: u64,
}

impl System {
    /// `connected` counts the devices that listen at the moment.
    pub fn new(events: Arc<dyn EventSink + Send + Sync>, connected: impl Fn() -> usize + Send + 'static) -> Self {
        Self { events, connected: Box::new(connected), started_at: Timestamp::now(), ticks: 0 }
    }

    /// Tells how things stand, at once and then every few ticks.
    pub fn tick(&mut self, stored: bool, in_time: bool) {
        if self.ticks % TICKS_BETWEEN == 0 {
            let mut status = SystemStatus::new(self.started_at);
            // Exchange and cache are simulated within this program, so they are there as long as it runs.
            status.binance_connected = true;
            status.redis_connected = true;
            status.database_connected = stored;
            status.api_healthy = in_time;
            status.websocket_clients = u32::try_from((self.connected)()).unwrap_or(u32::MAX);
            self.events.broadcast_to_all(&status);
        }
        self.ticks += 1;
    }
}
