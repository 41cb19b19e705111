//! What a hub tells whoever runs it. Bodies are optional, so that no other file knows of it.

#[cfg(feature = "tracing")]
use std::collections::HashMap;
#[cfg(feature = "tracing")]
use std::time::{Duration, Instant};

use crate::Rejection;
#[cfg(feature = "tracing")]
use crate::hub::sync::Mutex;
use crate::hub::sync::{AtomicU64, Ordering};

/// Counts refusals; with the feature `tracing` it says them too, at most once a minute for each type and reason.
#[derive(Debug, Default)]
pub(crate) struct Observer {
    rejected: AtomicU64,
    #[cfg(feature = "tracing")]
    said: Mutex<HashMap<(String, &'static str), Instant>>,
}

impl Observer {
    pub(crate) fn rejected_count(&self) -> u64 {
        self.rejected.load(Ordering::Relaxed)
    }

    /// An event, named if that much is known of it, was refused.
    pub(crate) fn rejected(&self, event: Option<&str>, rejection: &Rejection) {
        self.rejected.fetch_add(1, Ordering::Relaxed);
        #[cfg(feature = "tracing")]
        self.say(event.unwrap_or("(none)"), rejection);
        #[cfg(not(feature = "tracing"))]
        let _unused = (event, rejection);
    }

    #[cfg(feature = "tracing")]
    fn say(&self, event: &str, rejection: &Rejection) {
        const PAUSE: Duration = Duration::from_secs(60);
        /// Names can be made at run time; beyond this many, the oldest pause is forgotten with all others.
        const REMEMBERED: usize = 4096;
        let now = Instant::now();
        {
            let mut said = self.said.lock();
            let entry = (event.to_owned(), rejection.reason());
            if said.get(&entry).is_some_and(|last| now.saturating_duration_since(*last) < PAUSE) {
                return;
            }
            if said.len() >= REMEMBERED {
                said.clear();
            }
            said.insert(entry, now);
        }
        // Not under the lock: a subscriber is foreign code. No payload, no key, no user.
        tracing::warn!(event, reason = rejection.reason(), "event refused: {rejection}");
    }
}
