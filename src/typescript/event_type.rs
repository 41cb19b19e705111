//! What the map of event types says of one of them.

use std::any::{TypeId, type_name};
use std::fmt::Write;

use ts_rs::TS;

use super::TypeScriptError;
use super::declaration::Declarations;
use super::layout::flat;
use super::syntax::{Piece, is_name};
use crate::{Event, EventName, Kind};

/// An event type, with everything of it that the file says.
#[derive(Debug, Clone)]
pub(super) struct EventType {
    pub(super) name: &'static str,
    pub(super) rust: &'static str,
    pub(super) id: TypeId,
    kind: Kind,
    public: bool,
    keyed: bool,
    field: Option<&'static str>,
    declare: fn(&mut Declarations) -> Result<Vec<Piece>, TypeScriptError>,
}

impl EventType {
    pub(super) fn of<E: Event + TS + 'static>() -> Self {
        // So a name that no hub would take does not compile.
        const { EventName::from_static(E::NAME) };
        Self {
            name: E::NAME,
            rust: type_name::<E>(),
            id: TypeId::of::<E>(),
            kind: E::KIND,
            public: E::PUBLIC,
            keyed: E::KEYED,
            field: E::FIELD,
            declare: Declarations::add::<E>,
        }
    }

    /// Declares the payload, and says how it is mentioned.
    pub(super) fn declare(&self, declarations: &mut Declarations) -> Result<Vec<Piece>, TypeScriptError> {
        (self.declare)(declarations)
    }

    /// Its member of the map.
    pub(super) fn member(&self, payload: &[Piece]) -> String {
        let (kind, about, is_keyed) = match (self.kind, self.keyed) {
            (Kind::Log, _) => ("log", "Log", false),
            (Kind::State, true) => ("state", "State, by key", true),
            (Kind::State, false) => ("state", "State, one value a user", false),
        };
        let public = if self.public { "; public" } else { "" };
        let key = if is_keyed { "string" } else { "undefined" };
        let payload = flat(payload);
        let data = match self.field {
            Some(field) => format!("{{ {}: {payload} }}", member_name(field)),
            None => payload.clone(),
        };
        let mut member = format!("  /** {about}{public}. */\n  {}: ", member_name(self.name));
        let _infallible = writeln!(member, r#"{{ kind: "{kind}"; key: {key}; payload: {payload}; data: {data} }};"#);
        member
    }
}

/// As it is, or in quotes where it must be.
fn member_name(name: &str) -> String {
    if is_name(name) { name.to_owned() } else { serde_json::Value::from(name).to_string() }
}
