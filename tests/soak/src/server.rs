//! The server, a process to kill: a hub with narrow limits, a slow and unreliable StateSource, and what the driver asks for.

use std::fmt;
use std::io;
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use user_hub::testing::Random;
use user_hub::transport::OriginPolicy;
use user_hub::transport::axum::{SseRequest, WebSocketRequest};
use user_hub::{ConfigError, LoadedState, UserHub, UserHubBuilder};

use crate::Failure;
use crate::facts::load;
use crate::ledger::Ledger;
use crate::memory::Memory;
use crate::publisher::Publisher;

/// How long the Log of a user who has left is kept.
pub(crate) const RETENTION: Duration = Duration::from_secs(3);
const LOAD_DEADLINE: Duration = Duration::from_secs(2);
const DRAIN: Duration = Duration::from_secs(5);
const PUBLISHERS: usize = 2;

/// What a server is started with: the arguments of its process.
#[derive(Debug, Clone)]
pub(crate) struct Life {
    pub(crate) ledger: PathBuf,
    pub(crate) users: usize,
    /// Calls a second.
    pub(crate) rate: usize,
    pub(crate) seed: u64,
    /// Without it a device that is not woken stays behind for good; with it, one that vanished is found out.
    pub(crate) heartbeat: Option<Duration>,
}

impl Life {
    pub(crate) fn arguments(&self) -> Vec<String> {
        let heartbeat = self.heartbeat.map_or(0, |heartbeat| heartbeat.as_millis());
        let ledger = self.ledger.display().to_string();
        vec![ledger, self.users.to_string(), self.rate.to_string(), self.seed.to_string(), heartbeat.to_string()]
    }

    pub(crate) fn from_arguments(arguments: &[String]) -> Result<Self, Failure> {
        let [ledger, users, rate, seed, heartbeat] = arguments else {
            return Err("a server has five arguments".into());
        };
        let heartbeat = Some(heartbeat.parse()?).filter(|milliseconds| *milliseconds > 0);
        Ok(Self {
            ledger: ledger.into(),
            users: users.parse()?,
            rate: rate.parse()?,
            seed: seed.parse()?,
            heartbeat: heartbeat.map(Duration::from_millis),
        })
    }
}

/// What a server says of itself.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) connections: usize,
    pub(crate) users: usize,
    pub(crate) mailboxes: usize,
    pub(crate) bytes: usize,
    pub(crate) rejected: u64,
    pub(crate) calls: u64,
    pub(crate) loads: u64,
    pub(crate) loads_failed: u64,
    /// What its process takes now, and what it took before its first device.
    pub(crate) memory: Memory,
    pub(crate) memory_at_first: Memory,
}

#[derive(Clone)]
struct Server {
    hub: UserHub,
    publisher: Arc<Publisher>,
    source: Arc<Source>,
    memory_at_first: Memory,
}

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Server").finish_non_exhaustive()
    }
}

impl Server {
    fn report(&self) -> Report {
        let stats = self.hub.stats();
        Report {
            connections: stats.connections,
            users: stats.users,
            mailboxes: stats.mailboxes,
            bytes: stats.bytes,
            rejected: stats.rejected,
            calls: self.publisher.calls(),
            loads: self.source.loads.load(Ordering::Relaxed),
            loads_failed: self.source.failed.load(Ordering::Relaxed),
            memory: Memory::now(),
            memory_at_first: self.memory_at_first,
        }
    }
}

/// Serves on the socket that is its standard input, until it is killed, or interrupted.
pub(crate) async fn serve(life: Life) -> Result<(), Failure> {
    let listener = TcpListener::from(io::stdin().as_fd().try_clone_to_owned()?);
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let ledger = Arc::new(Ledger::open(&life.ledger, life.users)?);
    let source = Arc::new(Source::new(&ledger, life.seed));
    let hub = hub(&life, &source)?;
    let publisher = Arc::new(Publisher::new(&hub, &ledger));
    publisher.tell_notice_again();
    for thread in 0..PUBLISHERS {
        let (publisher, random) = (Arc::clone(&publisher), Random::new(life.seed.wrapping_add(thread as u64)));
        thread::spawn(move || publisher.run(random, life.rate / PUBLISHERS));
    }
    tokio::spawn({
        let hub = hub.clone();
        async move { hub.maintenance().await }
    });
    let server = Server { hub: hub.clone(), publisher, source, memory_at_first: Memory::now() };
    let router = Router::new()
        .route("/ws/{user}", get(websocket))
        .route("/events/{user}", get(events))
        .route("/report", get(report))
        .route("/do/{what}", post(command))
        .with_state(server);
    tokio::select! {
        ended = async { axum::serve(listener, router).await } => ended?,
        _ = tokio::signal::ctrl_c() => {
            let left = hub.drain(DRAIN).await;
            println!("  drained: {} of the connections had not taken everything after {DRAIN:?}", left.connections);
        }
    }
    Ok(())
}

/// Less than what happens while a device is away or stalls, and more than what is true at once.
fn hub(life: &Life, source: &Arc<Source>) -> Result<UserHub, ConfigError> {
    let builder = UserHub::builder()
        .log_records(32)
        .log_bytes(16 * 1024)
        .log_age(RETENTION)
        .retention(RETENTION)
        .state_keys(15)
        .state_bytes(16 * 1024)
        .event_bytes(1024)
        .key_bytes(32)
        .absent_users(life.users.div_ceil(20))
        .connections_per_user(8)
        .reconnect_spread(Duration::from_secs(2))
        .load_deadline(LOAD_DEADLINE)
        .pong_timeout(Duration::from_secs(5));
    let with_heartbeat = |builder: UserHubBuilder| match life.heartbeat {
        Some(interval) => builder.heartbeat(interval),
        None => builder.without_heartbeat(),
    };
    let source = Arc::clone(source);
    with_heartbeat(builder).state_source(move |user| Arc::clone(&source).load(user.as_str().to_owned())).build()
}

/// The database, as it is on a bad day.
struct Source {
    ledger: Arc<Ledger>,
    seed: u64,
    is_bad_day: AtomicBool,
    loads: AtomicU64,
    failed: AtomicU64,
}

impl Source {
    fn new(ledger: &Arc<Ledger>, seed: u64) -> Self {
        Self {
            ledger: Arc::clone(ledger),
            seed,
            is_bad_day: false.into(),
            loads: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        }
    }

    async fn load(self: Arc<Self>, user: String) -> Option<LoadedState> {
        let number = self.loads.fetch_add(1, Ordering::Relaxed);
        let mut random = Random::new(self.seed ^ number.rotate_left(32));
        let is_bad_day = self.is_bad_day.load(Ordering::Relaxed);
        let user: usize = user.strip_prefix("user-").and_then(|user| user.parse().ok())?;
        // Sometimes what it read is old when it is there.
        let (before, behind) = (random.one_in(2), random.below(200) as u64);
        let wait = if is_bad_day && random.one_in(60) { LOAD_DEADLINE.as_millis() as u64 * 2 } else { behind };
        if !before {
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
        let state = {
            let account = self.ledger.account(user);
            account.live().fold(LoadedState::new(), |state, (name, value)| load(state, user, name, value))
        };
        if before {
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
        if is_bad_day && random.one_in(40) {
            self.failed.fetch_add(1, Ordering::Relaxed);
            if random.one_in(2) {
                // As a panic, without a line on the terminal.
                std::panic::resume_unwind(Box::new("the database is away"));
            }
            return None;
        }
        Some(state)
    }
}

async fn websocket(State(server): State<Server>, Path(user): Path<String>, device: WebSocketRequest) -> Response {
    device.serve(&server.hub, &user, &OriginPolicy::same_host().allow_missing())
}

async fn events(State(server): State<Server>, Path(user): Path<String>, device: SseRequest) -> Response {
    device.serve(&server.hub, &user, &OriginPolicy::same_host().allow_missing())
}

async fn report(State(server): State<Server>) -> Json<Report> {
    Json(server.report())
}

/// What the driver asks for; answered when it is done.
async fn command(State(server): State<Server>, Path(what): Path<String>) -> Json<Report> {
    let asked = server.clone();
    let done = tokio::task::spawn_blocking(move || {
        asked.source.is_bad_day.store(what == "storm", Ordering::Relaxed);
        asked.publisher.turn(what == "storm");
        match &*what {
            "word" => asked.publisher.last_word(),
            "close" => asked.publisher.close_books(),
            _ => {}
        }
    });
    done.await.expect("what is asked for does not panic");
    Json(server.report())
}
