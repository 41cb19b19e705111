//! The declarations that a set of Rust types needs: their own, and those of every type that they mention.
//!
//! Invariants: a name is declared once; what ts-rs refuses by a panic is an error here; the order follows from the types
//! alone, not from the order in which ts-rs visits them, which is another one in every build.

use std::any::{TypeId, type_name};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use ts_rs::{Config, TS, TypeVisitor};

use super::TypeScriptError;
use super::layout;
use super::syntax::{Fault, Piece, documentation, is_name, read, words};

/// What no type can be called.
const KEYWORDS: &str = "any await bigint boolean break case catch class const continue debugger default delete do else \
    enum export extends false finally for function if implements import in instanceof interface let never new null \
    number object package private protected public return static string super switch symbol this throw true try typeof \
    undefined unknown var void while with yield";

/// One declaration, as ts-rs makes it.
struct Declaration {
    rust: &'static str,
    /// The same for all instances of a generic type, which have one declaration.
    id: TypeId,
    written: Written,
}

/// What a declaration says.
#[derive(PartialEq)]
struct Written {
    documentation: Vec<String>,
    parameters: Vec<Piece>,
    body: Vec<Piece>,
}

impl Written {
    fn of<T: TS + ?Sized>(config: &Config) -> Result<Self, Fault> {
        let pieces = read(&T::decl(config))?;
        let documentation = T::docs().map_or_else(Vec::new, |docs| documentation(&docs));
        let is_end = |piece: &Piece| *piece == Piece::Sign('=');
        match (pieces.iter().position(is_end), pieces.as_slice()) {
            (Some(end), [Piece::Word(keyword), _, .., Piece::Sign(';')]) if keyword == "type" => {
                let body = pieces[end + 1..pieces.len() - 1].to_vec();
                Ok(Self { documentation, parameters: pieces[2..end].to_vec(), body })
            }
            _ => Err("it is no type alone, but code".into()),
        }
    }

    fn text(&self, name: &str) -> String {
        let head = format!("{name}{}", layout::flat(&self.parameters));
        layout::declaration(&head, &self.documentation, &self.body)
    }
}

/// The declarations of some types and of all that they mention.
pub(super) struct Declarations {
    config: Config,
    visited: HashSet<TypeId>,
    by_name: BTreeMap<String, Declaration>,
    /// The first mistake; what comes after it is not looked at.
    failed: Option<TypeScriptError>,
}

impl Declarations {
    pub(super) fn new() -> Self {
        // `JSON.parse` makes numbers of all integers, and the hub refuses those that it would round.
        let config = Config::new().with_large_int("number");
        Self { config, visited: HashSet::new(), by_name: BTreeMap::new(), failed: None }
    }

    /// Declares a type, and says how it is mentioned.
    pub(super) fn add<T: TS + ?Sized + 'static>(&mut self) -> Result<Vec<Piece>, TypeScriptError> {
        let name = guarded::<T, _>(|| {
            self.visit::<T>();
            T::visit_dependencies(self);
            T::visit_generics(self);
            read(&T::name(&self.config))
        });
        self.failed.take().map_or(name, Err)
    }

    /// Which of the names are declared here, and by which Rust type.
    pub(super) fn first_of(&self, names: &[&str]) -> Option<(&str, &'static str)> {
        names.iter().find_map(|name| self.by_name.get_key_value(*name)).map(|(name, by)| (name.as_str(), by.rust))
    }

    /// The text of all, each behind what mentions it first.
    pub(super) fn text(&self, mentions: &[&[Piece]]) -> String {
        let mut order = Vec::new();
        for pieces in mentions {
            self.follow(pieces, &mut order);
        }
        let texts = order.into_iter().map(|(name, written)| written.text(name));
        texts.collect::<Vec<String>>().join("\n")
    }

    fn follow<'s>(&'s self, pieces: &[Piece], order: &mut Vec<(&'s str, &'s Written)>) {
        for word in words(pieces) {
            let Some((name, Declaration { written, .. })) = self.by_name.get_key_value(word) else { continue };
            if order.iter().all(|(before, _)| before != name) {
                order.push((name, written));
                self.follow(&written.parameters, order);
                self.follow(&written.body, order);
            }
        }
    }

    fn declare<T: TS + ?Sized + 'static>(&mut self) -> Result<(), TypeScriptError> {
        let rust = type_name::<T>();
        let config = &self.config;
        let name = guarded::<T, _>(|| Ok(T::ident(config)))?;
        if !is_name(&name) || KEYWORDS.split(' ').any(|keyword| keyword == name) {
            return Err(TypeScriptError::NoName { name, rust });
        }
        let written = guarded::<T, _>(|| Written::of::<T>(config))?;
        let declaration = Declaration { rust, id: TypeId::of::<T::WithoutGenerics>(), written };
        match self.by_name.entry(name) {
            Entry::Vacant(place) => {
                place.insert(declaration);
            }
            Entry::Occupied(place) => {
                let one = place.get();
                // Types that differ only in what TypeScript does not know, a length for instance, are one there.
                if one.id != declaration.id && one.written != declaration.written {
                    let (name, one) = (place.key().clone(), one.rust);
                    return Err(TypeScriptError::NameTwice { name, one, other: rust });
                }
            }
        }
        Ok(())
    }
}

impl TypeVisitor for Declarations {
    fn visit<T: TS + ?Sized + 'static>(&mut self) {
        // What has no file of its own has no declaration: it is written out where it is mentioned.
        if self.failed.is_some() || T::output_path().is_none() || !self.visited.insert(TypeId::of::<T>()) {
            return;
        }
        self.failed = self.declare::<T>().err();
        T::visit_dependencies(self);
    }
}

/// Asks ts-rs, which panics where it has no answer.
fn guarded<T: ?Sized, A>(ask: impl FnOnce() -> Result<A, Fault>) -> Result<A, TypeScriptError> {
    let answer = catch_unwind(AssertUnwindSafe(ask)).unwrap_or_else(|panic| {
        let message = panic.downcast_ref::<String>().map(String::as_str);
        Err(message.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("ts-rs panicked").to_owned())
    });
    answer.map_err(|why| TypeScriptError::Inexpressible { rust: type_name::<T>(), why })
}
