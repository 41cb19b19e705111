//! Where the hub finds the State of a user whom it does not know yet, as after a restart of the server: in the database.
//!
//! Every step of a desk is committed before it is broadcast, so whatever is read here is as new as what the hub has told,
//! or newer; and what is broadcast while it is read wins.

use std::error::Error;
use std::sync::Arc;

use user_hub::{LoadedState, Timestamp, UserId};

use crate::database::{Database, DatabaseError};
use crate::desk::{USERS, standing};

/// Loads what stands at the desk of a user; `None` is a failure, after which the hub asks again.
pub async fn load(database: Arc<Database>, seed: u64, user: UserId) -> Option<LoadedState> {
    let read = move || -> Result<LoadedState, DatabaseError> {
        let Some(user) = USERS.iter().find(|known| known.name == user.as_str()) else { return Ok(LoadedState::new()) };
        standing(user, seed, &database.read()?, Timestamp::now())
    };
    // The file is read by blocking calls: not on a worker that serves connections.
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok(state)) => Some(state),
        Ok(Err(error)) => failed(&error),
        Err(error) => failed(&error),
    }
}

fn failed(error: &dyn Error) -> Option<LoadedState> {
    eprintln!("the State of a desk could not be loaded: {error}");
    None
}
