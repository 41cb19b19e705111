//! What observing costs a hub that does not want it.

use std::mem::size_of;

#[test]
fn without_metrics_a_connection_has_no_room_for_what_is_observed_of_it() {
    assert_eq!(size_of::<super::ConnectionObserver>(), 0);
}

#[test]
#[cfg(not(feature = "tracing"))]
fn without_its_features_an_observer_is_the_count_of_refusals() {
    assert_eq!(size_of::<super::Observer>(), size_of::<u64>());
}
