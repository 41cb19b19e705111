//! The TypeScript types of events: one file, made from the Rust types, that a client's code is checked against.
//!
//! ```
//! use serde::Serialize;
//! use user_hub::{Event, Timestamp, typescript::{TS, TypeScript}};
//!
//! /// How an order stands.
//! #[derive(Serialize, TS, Event)]
//! #[ts(crate = "user_hub::typescript::ts_rs")]
//! #[serde(rename_all = "camelCase")]
//! #[event(name = "ORDER_UPDATE", field = "order", state(key = order_id))]
//! struct OrderUpdate {
//!     order_id: String,
//!     /// A market order has none.
//!     price: Option<f64>,
//!     updated_at: Timestamp,
//! }
//!
//! let file = TypeScript::new().event::<OrderUpdate>().render()?;
//! assert!(file.contains("
//! /** How an order stands. */
//! export interface OrderUpdate {
//!   orderId: string;
//!   /** A market order has none. */
//!   price: number | null;
//!   updatedAt: string;
//! }
//! "));
//! # Ok::<(), user_hub::typescript::TypeScriptError>(())
//! ```
//!
//! # What is in the file
//! It imports nothing, holds no code, and is the same in every build:
//!
//! - the payloads and every type that they mention, with the documentation of the Rust types: an `interface` where it is
//!   one object, else a `type`;
//! - `EventTypes`, from the name of an event type to its `kind`, `key`, `payload` and `data`, and `WebSocketEventType`,
//!   the names;
//! - `StateFrame`, `RemovedFrame` and `LogFrame`, and as `RecordFrame` those of these event types; with `RecordFrameOf`,
//!   those of any other map;
//! - the six control frames, each and as `ControlFrame`; and `Frame`, all of them, told apart by `type`.
//!
//! ```ts
//! if (frame.type === "ORDER_UPDATE" && !frame.removed) show(frame.data.order.price);
//! ```
//!
//! # A test that holds the file
//! Check the file in, where the client's code finds it. A test compares it, and writes it when asked to:
//!
//! ```no_run
//! use user_hub::typescript::TypeScript;
//!
//! # /*
//! #[test]
//! # */
//! fn the_types_of_the_client_are_those_of_the_server() -> Result<(), Box<dyn std::error::Error>> {
//!     let file = "client/src/events.ts";
//!     let types = TypeScript::trading().made_by("WRITE_TYPES=1 cargo test").render()?;
//!     if std::env::var_os("WRITE_TYPES").is_some() {
//!         std::fs::write(file, &types)?;
//!     }
//!     assert!(std::fs::read_to_string(file)? == types, "{file} is old: WRITE_TYPES=1 cargo test");
//!     Ok(())
//! }
//! ```
//!
//! # What the types say
//! The derive is that of [`ts_rs`], which reads serde's attributes. Use it from here, with
//! `#[ts(crate = "user_hub::typescript::ts_rs")]` on each type, or depend on ts-rs 12 and leave that away; then its
//! features (`uuid-impl`, `serde-json-impl`, `chrono-impl` …) can be switched on, too.
//!
//! | in Rust | in TypeScript |
//! |---|---|
//! | `Option<T>` | `T \| null`: the field is there, and may be null |
//! | `Option<T>` with `#[serde(default, skip_serializing_if = "Option::is_none")]` | `field?: T \| null`: it may be absent |
//! | whole numbers of every size, `f64` | `number`; the hub refuses what a `number` would round |
//! | [`Timestamp`](crate::Timestamp), [`Cursor`](crate::Cursor) | `string` |
//! | an enum without fields | a union of texts |
//! | an enum with fields | a union of objects, as `tag`, `content` and `untagged` say |
//! | `Box<T>`, `Arc<T>`, `Cow<T>` | `T` |
//! | `HashMap<K, V>` | `{ [key in K]: V }`; where `K` is an enum, any key may be absent |
//! | a generic type | a generic type |
//! | `#[serde(flatten)]` | the fields of both, or `A & B`; an `Option` cannot be flattened: an error |
//!
//! ts-rs does not see everything that serde does. Where the JSON is another than the Rust type says, say so with
//! `#[ts(type = "…")]`, `#[ts(as = "…")]`, `#[ts(rename = "…")]` or `#[ts(skip)]`:
//!
//! - `skip_serializing_if` without `default`, and `skip_serializing`: the type says that the field is there;
//! - `rename(serialize = "…")` and `rename_all(serialize = "…")`: the whole attribute that they stand in is passed over;
//! - `transparent` on a struct with a named field, `into` and `serialize_with`: the type is that of the Rust fields. The
//!   compiler's output has a warning for each;
//! - `tag` on a struct that `#[ts(rename)]` gives another name: the tag is that name. Rename it with serde;
//! - `PhantomData<T>` and `Weak<T>`: `T`.
//!
//! The documentation of a variant, and of a flattened field, does not come along.

mod comment;
mod control;
mod declaration;
mod error;
mod event_type;
mod layout;
mod syntax;
#[cfg(test)]
mod tests;
mod text;

use crate::Event;

pub use error::TypeScriptError;
pub use ts_rs::{self, TS};

use declaration::Declarations;
use event_type::EventType;
use syntax::Piece;

/// The types of the frames; what they are made of is in the same file.
const FRAMES: &str = include_str!("frame.ts");

/// A file of TypeScript types, from event types.
///
/// ```
/// use user_hub::{trading::PnlUpdate, typescript::TypeScript};
///
/// let file = TypeScript::new().event::<PnlUpdate>().render()?;
/// assert!(file.contains(r#"export type WebSocketEventType = "PNL_UPDATE";"#));
/// # Ok::<(), user_hub::typescript::TypeScriptError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct TypeScript {
    events: Vec<EventType>,
    command: Option<String>,
}

impl TypeScript {
    /// A file without event types: the frames, for clients that serve any hub.
    ///
    /// ```
    /// use user_hub::typescript::TypeScript;
    ///
    /// assert!(TypeScript::new().render()?.contains("export type WebSocketEventType = never;"));
    /// # Ok::<(), user_hub::typescript::TypeScriptError>(())
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with one more event type; the file has them in this order, and each once.
    ///
    /// ```
    /// use user_hub::{trading::{ModeStatus, PnlUpdate}, typescript::TypeScript};
    ///
    /// let file = TypeScript::new().event::<PnlUpdate>().event::<ModeStatus>().render()?;
    /// assert!(file.contains(r#"export type WebSocketEventType = "PNL_UPDATE" | "MODE_STATUS_UPDATE";"#));
    /// # Ok::<(), user_hub::typescript::TypeScriptError>(())
    /// ```
    #[must_use]
    pub fn event<E: Event + TS + 'static>(mut self) -> Self {
        self.events.push(EventType::of::<E>());
        self
    }

    /// The same with a first line that says how to make the file again. Default: it says only that it was made.
    ///
    /// ```
    /// use user_hub::typescript::TypeScript;
    ///
    /// let file = TypeScript::new().made_by("WRITE_TYPES=1 cargo test").render()?;
    /// assert!(file.lines().next().is_some_and(|line| line.ends_with("To make it again: WRITE_TYPES=1 cargo test")));
    /// # Ok::<(), user_hub::typescript::TypeScriptError>(())
    /// ```
    #[must_use]
    pub fn made_by(mut self, command: impl Into<String>) -> Self {
        self.command = Some(command.into());
        self
    }

    /// The text of the file; it ends with a line break.
    ///
    /// # Errors
    /// [`TypeScriptError`]: a name that two types have, or that the file needs itself, and what cannot be said in
    /// TypeScript. Each says which Rust type it is about, and its documentation how to get around it. Where ts-rs refuses
    /// a type by a panic, that is such an error, too; the panic's message is still printed.
    ///
    /// ```
    /// use user_hub::typescript::TypeScript;
    ///
    /// assert!(TypeScript::new().render()?.contains("export type Frame = RecordFrame | ControlFrame;"));
    /// # Ok::<(), user_hub::typescript::TypeScriptError>(())
    /// ```
    pub fn render(&self) -> Result<String, TypeScriptError> {
        let events = self.distinct()?;
        let mut declarations = Declarations::new();
        let payloads: Vec<Vec<Piece>> =
            events.iter().map(|event| event.declare(&mut declarations)).collect::<Result<_, _>>()?;
        let control = control::control_frames()?;
        let own = ["EventTypes", "WebSocketEventType", "Array", "Record"];
        let taken: Vec<&str> = own.into_iter().chain(declared(FRAMES)).chain(declared(&control)).collect();
        if let Some((name, rust)) = declarations.first_of(&taken) {
            return Err(TypeScriptError::Taken { name: name.to_owned(), rust });
        }
        let payloads: Vec<&[Piece]> = payloads.iter().map(Vec::as_slice).collect();
        let sections = [
            self.headline(),
            declarations.text(&payloads),
            map(&events, &payloads),
            names(&events),
            FRAMES.to_owned(),
            control,
        ];
        let sections: Vec<String> = sections.into_iter().filter(|section| !section.is_empty()).collect();
        Ok(sections.join("\n"))
    }

    fn headline(&self) -> String {
        let again = self.command.as_ref().map(|command| {
            // Whatever ends a line in TypeScript would end the comment.
            let is_break = |char: char| char.is_control() || matches!(char, '\u{2028}' | '\u{2029}');
            format!(" To make it again: {}", command.replace(is_break, " "))
        });
        format!("// Generated from Rust by user-hub; do not edit.{}\n", again.unwrap_or_default())
    }

    fn distinct(&self) -> Result<Vec<&EventType>, TypeScriptError> {
        let mut distinct: Vec<&EventType> = Vec::new();
        for event in &self.events {
            match distinct.iter().find(|before| before.name == event.name) {
                None => distinct.push(event),
                Some(before) if before.id == event.id => {}
                Some(before) => {
                    let (one, other) = (before.rust, event.rust);
                    return Err(TypeScriptError::EventTwice { name: event.name, one, other });
                }
            }
        }
        Ok(distinct)
    }
}

/// The names that a text declares.
fn declared(text: &str) -> impl Iterator<Item = &str> {
    let declarations = text.lines().filter_map(|line| line.strip_prefix("export "));
    declarations.filter_map(|line| line.split([' ', '<']).nth(1))
}

fn map(events: &[&EventType], payloads: &[&[Piece]]) -> String {
    let members: String = events.iter().zip(payloads).map(|(event, payload)| event.member(payload)).collect();
    let members = if members.is_empty() { members } else { format!("\n{members}") };
    format!(
        "/** The event types by name: kind, key, payload, and how the payload stands in `data`. */\n\
         export interface EventTypes {{{members}}}\n"
    )
}

fn names(events: &[&EventType]) -> String {
    let names: Vec<[Piece; 1]> = events.iter().map(|event| [Piece::Literal(format!("\"{}\"", event.name))]).collect();
    let union = if names.is_empty() { vec![Piece::Word("never".into())] } else { names.join(&Piece::Sign('|')) };
    layout::declaration("WebSocketEventType", &["The names of the event types.".to_owned()], &union)
}
