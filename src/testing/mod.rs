//! For the tests of a host: a sink that remembers, and a clock that stands still.
//!
//! ```
//! use user_hub::{prelude::*, testing::Recorder, trading::PnlUpdate};
//!
//! let recorder = Recorder::new();
//! recorder.broadcast_pnl("alice", &PnlUpdate::default());
//! assert_eq!(recorder.events_of("alice").len(), 1);
//! assert_eq!(recorder.events_of("bob").len(), 0);
//! ```

mod clock;
mod recorder;

pub use clock::ManualClock;
pub use recorder::{Recorded, Recorder};
