//! What the derive writes, on every shape of type that it is for.
#![allow(missing_docs, dead_code, clippy::unwrap_used)]

use std::borrow::Cow;
use std::marker::PhantomData;

use serde::Serialize;
use user_hub::{ErasedEvent, Event, EventKey, Kind, PublicEvent, Timestamp, Version};

fn public<E: PublicEvent>() -> bool {
    E::PUBLIC
}

#[derive(Serialize, Event)]
#[event(
    name = "ORDER_UPDATE",
    field = "order",
    state(key = order_id, version = updated_at, final_when = is_over, expires = expires_at),
    public,
    crate = ::user_hub,
)]
struct Order {
    order_id: u64,
    updated_at: i64,
    expires_at: Option<Timestamp>,
    over: bool,
}

impl Order {
    fn is_over(&self) -> bool {
        self.over
    }
}

#[test]
fn every_option_answers_its_question() {
    let expires_at = Some(Timestamp::from_milliseconds(5));
    let order = Order { order_id: 7, updated_at: 3, expires_at, over: true };
    assert_eq!((Order::NAME, Order::KIND, Order::FIELD), ("ORDER_UPDATE", Kind::State, Some("order")));
    assert!(public::<Order>() && Order::KEYED);
    assert_eq!(Event::key(&order).as_deref(), Some("7"));
    assert_eq!(Event::version(&order), Some(Version::from(3_i64)));
    assert!(Event::is_final(&order));
    assert_eq!(Event::expires_at(&order), expires_at);
    let order = Order { expires_at: None, over: false, ..order };
    assert!(!Event::is_final(&order));
    assert_eq!(Event::expires_at(&order), None);
}

#[derive(Serialize, Event)]
#[event(log)]
#[event(name = "NOTE")]
struct Note;

#[derive(Serialize, Event)]
#[event(name = "PAIR", state)]
struct Pair(u32, String);

#[derive(Serialize, Event)]
#[event(name = "CHOICE", state())]
enum Choice {
    Left { by: u32 },
    Right(u32),
    Neither,
}

#[test]
fn what_was_not_said_stays_at_its_default() {
    assert_eq!((Note::NAME, Note::KIND, Note::FIELD, Note::PUBLIC), ("NOTE", Kind::Log, None, false));
    assert_eq!((Pair::KIND, Choice::KIND), (Kind::State, Kind::State));
    assert_eq!((Note::KEYED, Pair::KEYED, Choice::KEYED), (false, false, false));
    let pair = Pair(1, "one".into());
    assert_eq!((Event::key(&pair), Event::version(&pair), Event::expires_at(&pair)), (None, None, None));
    assert!(!Event::is_final(&Choice::Neither));
    assert_eq!(Choice::Left { by: 2 }.data().unwrap(), r#"{"Left":{"by":2}}"#);
}

/// A version that is not `Copy`, and a key of the host's own.
#[derive(Clone, Serialize)]
struct Revision(Vec<u32>);

impl From<Revision> for Version {
    fn from(revision: Revision) -> Self {
        revision.0.len().try_into().map_or(Self::from(i64::MAX), |length: u32| Self::from(length))
    }
}

#[derive(Serialize)]
struct Sku(&'static str);

impl EventKey for Sku {
    fn event_key(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.0)
    }
}

#[derive(Serialize, Event)]
#[event(name = "STOCK", state(key = r#type, version = revision, expires = until))]
struct Stock {
    r#type: Sku,
    revision: Revision,
    until: Timestamp,
}

#[test]
fn a_version_is_cloned_and_a_key_is_whatever_the_host_says() {
    let until = Timestamp::from_milliseconds(9);
    let stock = Stock { r#type: Sku("bolt"), revision: Revision(vec![1, 2]), until };
    assert_eq!(Event::key(&stock).as_deref(), Some("bolt"));
    assert_eq!(Event::version(&stock), Some(Version::from(2_u32)));
    assert_eq!(Event::expires_at(&stock), Some(until));
}

/// Parameters of every sort: the key's, one that only the payload needs, one that nothing needs.
#[derive(Serialize, Event)]
#[event(name = "TAGGED", state(key = id, version = version), public)]
struct Tagged<'a, K, V, T: ?Sized, U = ()>
where
    V: Copy,
{
    id: Vec1<K>,
    version: V,
    text: &'a str,
    value: &'a T,
    #[serde(skip)]
    nothing: PhantomData<U>,
}

#[derive(Serialize)]
struct Vec1<K>(K);

impl<K: EventKey> EventKey for Vec1<K> {
    fn event_key(&self) -> Cow<'_, str> {
        self.0.event_key()
    }
}

struct NotSerialize;

#[test]
fn a_generic_type_is_an_event_where_its_parts_allow_it() {
    let text = String::from("borrowed");
    let tagged: Tagged<'_, &str, Timestamp, str, NotSerialize> = Tagged {
        id: Vec1("k"),
        version: Timestamp::from_milliseconds(4),
        text: &text,
        value: "v",
        nothing: PhantomData,
    };
    assert_eq!(Event::key(&tagged).as_deref(), Some("k"));
    assert_eq!(Event::version(&tagged), Some(Version::from(Timestamp::from_milliseconds(4))));
    assert_eq!(
        tagged.data().unwrap(),
        r#"{"id":"k","version":"1970-01-01T00:00:00.004Z","text":"borrowed","value":"v"}"#
    );
}

mod elsewhere {
    pub(crate) mod engine {
        pub(crate) use user_hub::*;
    }
}

/// Names of the application's own that stand in the way of careless paths.
mod hostile {
    #![allow(non_camel_case_types, dead_code)]
    struct Option;
    struct Some;
    struct String;
    struct Clone;
    struct From;
    struct Cow;
    struct bool_;
    mod core {}
    mod std {}

    #[derive(serde::Serialize, crate::elsewhere::engine::Event)]
    #[event(name = "HOSTILE", field = "it", state(key = key, version = version), crate = crate::elsewhere::engine)]
    pub(crate) struct Hostile {
        pub(crate) key: &'static str,
        pub(crate) version: u32,
    }
}

#[test]
fn no_name_of_the_application_stands_in_the_way() {
    let hostile = hostile::Hostile { key: "k", version: 1 };
    assert_eq!(Event::key(&hostile).as_deref(), Some("k"));
    assert_eq!(hostile.data().unwrap(), r#"{"it":{"key":"k","version":1}}"#);
}

macro_rules! declare {
    ($name:ident, $text:literal, $key:ident) => {
        #[derive(Serialize, Event)]
        #[event(name = $text, state(key = $key, version = revision))]
        struct $name {
            $key: String,
            revision: u32,
        }
    };
}
declare!(Declared, "DECLARED", name);

#[test]
fn it_works_inside_of_a_macro() {
    let declared = Declared { name: "n".into(), revision: 2 };
    assert_eq!(Declared::NAME, "DECLARED");
    assert_eq!((Event::key(&declared).as_deref(), Event::version(&declared)), (Some("n"), Some(Version::from(2_u32))));
}
