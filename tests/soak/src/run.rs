//! The driver: the plan of a run, and what has to hold at each end.
//!
//! Storms, each ended by killing the server; one that is drained; then rounds with one server: a storm, calm, every screen
//! against the books, everybody leaves, and the hub holds nothing any more.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use user_hub::testing::Random;

use crate::Failure;
use crate::arguments::Arguments;
use crate::audit::Common;
use crate::counts::{Counts, read};
use crate::facts::{OFFER_LIFE, user_id};
use crate::ledger::{Books, Ledger};
use crate::memory::Memory;
use crate::process::Server;
use crate::seat::{Hall, Phase, Seat, Status};
use crate::server::Life;
use crate::wire::{Line, Transport};

/// How often everybody is told one thing more in the calm: who is not woken by one of them stays behind.
const WORDS: usize = 5;
/// In the last life there is none.
const HEARTBEAT: Duration = Duration::from_secs(5);
const MOST_DEVICES: usize = 5;
/// Devices that connect in one second, after all have lost their server together.
const CROWD: usize = 2_000;
/// How long nothing at all may move while something is waited for.
const PATIENCE: Duration = Duration::from_secs(45);
const LINE: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(100);

pub(crate) struct Run {
    arguments: Arguments,
    users: Vec<usize>,
    life: Life,
    server: Server,
    books: Books,
    hall: Arc<Hall>,
    phases: watch::Sender<Phase>,
    random: Random,
    began: Instant,
    printed: (Instant, u64),
    /// Calls of the servers before this one, and of this one.
    calls: (u64, u64),
}

/// A directory for the books, gone with the run.
#[derive(Debug)]
pub(crate) struct Desk(PathBuf);

impl Desk {
    pub(crate) fn new() -> Result<Self, Failure> {
        let path = std::env::temp_dir().join(format!("user-hub-soak-{}", std::process::id()));
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        // What is left there is left in a directory for temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Whose each device is: one to five of a user.
fn users(sockets: usize, random: &mut Random) -> Vec<usize> {
    let mut users = Vec::with_capacity(sockets);
    for user in 1.. {
        let devices = (1 + random.below(MOST_DEVICES)).min(sockets - users.len());
        users.extend(std::iter::repeat_n(user, devices));
        if users.len() == sockets {
            break;
        }
    }
    users
}

impl Run {
    pub(crate) fn new(arguments: Arguments, desk: &Desk) -> Result<Self, Failure> {
        let mut random = Random::new(arguments.seed);
        let users = users(arguments.sockets, &mut random);
        let count = users.last().copied().unwrap_or(0);
        let (ledger, rate) = (desk.0.join("ledger"), arguments.rate);
        drop(Ledger::open(&ledger, count)?);
        let books = Books::open(&ledger, count)?;
        let life = Life { ledger, users: count, rate, seed: random.bits(), heartbeat: Some(HEARTBEAT) };
        let (phases, seen) = watch::channel(Phase::Storm);
        let parts = arguments.restarts + 1 + arguments.rounds;
        let hall = Arc::new(Hall {
            seed: arguments.seed,
            counts: Arc::new(Counts::default()),
            common: Arc::new(Common::new(count)),
            phases: seen,
            span: Duration::from_secs(arguments.seconds) / u32::try_from(parts)?,
            spread: Duration::from_millis((arguments.sockets * 1_000 / CROWD).max(500) as u64),
            seats: (0..arguments.sockets).map(|_| Status::default()).collect(),
        });
        let (server, now) = (Server::start(&life)?, Instant::now());
        let (printed, calls) = ((now, 0), (0, 0));
        Ok(Self { arguments, users, life, server, books, hall, phases, random, began: now, printed, calls })
    }

    /// All of it; what does not hold is in the counts.
    pub(crate) async fn go(&mut self) -> Result<(), Failure> {
        println!("{} sockets of {} users, seed {}", self.users.len(), self.life.users, self.arguments.seed);
        let mut seats = JoinSet::new();
        for (number, user) in self.users.iter().copied().enumerate() {
            let transport = if self.random.one_in(2) { Transport::Sse } else { Transport::WebSocket };
            let line = Line { server: self.server.address, device: number, transport, user: user_id(user) };
            seats.spawn(Seat::new(&self.hall, number, user, line).run());
        }
        let result = self.plan().await;
        self.phases.send_replace(Phase::Over);
        while let Some(ended) = seats.join_next().await {
            ended?;
        }
        result
    }

    async fn plan(&mut self) -> Result<(), Failure> {
        for restart in 0..=self.arguments.restarts {
            self.storm(&format!("storm {}", restart + 1)).await?;
            if restart < self.arguments.restarts {
                self.server.kill().await?;
                println!("  the server is killed");
            } else {
                println!("  the server is interrupted");
                self.server.interrupt().await?;
                self.life.heartbeat = None;
            }
            self.life.seed = self.random.bits();
            self.calls = (self.calls.0 + self.calls.1, 0);
            self.hall.common.forget();
            self.server.start_again(&self.life)?;
        }
        let mut memory = Vec::new();
        for round in 1..=self.arguments.rounds {
            memory.push(self.round(round).await?);
        }
        let (first, last) = (memory[0], memory[memory.len() - 1]);
        if !last.is_back_at(first) {
            return Err(format!("the server has grown, in KiB: {memory:?}").into());
        }
        Ok(())
    }

    /// Traffic and faults for one part of the run.
    async fn storm(&mut self, name: &str) -> Result<(), Failure> {
        self.phases.send_replace(Phase::Storm);
        self.server.ask("storm").await?;
        let end = Instant::now() + self.hall.span;
        while Instant::now() < end {
            self.look(name).await?;
        }
        let report = self.server.report().await?;
        self.calls.1 = report.calls;
        if report.rejected > 0 {
            return Err(format!("the hub has refused {} broadcasts", report.rejected).into());
        }
        Ok(())
    }

    /// A storm, calm, the check, and an empty hub; returns the server's memory.
    async fn round(&mut self, round: u64) -> Result<Memory, Failure> {
        self.storm(&format!("round {round}")).await?;
        let name = format!("round {round}, calm");
        self.server.ask("calm").await?;
        self.phases.send_replace(Phase::Calm);
        self.wait(&name, "a part of their State", |_, seat| seat.is_whole.load(Ordering::Relaxed)).await?;
        let offers_are_over = Instant::now() + Duration::from_millis(OFFER_LIFE as u64 + 1_000);
        while Instant::now() < offers_are_over {
            self.look(&name).await?;
        }
        for _ in 0..WORDS {
            self.last_word(&name).await?;
        }
        self.check(&name, round * 2 - 1).await?;
        self.server.ask("close").await?;
        self.last_word(&name).await?;
        self.check(&name, round * 2).await?;
        self.server.ask("close").await?;
        self.phases.send_replace(Phase::Gone);
        self.empty(&name).await
    }

    /// Everybody is told one thing more, and has it.
    async fn last_word(&mut self, name: &str) -> Result<(), Failure> {
        self.server.ask("word").await?;
        self.books.read_on()?;
        // State, because a Log record that is older than its limit may give way to a GAP.
        let last: Vec<u64> = self.books.accounts.iter().map(|account| account.last).collect();
        let users = self.users.clone();
        let has_it = move |number: usize, seat: &Status| seat.last.load(Ordering::Relaxed) == last[users[number]];
        self.wait(name, "the last word", has_it).await
    }

    /// Every screen is compared with the books.
    async fn check(&mut self, name: &str, times: u64) -> Result<(), Failure> {
        self.phases.send_replace(Phase::Check(Arc::new(self.books.accounts.clone())));
        self.wait(name, "the comparison", move |_, seat| seat.checks.load(Ordering::Relaxed) == times).await?;
        println!("  {} screens are what the books say", self.users.len());
        Ok(())
    }

    /// Waits until something holds of every device.
    async fn wait(&mut self, name: &str, what: &str, holds: impl Fn(usize, &Status) -> bool) -> Result<(), Failure> {
        let (mut most, mut moved) = (0, Instant::now());
        loop {
            let hall = Arc::clone(&self.hall);
            let missing: Vec<usize> =
                hall.seats.iter().enumerate().filter(|(at, seat)| !holds(*at, seat)).map(|(at, _)| at).collect();
            if missing.is_empty() {
                return Ok(());
            }
            if hall.seats.len() - missing.len() > most {
                (most, moved) = (hall.seats.len() - missing.len(), Instant::now());
            }
            if moved.elapsed() > PATIENCE {
                let list: Vec<String> =
                    missing.iter().take(10).map(|at| format!("device {at} of {}", user_id(self.users[*at]))).collect();
                let (seed, list) = (self.arguments.seed, list.join(", "));
                let lacking = missing.len();
                return Err(format!("seed {seed}: nothing moves, and {lacking} devices lack {what}: {list}").into());
            }
            self.look(name).await?;
        }
    }

    /// Waits until the hub has forgotten everybody.
    async fn empty(&mut self, name: &str) -> Result<Memory, Failure> {
        let (mut last, mut moved) = (String::new(), Instant::now());
        loop {
            let report = self.server.report().await?;
            let held = (report.connections, report.users, report.mailboxes, report.bytes);
            if held == (0, 0, 0, 0) {
                println!(
                    "  the hub is empty, after {} loads, of which {} failed; its server has {}, and had {} before its first \
                     device",
                    report.loads, report.loads_failed, report.memory, report.memory_at_first
                );
                if !report.memory.is_within(report.memory_at_first, self.users.len()) {
                    let (is, was) = (report.memory, report.memory_at_first);
                    return Err(format!("the server has {is}, and had {was} before its first device").into());
                }
                return Ok(report.memory);
            }
            if last != format!("{held:?}") {
                (last, moved) = (format!("{held:?}"), Instant::now());
            }
            if moved.elapsed() > PATIENCE / 2 {
                return Err(
                    format!("everybody has left, and the hub has connections, users, mailboxes, bytes {last}").into()
                );
            }
            self.look(name).await?;
        }
    }

    /// A moment passes; prints a line now and then, and ends the run when something does not hold.
    async fn look(&mut self, name: &str) -> Result<(), Failure> {
        sleep(LOOK).await;
        let counts = &self.hall.counts;
        if counts.has_failed() {
            // Others may say more about it.
            sleep(Duration::from_secs(1)).await;
            return Err("a device is not right".into());
        }
        let (before, frames_before) = self.printed;
        if before.elapsed() >= LINE {
            let frames = read(&counts.frames);
            let cuts = read(&counts.cut) + read(&counts.vanished) + read(&counts.left);
            println!(
                "{:>4} s {name}: {} open, {:.0} frames/s, {cuts} cuts, {} stalls, {} + {} GAPs, {} RESETs, {} known and {} unknown \
                 cursors, server {} MiB",
                self.began.elapsed().as_secs(),
                read(&counts.open),
                (frames - frames_before) as f64 / before.elapsed().as_secs_f64(),
                read(&counts.stalled),
                read(&counts.gaps_evicted),
                read(&counts.gaps_unknown),
                read(&counts.resets),
                read(&counts.known),
                read(&counts.unknown),
                self.server.resident()? / 1024,
            );
            self.printed = (Instant::now(), frames);
        }
        Ok(())
    }

    pub(crate) fn summary(&self) -> String {
        let seconds = self.began.elapsed().as_secs_f64();
        let (calls, counts) = (self.calls.0 + self.calls.1, &self.hall.counts);
        format!("{calls} calls of services, {} frames, in {seconds:.0} s\n\n{counts}", read(&counts.frames))
    }

    pub(crate) fn failures(&self) -> Vec<String> {
        self.hall.counts.failures()
    }
}
