//! Why there is no file of types.

/// Why there is no file of types; each says which Rust type it is about.
///
/// ```
/// use serde::Serialize;
/// use user_hub::{Event, typescript::{TS, TypeScript, TypeScriptError}};
///
/// #[derive(Serialize, TS, Event)]
/// #[ts(crate = "user_hub::typescript::ts_rs")]
/// #[event(name = "FRAME", log)]
/// struct Frame { number: u32 }
///
/// let error = TypeScript::new().event::<Frame>().render().unwrap_err();
/// assert!(matches!(error, TypeScriptError::Taken { .. }));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TypeScriptError {
    /// Two event types have one name on the wire. Give one of them another `#[event(name = "…")]`.
    #[error("the event type `{name}` is both `{one}` and `{other}`")]
    EventTwice {
        /// The name on the wire.
        name: &'static str,
        /// The Rust type that had it first.
        one: &'static str,
        /// The other one.
        other: &'static str,
    },
    /// Two Rust types that are not the same have one name in TypeScript. Give one of them `#[ts(rename = "…")]`.
    #[error("the TypeScript type `{name}` is both `{one}` and `{other}`")]
    NameTwice {
        /// The name in TypeScript.
        name: String,
        /// The Rust type that had it first.
        one: &'static str,
        /// The other one.
        other: &'static str,
    },
    /// The file, or TypeScript itself, needs the name (`Frame`, `EventTypes`, `Array`). Give the type `#[ts(rename = "…")]`.
    #[error("the TypeScript type of `{rust}` cannot be called `{name}`: the name is taken")]
    Taken {
        /// The name in TypeScript.
        name: String,
        /// The Rust type.
        rust: &'static str,
    },
    /// No type of TypeScript can have the name. Give the type another `#[ts(rename = "…")]`.
    #[error("the TypeScript type of `{rust}` cannot be called `{name}`: that is no name")]
    NoName {
        /// The name in TypeScript.
        name: String,
        /// The Rust type.
        rust: &'static str,
    },
    /// ts-rs has no type of TypeScript for the Rust type, or one that is not valid or not a type alone. Say what stands in
    /// the JSON, by `#[ts(type = "…")]` or `#[ts(as = "…")]` on the field.
    #[error("`{rust}` cannot be said in TypeScript: {why}")]
    Inexpressible {
        /// The Rust type.
        rust: &'static str,
        /// What is wrong, in words.
        why: String,
    },
}
