//! A trading desk: domain services behind an HTTP server push to every device of the right user.
//!
//! ```text
//! cargo run --example trading_desk --features axum,metrics
//! ```
//!
//! and open <http://127.0.0.1:3000> in a window and a private window, as Alice and as Bob: windows share their cookies.
//!
//! ```text
//! market ─► desk (one a user) ─► services ─► database ─► EventSink ─► hub ─► /ws, /events ─► page
//!             ▲                  chains, repository, breaker, autopilot, profit
//!             └── POST /api/… ◄──────────────────────────────────────────────────────────── buttons
//! ```
//!
//! `/metrics` is what Prometheus asks for: what the hub counts.
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `ADDR` | where to listen; port 0 is any free one | `127.0.0.1:3000` |
//! | `DATA_DIR` | database and session key; delete it to begin anew | `data` |
//! | `SEED` | of the prices, when a desk begins | 7 |
//! | `TICK_MS` | milliseconds between two moves of the prices | 500 |
//! | `SESSION_SECONDS` | how long a sign-in lasts | 43200 |
//! | `HEARTBEAT_SECONDS` | between two heartbeats; after 2.5 without a word a page comes back anew | 25 |

#![expect(unreachable_pub, reason = "in a program, `pub` says what a module offers to the others")]

mod assets;
mod database;
mod desk;
mod desks;
mod domain;
mod failure;
mod market;
mod prometheus;
mod random;
mod revocations;
mod routes;
mod server;
mod services;
mod session;
mod simulation;
mod state_source;
mod system;
mod time;

use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use user_hub::transport::OriginPolicy;
use user_hub::{EventSink, UserHub};

use crate::database::Database;
use crate::desks::Desks;
use crate::revocations::Revocations;
use crate::routes::App;
use crate::session::Sessions;
use crate::simulation::Simulation;
use crate::system::System;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let data = PathBuf::from(setting("DATA_DIR", concat!(env!("CARGO_MANIFEST_DIR"), "/data").to_owned())?);
    create_private_folder(&data)?;
    let lifetime = Duration::from_secs(setting("SESSION_SECONDS", 12 * 60 * 60)?);
    let sessions = Arc::new(Sessions::open(&data, lifetime)?);
    let database = Arc::new(Database::open(&data.join("desk.redb"))?);
    let revocations = Arc::new(Revocations::open(Arc::clone(&database))?);
    let seed = setting("SEED", 7)?;

    let metrics = prometheus::install()?;
    let stored = Arc::clone(&database);
    let hub = UserHub::builder()
        .state_source(move |user| state_source::load(Arc::clone(&stored), seed, user))
        .heartbeat(Duration::from_secs(setting("HEARTBEAT_SECONDS", 25)?))
        // A handful of devices may come back almost at once after a restart.
        .reconnect_spread(Duration::from_secs(2))
        .build()?;
    let maintained = hub.clone();
    tokio::spawn(async move { maintained.maintenance().await });

    let events: Arc<dyn EventSink + Send + Sync> = Arc::new(hub.clone());
    let desks = Arc::new(Desks::open(seed, &database, &events)?);
    let counted = hub.clone();
    let system = System::new(events, move || counted.connection_count());

    let listener = TcpListener::bind(setting("ADDR", "127.0.0.1:3000".to_owned())?).await?;
    println!("listening on http://{}", listener.local_addr()?);
    std::io::stdout().flush()?;

    let pace = Duration::from_millis(setting("TICK_MS", 500_u64)?.max(1));
    let simulation = Simulation::start(Arc::clone(&desks), system, pace)?;
    // No web page of another host. A client that is no browser has the cookie because it was given it.
    let origins = OriginPolicy::same_host().allow_missing();
    let app = App { hub: hub.clone(), sessions, revocations, desks: Arc::clone(&desks), database, origins, metrics };
    server::serve(listener, routes::routes(app), hub).await?;

    tokio::task::spawn_blocking(move || {
        simulation.stop();
        desks.flush()
    })
    .await??;
    Ok(())
}

/// An environment variable, or what stands for it.
fn setting<T: FromStr<Err: Error + 'static>>(name: &str, default: T) -> Result<T, Box<dyn Error>> {
    match std::env::var(name) {
        Ok(value) => value.parse().map_err(|error| format!("{name}={value}: {error}").into()),
        Err(std::env::VarError::NotPresent) => Ok(default),
        Err(error) => Err(format!("{name}: {error}").into()),
    }
}

/// The folder of database and key: for the user who runs this, and nobody else.
fn create_private_folder(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
