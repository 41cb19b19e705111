//! What became of a broadcast, in logs.
#![cfg(feature = "tracing")]

use crate::Outcome;

#[test]
fn every_outcome_has_a_word_of_its_own_in_logs() {
    let outcomes =
        [Outcome::Queued { connections: 1 }, Outcome::Kept, Outcome::NoAudience, Outcome::Closed, Outcome::Stale];
    assert_eq!(outcomes.map(|outcome| outcome.word()), ["queued", "kept", "no_audience", "closed", "stale"]);
}
