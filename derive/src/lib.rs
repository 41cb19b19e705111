//! The `Event` derive of user-hub; use it as `user_hub::Event`, with the feature `derive`.

mod attribute;
mod expand;
mod name;

use proc_macro::TokenStream;

/// Makes a payload type an event type: implements `user_hub::Event`.
///
/// The type also needs `serde::Serialize`, by derive or by hand. What it says about itself stands in `#[event(…)]` on
/// the type; every option stands once, in any order:
///
/// ```text
/// #[event(
///     name = "ORDER_UPDATE",              the name on the wire, required
///     field = "order",                    the field of `data` that wraps the payload
///     log                                 the kind, required: either something that happened,
///     state                               or the current value of something,
///     state(
///         key = order_id,                     of which thing
///         version = updated_at,               how new
///         final_when = is_over,               whether it is the last of its key
///         expires = expires_at,               when it stops being true by itself
///     ),
///     public,                             may be sent to everybody
///     crate = path::to::user_hub,         where user-hub is, if not at `::user_hub`
/// )]
/// ```
///
/// | option | value | without it |
/// |---|---|---|
/// | `name` | a text: 1 to 64 of `A-Z a-z 0-9 _ . : -`, none of `CONNECTED`, `SYNCED`, `GAP`, `RESET`, `HEARTBEAT`, `CLOSING` | an error |
/// | `field` | a text | `data` is the payload itself |
/// | `log`, `state`, `state(…)` | exactly one of them | an error |
/// | `key` | a field whose type is an `EventKey`: text, whole numbers, what a host implements it for; sets `KEYED` | one value a user |
/// | `version` | a field whose type is `Clone` and turns into a `Version`: whole numbers, a `Timestamp` | the later call wins |
/// | `final_when` | a method `fn(&self) -> bool` of the type | never final |
/// | `expires` | a field that is a `Timestamp` or an `Option<Timestamp>` | never expires |
/// | `public` | nothing; also implements `PublicEvent` | for one user at a time |
/// | `crate` | a path | `::user_hub` |
///
/// It works for structs, tuple structs and enums, with or without parameters; `key`, `version` and `expires` name
/// fields, so they are for structs with named fields. Each mistake is a compile error at the option that has it.
///
/// # Examples
///
/// A State: of each order the latest value, until the order is over.
///
/// ```
/// use serde::Serialize;
/// use user_hub::{Event, Kind, Version};
///
/// #[derive(Serialize, Event)]
/// #[event(name = "ORDER_UPDATE", field = "order", state(key = order_id, version = updated_at, final_when = is_over))]
/// struct OrderUpdate {
///     order_id: String,
///     filled: bool,
///     updated_at: i64,
/// }
///
/// impl OrderUpdate {
///     fn is_over(&self) -> bool {
///         self.filled
///     }
/// }
///
/// let order = OrderUpdate { order_id: "7".into(), filled: true, updated_at: 1_764_000_000_000 };
/// assert_eq!((OrderUpdate::NAME, OrderUpdate::KIND, OrderUpdate::FIELD), ("ORDER_UPDATE", Kind::State, Some("order")));
/// assert_eq!(order.key().as_deref(), Some("7"));
/// assert_eq!(order.version(), Some(Version::from(1_764_000_000_000_i64)));
/// assert!(order.is_final());
/// ```
///
/// A Log event that may go to everybody:
///
/// ```
/// use user_hub::{Event, Kind, PublicEvent};
///
/// #[derive(serde::Serialize, Event)]
/// #[event(name = "MAINTENANCE", log, public)]
/// struct Maintenance {
///     text: String,
/// }
///
/// fn may_be_sent_to_everybody<E: PublicEvent>(_: &E) {}
/// may_be_sent_to_everybody(&Maintenance { text: "back at noon".into() });
/// assert_eq!((Maintenance::KIND, Maintenance::FIELD), (Kind::Log, None));
/// ```
#[proc_macro_derive(Event, attributes(event))]
pub fn derive_event(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    expand::event(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}
