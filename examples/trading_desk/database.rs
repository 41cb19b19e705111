//! The database file: the State of every service, and the lifecycle events, of all users.
//!
//! One transaction holds everything that one step of a desk changes, so that after a crash no service remembers what
//! another has forgotten.

use std::path::Path;

use redb::{Durability, ReadTransaction, ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// (user, service) → its State, as JSON.
const STATE: TableDefinition<(&str, &str), &str> = TableDefinition::new("state");
/// (user, number) → a lifecycle event, as JSON.
const LIFECYCLE: TableDefinition<(&str, u64), &str> = TableDefinition::new("lifecycle");

/// How many lifecycle events of a user are kept.
const LIFECYCLE_KEPT: u64 = 10_000;

#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// Boxed, as it is many times the size of what usually comes back.
    #[error(transparent)]
    Store(Box<redb::Error>),
    #[error("what is stored cannot be read: {0}")]
    Json(#[from] serde_json::Error),
}

/// redb has an error type for each operation; all of them are the one above here.
macro_rules! store_errors {
    ($($error:ty),*) => {$(
        impl From<$error> for DatabaseError {
            fn from(error: $error) -> Self {
                Self::Store(Box::new(error.into()))
            }
        }
    )*};
}
store_errors!(
    redb::CommitError,
    redb::DatabaseError,
    redb::SetDurabilityError,
    redb::StorageError,
    redb::TableError,
    redb::TransactionError
);

pub struct Database {
    file: redb::Database,
}

impl Database {
    pub fn open(path: &Path) -> Result<Self, DatabaseError> {
        Self::over(redb::Database::create(path)?)
    }

    pub fn over(file: redb::Database) -> Result<Self, DatabaseError> {
        // From here on every table exists, which spares every reader the question.
        let transaction = file.begin_write()?;
        transaction.open_table(STATE)?;
        transaction.open_table(LIFECYCLE)?;
        transaction.commit()?;
        Ok(Self { file })
    }

    /// Everything as the last commit left it; later ones do not show in it.
    pub fn read(&self) -> Result<Snapshot, DatabaseError> {
        Ok(Snapshot { transaction: self.file.begin_read()? })
    }

    /// Begins the changes of one step.
    pub fn begin(&self) -> Result<Changes, DatabaseError> {
        Ok(Changes { transaction: self.file.begin_write()?, any: false })
    }
}

/// What one commit left: services that are read from it fit together.
pub struct Snapshot {
    transaction: ReadTransaction,
}

impl Snapshot {
    /// The State of a service, if it was ever saved.
    pub fn state<T: DeserializeOwned>(&self, user: &str, service: &str) -> Result<Option<T>, DatabaseError> {
        let table = self.transaction.open_table(STATE)?;
        let stored = table.get((user, service))?;
        Ok(stored.map(|json| serde_json::from_str(json.value())).transpose()?)
    }

    /// The last lifecycle events of a user, newest first, each with its number.
    pub fn lifecycle<T: DeserializeOwned>(&self, user: &str, limit: usize) -> Result<Vec<(u64, T)>, DatabaseError> {
        let table = self.transaction.open_table(LIFECYCLE)?;
        let newest_first = table.range((user, 0)..=(user, u64::MAX))?.rev();
        newest_first
            .take(limit)
            .map(|entry| {
                let (key, json) = entry?;
                Ok((key.value().1, serde_json::from_str(json.value())?))
            })
            .collect()
    }
}

/// What one step changes: all of it is stored, or nothing.
pub struct Changes {
    transaction: WriteTransaction,
    any: bool,
}

impl Changes {
    /// Saves the State of a service, if it is another than before.
    pub fn put_state(&mut self, user: &str, service: &str, state: &impl Serialize) -> Result<(), DatabaseError> {
        let json = serde_json::to_string(state)?;
        let mut table = self.transaction.open_table(STATE)?;
        let same = table.get((user, service))?.is_some_and(|stored| stored.value() == json);
        if !same {
            table.insert((user, service), json.as_str())?;
            self.any = true;
        }
        Ok(())
    }

    /// Adds a lifecycle event, and lets go of the one that is too old for it.
    pub fn add_lifecycle(&mut self, user: &str, number: u64, event: &impl Serialize) -> Result<(), DatabaseError> {
        let json = serde_json::to_string(event)?;
        let mut table = self.transaction.open_table(LIFECYCLE)?;
        table.insert((user, number), json.as_str())?;
        if let Some(too_old) = number.checked_sub(LIFECYCLE_KEPT) {
            table.remove((user, too_old))?;
        }
        self.any = true;
        Ok(())
    }

    /// Makes the changes visible, and with `lasting` waits until they are on the disk.
    ///
    /// A tick of the prices is worth no wait for the disk: a crash loses at most the ticks since the last lasting
    /// commit, all services together. What a user did or what became of a trade is.
    pub fn commit(mut self, lasting: bool) -> Result<(), DatabaseError> {
        if !self.any && !lasting {
            return Ok(self.transaction.abort()?);
        }
        self.transaction.set_durability(if lasting { Durability::Immediate } else { Durability::None })?;
        Ok(self.transaction.commit()?)
    }
}
