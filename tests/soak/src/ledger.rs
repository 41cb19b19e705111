//! What is true, outside of the hub: the books of the application, in a file that outlives the server.
//!
//! Invariants:
//! - An entry is one write of one line, made before the hub is told: commit, then broadcast. What the server was killed in
//!   the middle of is not in the books, and was told to nobody.
//! - Whoever writes an entry holds the account's lock, so an account's entries are in the order of their numbers.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use user_hub::Timestamp;

use crate::facts::Value;

/// One call of a service.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) user: usize,
    /// How many Log records were told, each with the number after the one before.
    pub(crate) fills: u64,
    pub(crate) set: Vec<(String, Value)>,
    pub(crate) cleared: Vec<String>,
}

impl Entry {
    pub(crate) const fn of(user: usize) -> Self {
        Self { user, fills: 0, set: Vec::new(), cleared: Vec::new() }
    }
}

/// What is true of one user.
#[derive(Debug, Clone, Default)]
pub(crate) struct Account {
    /// The number of the last Log record.
    pub(crate) fills: u64,
    /// The highest number that a State has had.
    pub(crate) last: u64,
    pub(crate) state: BTreeMap<String, Value>,
}

impl Account {
    fn apply(&mut self, entry: Entry) {
        self.fills += entry.fills;
        for (name, value) in entry.set {
            self.last = self.last.max(value.n);
            self.state.insert(name, value);
        }
        for name in entry.cleared {
            self.state.remove(&name);
        }
    }

    /// The values that are true now.
    pub(crate) fn live(&self) -> impl Iterator<Item = (&String, Value)> {
        let now = Timestamp::now().as_milliseconds();
        let is_live = move |value: &Value| value.expires_at.is_none_or(|end| now < end);
        self.state.iter().map(|(name, value)| (name, *value)).filter(move |(_, value)| is_live(value))
    }
}

/// The books, as whoever reads the file has them.
#[derive(Debug)]
pub(crate) struct Books {
    file: File,
    /// How far the file was read: whole lines only.
    read: u64,
    pub(crate) accounts: Vec<Account>,
}

impl Books {
    pub(crate) fn open(path: &Path, users: usize) -> io::Result<Self> {
        Ok(Self { file: File::open(path)?, read: 0, accounts: vec![Account::default(); users + 1] })
    }

    /// Reads what was added.
    pub(crate) fn read_on(&mut self) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.read))?;
        let mut lines = BufReader::new(&self.file);
        let mut line = String::new();
        while lines.by_ref().read_line(&mut line)? > 0 && line.ends_with('\n') {
            let entry: Entry = serde_json::from_str(&line)?;
            self.accounts[entry.user].apply(entry);
            self.read += line.len() as u64;
            line.clear();
        }
        Ok(())
    }
}

/// The books, as the server writes them.
#[derive(Debug)]
pub(crate) struct Ledger {
    file: Mutex<File>,
    accounts: Vec<Mutex<Account>>,
}

impl Ledger {
    pub(crate) fn open(path: &Path, users: usize) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        let mut books = Books::open(path, users)?;
        books.read_on()?;
        // Half a line, of a server that was killed in the middle of it.
        file.set_len(books.read)?;
        let accounts = books.accounts.into_iter().map(Mutex::new).collect();
        Ok(Self { file: Mutex::new(file), accounts })
    }

    pub(crate) fn users(&self) -> usize {
        self.accounts.len() - 1
    }

    pub(crate) fn account(&self, user: usize) -> MutexGuard<'_, Account> {
        self.accounts[user].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes an entry; from now on it is true.
    pub(crate) fn commit(&self, account: &mut Account, entry: Entry) {
        let mut line = serde_json::to_vec(&entry).expect("an entry has no map with other keys than text");
        line.push(b'\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&line).expect("without its books the soak proves nothing");
        account.apply(entry);
    }
}
