//! Who a user, a session and a connection are.

use std::collections::HashMap;

#[cfg(any(feature = "metrics", feature = "tracing"))]
use crate::ConnectionId;
use crate::{SessionId, UserId};

#[test]
fn a_user_is_found_by_the_text_of_the_id() {
    let alice = UserId::new("alice").unwrap();
    assert_eq!((alice.as_ref(), format!("{alice:?}")), ("alice", r#""alice""#.to_owned()));
    let ages = HashMap::from([(alice, 30)]);
    assert_eq!((ages.get("alice"), ages.get("bob"), ages.get("")), (Some(&30), None, None));
}

#[test]
fn the_debug_of_a_session_names_the_type_and_not_the_session() {
    assert_eq!(format!("{:?}", SessionId::new("secret")), "SessionId(..)");
}

#[cfg(any(feature = "metrics", feature = "tracing"))]
#[test]
fn a_connection_has_its_own_number_in_logs() {
    assert_eq!([7, 8].map(|number| ConnectionId::from_number(number).number()), [7, 8]);
}
