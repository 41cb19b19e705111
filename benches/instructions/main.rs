//! How many instructions the hot paths take, held against the baseline in the repository.
//!
//! `cargo bench -p user-hub-benches --bench instructions`
//!
//! Valgrind's callgrind counts them, each path in a process of its own, the mean of some turns without what prepares them:
//! the mood of the machine makes no difference. With `USER_HUB_WRITE=1` they become the baseline; else a path that takes
//! over 3 % more is a failure. With another compiler, valgrind or C library than the baseline's nothing is compared.

mod baseline;
#[path = "../callgrind.rs"]
mod callgrind;
#[path = "../machine.rs"]
mod machine;
mod paths;
#[path = "../payload.rs"]
mod payload;
mod turn;

use std::io;
use std::process::ExitCode;

use baseline::{AGAIN, Baseline, Tools};
use paths::HOT_PATHS;
use turn::{TOGGLE, TURNS};

/// A run of this executable that only does all turns of one path.
const RUN: &str = "--run";
/// How many processes a path gets at most.
const TRIES: usize = 6;

fn main() -> io::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == RUN) {
        let (_, run) = HOT_PATHS.iter().find(|(path, _)| *path == arguments[at + 1]).expect("a hot path");
        run();
        return Ok(ExitCode::SUCCESS);
    }
    let is_written = std::env::var_os("USER_HUB_WRITE").is_some();
    let baseline = if is_written { None } else { Some(Baseline::read()?) };
    let enough = |path: &str| baseline.as_ref().and_then(|baseline| baseline.allowed(path)).unwrap_or(0);
    let instructions = HOT_PATHS.iter().map(|&(path, _)| (path.to_owned(), least(path, enough(path)))).collect();
    let now = Baseline { tools: Tools::here(), instructions };
    Ok(match baseline {
        Some(baseline) => held_against(&baseline, &now),
        None => {
            now.write()?;
            println!("This is the baseline now.");
            ExitCode::SUCCESS
        }
    })
}

/// The least of some processes, or the first count that is enough; printed. What the allocator does is a process's luck:
/// in one of three a resume takes five percent more, and never less.
fn least(path: &str, enough: u64) -> u64 {
    let mut least = counted(path);
    for _ in 1..TRIES {
        if least <= enough {
            break;
        }
        least = least.min(counted(path));
    }
    println!("{path:<36} {least:>8}");
    least
}

/// Instructions of one turn.
fn counted(path: &str) -> u64 {
    let collected = callgrind::collected(&[TOGGLE], &[RUN, path]);
    let collected = collected.unwrap_or_else(|| panic!("`{path}` cannot be counted; is valgrind installed?"));
    assert!(collected > 0, "callgrind has not seen where `{path}` begins");
    collected / TURNS
}

fn held_against(baseline: &Baseline, now: &Baseline) -> ExitCode {
    if baseline.tools != now.tools {
        println!("NOT COMPARED: the baseline was made with {},", baseline.tools);
        println!("this with {}, which makes other instructions. Renew it with", now.tools);
        println!("{AGAIN}");
        return ExitCode::SUCCESS;
    }
    let complaints = baseline.complaints(now);
    for complaint in &complaints {
        println!("{complaint}");
    }
    if complaints.is_empty() {
        println!("No path takes more than it may.");
        return ExitCode::SUCCESS;
    }
    println!("Look at what has changed. If it is worth that, give the reason in the commit that renews the baseline:");
    println!("{AGAIN}");
    ExitCode::FAILURE
}
