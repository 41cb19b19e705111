//! What observing costs a hub that does not want it.

use std::mem::size_of;

use super::{ConnectionObserver, Observer};

#[test]
#[cfg(not(feature = "metrics"))]
fn without_metrics_a_connection_has_no_room_for_what_is_observed_of_it() {
    assert_eq!(size_of::<ConnectionObserver>(), 0);
}

#[test]
#[cfg(not(any(feature = "metrics", feature = "tracing")))]
fn without_its_features_an_observer_is_the_count_of_refusals() {
    assert_eq!(size_of::<Observer>(), size_of::<u64>());
}
