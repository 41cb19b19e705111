//! What the hot paths took when the baseline was recorded, and with what: other compilers make other instructions.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::{fs, io};

use serde::{Deserialize, Serialize};

use crate::machine;

/// How to record it anew.
pub(crate) const AGAIN: &str = "USER_HUB_WRITE=1 cargo bench -p user-hub-benches --bench instructions";
/// What a path may take more, in percent.
const ALLOWED: f64 = 3.0;

/// Instructions, and all that they depend on beside the code of this repository and its `Cargo.lock`.
#[derive(Serialize, Deserialize)]
pub(crate) struct Baseline {
    #[serde(flatten)]
    pub(crate) tools: Tools,
    /// Once each hot path.
    pub(crate) instructions: BTreeMap<String, u64>,
}

#[derive(PartialEq, Serialize, Deserialize)]
pub(crate) struct Tools {
    rustc: String,
    valgrind: String,
    libc: String,
    architecture: String,
}

impl Tools {
    pub(crate) fn here() -> Self {
        Self {
            rustc: machine::said("rustc", "--version"),
            valgrind: machine::said("valgrind", "--version"),
            libc: machine::said("getconf", "GNU_LIBC_VERSION"),
            architecture: std::env::consts::ARCH.to_owned(),
        }
    }
}

impl fmt::Display for Tools {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}, {}, {}, {}", self.rustc, self.valgrind, self.libc, self.architecture)
    }
}

impl Baseline {
    fn path() -> PathBuf {
        [env!("CARGO_MANIFEST_DIR"), "instructions", "baseline.json"].iter().collect()
    }

    pub(crate) fn read() -> io::Result<Self> {
        Ok(serde_json::from_slice(&fs::read(Self::path())?)?)
    }

    pub(crate) fn write(&self) -> io::Result<()> {
        fs::write(Self::path(), serde_json::to_string_pretty(self)? + "\n")
    }

    /// How many instructions a path may take; a new one is in no baseline.
    pub(crate) fn allowed(&self, path: &str) -> Option<u64> {
        self.instructions.get(path).map(|&before| (before as f64 * (1.0 + ALLOWED / 100.0)) as u64)
    }

    /// What is wrong with what the paths take now.
    pub(crate) fn complaints(&self, now: &Self) -> Vec<String> {
        let paths: BTreeSet<&String> = self.instructions.keys().chain(now.instructions.keys()).collect();
        paths.into_iter().filter_map(|path| self.complaint(path, now.instructions.get(path))).collect()
    }

    fn complaint(&self, path: &str, now: Option<&u64>) -> Option<String> {
        let (before, now) = match (self.instructions.get(path), now) {
            (Some(&before), Some(&now)) => (before, now),
            (None, _) => return Some(format!("`{path}` is not in the baseline.")),
            (_, None) => return Some(format!("`{path}` is in the baseline, but no hot path any more.")),
        };
        let more = (now as f64 / before as f64 - 1.0) * 100.0;
        let compared = format!("`{path}` takes {now} instructions, {before} in the baseline: {more:+.1} %");
        if more > ALLOWED {
            return Some(format!("{compared}, {ALLOWED} % are allowed."));
        }
        if more < -ALLOWED {
            println!("{compared}; renew it, so that this is not lost again unseen.");
        }
        None
    }
}
