//! The clock of the example: a plain thread, as ticks wait for the disk and broadcasts need no runtime.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::desks::Desks;
use crate::system::System;

pub struct Simulation {
    stop: mpsc::Sender<()>,
    thread: JoinHandle<()>,
}

impl Simulation {
    pub fn start(desks: Arc<Desks>, mut system: System, pace: Duration) -> std::io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let run = move || {
            let mut next = Instant::now();
            loop {
                let stored = desks.tick();
                if let Err(error) = &stored {
                    eprintln!("a tick was lost: {error}");
                }
                next += pace;
                let now = Instant::now();
                let in_time = now <= next;
                // Ticks that were missed, as while a laptop sleeps, are not caught up with.
                next = next.max(now);
                system.tick(stored.is_ok(), in_time);
                match stopped.recv_timeout(next - now) {
                    Err(RecvTimeoutError::Timeout) => {}
                    Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        };
        let thread = thread::Builder::new().name("simulation".into()).spawn(run)?;
        Ok(Self { stop, thread })
    }

    /// Ends after the tick that may be running.
    pub fn stop(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            eprintln!("the simulation had panicked");
        }
    }
}
