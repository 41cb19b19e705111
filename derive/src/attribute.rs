//! The grammar of `#[event(…)]`.
//!
//! Invariant: every mistake is told where it stands and all of them at once; what is unknown, repeated or misplaced is
//! never passed over.

use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Attribute, Data, DeriveInput, Error, Fields, Ident, LitStr, Meta, Path, Result, Token};

use crate::name;

/// What may stand in `#[event(…)]`.
const OPTIONS: &str = "`name = \"…\"`, `field = \"…\"`, `log` or `state(…)`, `public` and `crate = …`";
/// What may stand in `state(…)`.
const STATE_OPTIONS: &str = "`key = …`, `version = …`, `final_when = …` and `expires = …`";
const SAY_BOTH: &str = "`#[derive(Event)]` wants a name and a kind: `#[event(name = \"…\", log)]` or \
                        `#[event(name = \"…\", state(…))]`";
const SAY_THE_NAME: &str = "say the name that the event has on the wire: `name = \"…\"`";
const SAY_THE_KIND: &str = "say the kind: `log` for something that happened, or `state` for the current value of \
                            something, as in `state(key = order_id)`";

/// What a type says of itself as an event.
pub(crate) struct Declaration {
    pub(crate) name: LitStr,
    pub(crate) field: Option<LitStr>,
    pub(crate) kind: Kind,
    pub(crate) public: bool,
    /// Where user-hub is, if not at `::user_hub`.
    pub(crate) hub: Option<Path>,
}

/// State or Log.
pub(crate) enum Kind {
    Log,
    State(StateOptions),
}

/// Which fields and which method answer the questions about a State.
#[derive(Default)]
pub(crate) struct StateOptions {
    pub(crate) key: Option<Ident>,
    pub(crate) version: Option<Ident>,
    pub(crate) final_when: Option<Ident>,
    pub(crate) expires: Option<Ident>,
}

/// The options in the order in which they came, before it is known whether they make sense together.
#[derive(Default)]
struct Options {
    name: Option<LitStr>,
    field: Option<LitStr>,
    kind: Option<Kind>,
    public: Option<()>,
    hub: Option<Path>,
}

impl Declaration {
    /// Reads all `#[event(…)]` of a type; several count as one.
    pub(crate) fn of(input: &DeriveInput) -> Result<Self> {
        let mut errors = Errors::default();
        let mut options = Options::default();
        let mut attributes = input.attrs.iter().filter(|attribute| attribute.path().is_ident("event")).peekable();
        let Some(first) = attributes.peek().copied() else {
            return Err(Error::new(input.ident.span(), SAY_BOTH));
        };
        for attribute in attributes {
            if !matches!(attribute.meta, Meta::List(_)) {
                errors.add(Error::new_spanned(&attribute.meta, SAY_BOTH));
                continue;
            }
            errors.note(attribute.parse_args_with(|tokens: ParseStream<'_>| {
                each_option(tokens, OPTIONS, |word| options.take(word, tokens))
            }));
        }
        for attribute in misplaced(&input.data) {
            let message = "`#[event(…)]` stands on the type; there it names fields, as in `state(key = order_id)`";
            errors.add(Error::new_spanned(attribute, message));
        }
        errors.finish()?;
        options.into_declaration(first)
    }
}

impl Options {
    fn take(&mut self, word: &Ident, input: ParseStream<'_>) -> Result<()> {
        match word.to_string().as_str() {
            "name" => set(&mut self.name, word, event_name(word, input)?, OPTIONS),
            "field" => set(&mut self.field, word, wrapper_field(word, input)?, OPTIONS),
            "log" => self.set_kind(word, log(word, input)?),
            "state" => self.set_kind(word, Kind::State(state(word, input)?)),
            "public" => set(&mut self.public, word, no_value(word, input)?, OPTIONS),
            "crate" => set(&mut self.hub, word, hub_path(word, input)?, OPTIONS),
            option @ ("key" | "version" | "final_when" | "expires") => {
                Err(Error::new(word.span(), format!("`{option}` stands inside of `state(…)`: `state({option} = …)`")))
            }
            _ => Err(unknown(word, OPTIONS)),
        }
    }

    fn set_kind(&mut self, word: &Ident, kind: Kind) -> Result<()> {
        match (&self.kind, &kind) {
            (None, _) => {
                self.kind = Some(kind);
                Ok(())
            }
            (Some(Kind::Log), Kind::Log) | (Some(Kind::State(_)), Kind::State(_)) => Err(repeated(word, OPTIONS)),
            _ => Err(Error::new(word.span(), "an event is either `log` or `state`, not both")),
        }
    }

    fn into_declaration(self, attribute: &Attribute) -> Result<Declaration> {
        let missing = |message: &str| Error::new_spanned(&attribute.meta, message);
        match (self.name, self.kind) {
            (Some(name), Some(kind)) => {
                Ok(Declaration { name, field: self.field, kind, public: self.public.is_some(), hub: self.hub })
            }
            (None, Some(_)) => Err(missing(SAY_THE_NAME)),
            (Some(_), None) => Err(missing(SAY_THE_KIND)),
            (None, None) => {
                let mut errors = missing(SAY_THE_NAME);
                errors.combine(missing(SAY_THE_KIND));
                Err(errors)
            }
        }
    }
}

fn event_name(word: &Ident, input: ParseStream<'_>) -> Result<LitStr> {
    let name: LitStr = value(word, input, "a text, as in `name = \"ORDER_UPDATE\"`")?;
    name::check(&name.value()).map_err(|message| Error::new(name.span(), message))?;
    Ok(name)
}

fn wrapper_field(word: &Ident, input: ParseStream<'_>) -> Result<LitStr> {
    let field: LitStr = value(word, input, "a text, as in `field = \"order\"`")?;
    if field.value().is_empty() {
        return Err(Error::new(
            field.span(),
            "a field's name is not empty; without `field`, `data` is the payload itself",
        ));
    }
    Ok(field)
}

fn log(word: &Ident, input: ParseStream<'_>) -> Result<Kind> {
    if input.peek(syn::token::Paren) || input.peek(Token![=]) {
        let message = format!("`log` stands alone; {STATE_OPTIONS} are for `state(…)`");
        return Err(Error::new(word.span(), message));
    }
    Ok(Kind::Log)
}

fn state(word: &Ident, input: ParseStream<'_>) -> Result<StateOptions> {
    let mut options = StateOptions::default();
    if input.peek(Token![=]) {
        return Err(Error::new(word.span(), format!("`state` has its options in parentheses: {STATE_OPTIONS}")));
    }
    if input.peek(syn::token::Paren) {
        let content;
        syn::parenthesized!(content in input);
        each_option(&content, STATE_OPTIONS, |word| options.take(word, &content))?;
    }
    Ok(options)
}

impl StateOptions {
    fn take(&mut self, word: &Ident, input: ParseStream<'_>) -> Result<()> {
        let field = |option: &str, example: &str| {
            value(word, input, &format!("the name of a field, without quotes, as in `{option} = {example}`"))
        };
        match word.to_string().as_str() {
            "key" => set(&mut self.key, word, field("key", "order_id")?, STATE_OPTIONS),
            "version" => set(&mut self.version, word, field("version", "updated_at")?, STATE_OPTIONS),
            "expires" => set(&mut self.expires, word, field("expires", "expires_at")?, STATE_OPTIONS),
            "final_when" => set(&mut self.final_when, word, final_when(word, input)?, STATE_OPTIONS),
            _ => Err(unknown(word, STATE_OPTIONS)),
        }
    }
}

fn final_when(word: &Ident, input: ParseStream<'_>) -> Result<Ident> {
    let expected = "the name of a method `fn(&self) -> bool`, without quotes, as in `final_when = is_over`";
    let method: Ident = value(word, input, expected)?;
    if method == "is_final" {
        // Where the type had no such method, `Event::is_final` would call itself for ever.
        let message = "`is_final` is the method of `Event` that is being written; give yours another name";
        return Err(Error::new(method.span(), message));
    }
    Ok(method)
}

fn hub_path(word: &Ident, input: ParseStream<'_>) -> Result<Path> {
    let expected = "the path of user-hub, without quotes, as in `crate = path::to::user_hub`";
    after_equals(word, input, expected)?;
    input.call(Path::parse_mod_style).map_err(|error| expected_value(word, error.span(), expected))
}

fn no_value(word: &Ident, input: ParseStream<'_>) -> Result<()> {
    if input.peek(Token![=]) || input.peek(syn::token::Paren) {
        return Err(Error::new(word.span(), format!("`{word}` stands alone")));
    }
    Ok(())
}

/// Reads `= value`.
fn value<T: syn::parse::Parse>(word: &Ident, input: ParseStream<'_>, expected: &str) -> Result<T> {
    after_equals(word, input, expected)?;
    input.parse().map_err(|error| expected_value(word, error.span(), expected))
}

fn after_equals(word: &Ident, input: ParseStream<'_>, expected: &str) -> Result<()> {
    let equals: Result<Token![=]> = input.parse();
    equals.map(drop).map_err(|_| expected_value(word, word.span(), expected))
}

fn expected_value(word: &Ident, span: proc_macro2::Span, expected: &str) -> Error {
    Error::new(span, format!("`{word}` wants {expected}"))
}

fn set<T>(place: &mut Option<T>, word: &Ident, value: T, allowed: &str) -> Result<()> {
    if place.is_some() {
        return Err(repeated(word, allowed));
    }
    *place = Some(value);
    Ok(())
}

fn repeated(word: &Ident, allowed: &str) -> Error {
    Error::new(word.span(), format!("`{word}` stands here twice; each stands once: {allowed}"))
}

fn unknown(word: &Ident, allowed: &str) -> Error {
    Error::new(word.span(), format!("`{word}` is no option; allowed are {allowed}"))
}

/// Goes through options that commas part, and on to the next comma after a mistake.
fn each_option(input: ParseStream<'_>, allowed: &str, mut take: impl FnMut(&Ident) -> Result<()>) -> Result<()> {
    let mut errors = Errors::default();
    while !input.is_empty() {
        let word = input.call(Ident::parse_any);
        let result = match &word {
            Ok(word) => take(word),
            Err(error) => Err(Error::new(error.span(), format!("this is no option; allowed are {allowed}"))),
        };
        let failed = result.is_err();
        errors.note(result);
        if !failed && !input.is_empty() && !input.peek(Token![,]) {
            errors.add(input.error("expected `,` before the next option"));
        }
        while !input.is_empty() && !input.peek(Token![,]) {
            let _: proc_macro2::TokenTree = input.parse()?;
        }
        let _: Option<Token![,]> = input.parse()?;
    }
    errors.finish()
}

/// All `#[event(…)]` on fields and variants.
fn misplaced(data: &Data) -> Vec<&Attribute> {
    fn of_fields(fields: &Fields) -> impl Iterator<Item = &Attribute> {
        fields.iter().flat_map(|field| &field.attrs)
    }
    let attributes: Vec<&Attribute> = match data {
        Data::Struct(data) => of_fields(&data.fields).collect(),
        Data::Enum(data) => {
            data.variants.iter().flat_map(|variant| variant.attrs.iter().chain(of_fields(&variant.fields))).collect()
        }
        Data::Union(_) => Vec::new(),
    };
    attributes.into_iter().filter(|attribute| attribute.path().is_ident("event")).collect()
}

/// Mistakes, so that one compilation shows all of them.
#[derive(Default)]
pub(crate) struct Errors(Option<Error>);

impl Errors {
    pub(crate) fn add(&mut self, error: Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            none => *none = Some(error),
        }
    }

    pub(crate) fn note(&mut self, result: Result<()>) {
        if let Err(error) = result {
            self.add(error);
        }
    }

    pub(crate) fn finish(self) -> Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}
