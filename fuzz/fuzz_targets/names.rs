//! Users, event names and keys as an application might take them from anybody: what is accepted is on the wire as it was.
#![no_main]

use futures::{FutureExt, StreamExt};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use user_hub::{DynamicEvent, EventName, Outcome, Removal, UserHub, UserId};
use user_hub_fuzz::{Wire, events_of, frames};

const OTHER: &str = "somebody else";

#[derive(Arbitrary, Debug)]
struct Names<'a> {
    user: &'a str,
    name: &'a str,
    key: &'a str,
    /// How often the key stands in the key, so that the limit is reached.
    times: u8,
}

fuzz_target!(|names: Names<'_>| {
    let key = names.key.repeat(usize::from(names.times % 8) + 1);
    check_name(names.name);
    let hub = UserHub::new();
    let mut other = hub.connect(OTHER).expect("another user");
    let before = frames(&mut other).len();
    if names.user == OTHER {
        return;
    }
    let Some(()) = check_user(&hub, names.user) else { return };

    let mut device = hub.connect(names.user).expect("the user was accepted");
    let mut wire = Wire::new(names.user);
    for frame in frames(&mut device) {
        wire.take(frame.text());
    }
    let Ok(event) = DynamicEvent::state(names.name, key.as_str(), json!({ "owner": names.user })) else { return };
    let outcome = hub.broadcast_dynamic(names.user, &event);
    assert_eq!(matches!(outcome, Outcome::Queued { .. }), key.len() <= 256, "{outcome:?}");
    let live: Vec<Value> = frames(&mut device).iter().map(|frame| wire.take(frame.text())).collect();
    if key.len() > 256 {
        assert_eq!(live, [] as [Value; 0], "what was refused and never there is not spoken of");
        return;
    }
    let [state] = live.as_slice() else { panic!("{live:?}") };
    assert_eq!((&state["type"], &state["key"]), (&names.name.into(), &key.as_str().into()));
    check_sse(&hub, names.user, state);
    check_removal(&hub, names.user, names.name, &key);
    let removed: Vec<Value> = frames(&mut device).iter().map(|frame| wire.take(frame.text())).collect();
    assert_eq!((&removed[0]["key"], &removed[0]["removed"]), (&key.as_str().into(), &true.into()));
    assert_eq!((before, frames(&mut other).len()), (2, 0), "nobody else has seen any of it");
});

fn check_name(text: &str) {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte);
    let reserved = ["CONNECTED", "SYNCED", "GAP", "RESET", "HEARTBEAT", "CLOSING"];
    let is_name = (1..=64).contains(&text.len()) && text.bytes().all(is_allowed) && !reserved.contains(&text);
    let name = EventName::new(text);
    assert_eq!(name.is_ok(), is_name, "{text:?}");
    if let Ok(name) = name {
        assert_eq!((name.as_str(), name.to_string().as_str()), (text, text));
        assert_eq!(serde_json::to_string(text).ok(), Some(format!("\"{text}\"")), "a name needs no escaping");
    }
}

/// A user is anything that is not empty and not too long.
fn check_user(hub: &UserHub, text: &str) -> Option<()> {
    assert_eq!(UserId::new(text).is_ok(), !text.is_empty());
    let is_user = (1..=256).contains(&text.len());
    assert_eq!(hub.connect(text).is_ok(), is_user, "{text:?}");
    if !is_user {
        let event = DynamicEvent::log("NOTE", json!({})).expect("a name");
        assert!(matches!(hub.broadcast_dynamic(text, &event), Outcome::Rejected(_)), "{text:?}");
    }
    is_user.then_some(())
}

/// Line breaks in a key, or what else a field of an event might be, stay inside the event.
fn check_sse(hub: &UserHub, user: &str, state: &Value) {
    let mut body = hub.connect(user).expect("the user was accepted").into_sse();
    let chunks: Vec<u8> = std::iter::from_fn(|| body.next().now_or_never().flatten()).flatten().collect();
    let text = String::from_utf8(chunks).expect("a body is text");
    let mut wire = Wire::new(user);
    let seen: Vec<Value> = events_of(&text).iter().map(|(data, _)| wire.take(data)).collect();
    assert_eq!(seen.len(), 3, "{text}");
    assert_eq!(&seen[1], state, "over server-sent events it is the same");
}

fn check_removal(hub: &UserHub, user: &str, name: &str, key: &str) {
    let name = EventName::new(name).expect("it was a name before");
    let outcome = hub.group(user).event(&Removal::named(name, Some(key))).broadcast();
    assert!(matches!(outcome, Outcome::Queued { .. }), "{outcome:?}");
}
