//! Thousands of sockets, for minutes, with all that goes wrong: devices that stall, are cut, vanish and come back; a server
//! that is killed and drained; a StateSource that is slow and fails. At the end every screen is compared with the books.
//!
//! `cargo run --release -p user-hub-soak -- --sockets 10000 --seconds 180 --seed 1 --restarts 3 --rounds 3 --rate 1000`
//!
//! Two processes of this program: a server, and the driver with all devices. Each has a file descriptor a socket; the
//! driver raises its limit as far as it may, and uses fewer sockets, aloud, where that is not enough. It says in the end
//! what happened, and ends with 0 only if everything holds. "Load and faults" in the guide to the tests says what is looked
//! at.

mod arguments;
mod audit;
mod counts;
mod facts;
mod ledger;
mod memory;
mod process;
mod publisher;
mod run;
mod seat;
mod server;
mod wire;

use std::error::Error;
use std::process::ExitCode;

use arguments::Arguments;
use peak_alloc::PeakAlloc;
use run::{Desk, Run};
use server::Life;

/// Counts what is allocated, which says more of a leak than what the system's allocator keeps for later.
#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// What ends a run.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// File descriptors besides those of the sockets.
const SPARE: usize = 200;

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let ended = match words.split_first() {
        Some((first, life)) if first == "serve" => serve(life).await,
        _ => drive(words).await,
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(life: &[String]) -> Result<(), Failure> {
    server::serve(Life::from_arguments(life)?).await
}

async fn drive(words: Vec<String>) -> Result<(), Failure> {
    let mut arguments = Arguments::read(words.into_iter())?;
    // The server inherits it.
    let descriptors = usize::try_from(rlimit::increase_nofile_limit(u64::MAX)?)?;
    // A device that vanishes keeps its socket, beside that with which it comes back.
    let most = descriptors.saturating_sub(SPARE) * 2 / 3;
    if most < arguments.sockets {
        println!("only {descriptors} file descriptors: {most} sockets instead of {}", arguments.sockets);
        arguments.sockets = most;
    }
    let desk = Desk::new()?;
    let mut run = Run::new(arguments, &desk)?;
    let ended = run.go().await;
    println!("\n{}", run.summary());
    let failures = run.failures();
    failures.iter().take(20).for_each(|failure| eprintln!("{failure}"));
    if failures.len() > 20 {
        eprintln!("and {} more", failures.len() - 20);
    }
    ended?;
    println!("everything holds");
    Ok(())
}
