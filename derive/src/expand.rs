//! From a declaration to the `impl Event`.
//!
//! Invariants: every path is absolute, so that nothing the application names can stand in the way; a bound that fails
//! is told at the option that asks for it.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::{Data, DeriveInput, Error, Field, Fields, Generics, Path, Result, Type, WherePredicate, parse_quote};

use crate::attribute::{Declaration, Errors, Kind, StateOptions};

pub(crate) fn event(input: &DeriveInput) -> Result<TokenStream> {
    let declaration = Declaration::of(input)?;
    let hub = declaration.hub.clone().unwrap_or_else(|| parse_quote!(::user_hub));
    let name = &declaration.name;
    let field = declaration.field.as_ref().map(|field| {
        quote! {
            const FIELD: ::core::option::Option<&'static str> = ::core::option::Option::Some(#field);
        }
    });
    let (kind, answers) = match &declaration.kind {
        Kind::Log => (quote!(Log), Answers::default()),
        Kind::State(options) => (quote!(State), answers(input, options, &hub)?),
    };
    let Answers { items, bounds } = answers;

    let generics = bounded(&input.generics, &hub, bounds);
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let ident = &input.ident;
    let (public, impl_public) = if declaration.public {
        let public = quote!(
            const PUBLIC: bool = true;
        );
        let impl_public = quote! {
            #[automatically_derived]
            impl #impl_generics #hub::PublicEvent for #ident #type_generics #where_clause {}
        };
        (Some(public), Some(impl_public))
    } else {
        (None, None)
    };
    Ok(quote! {
        #[automatically_derived]
        impl #impl_generics #hub::Event for #ident #type_generics #where_clause {
            const NAME: &'static str = #name;
            const KIND: #hub::Kind = #hub::Kind::#kind;
            #field
            #public
            #items
        }
        #impl_public
    })
}

/// What answers the questions about a State, and what the parameters of a generic type must meet for them.
#[derive(Default)]
struct Answers {
    items: TokenStream,
    bounds: Vec<WherePredicate>,
}

/// Writes the answer from the field that an option names, and the bounds that its type must meet.
type Answer = fn(&Ident, &Type, &Path) -> (TokenStream, Vec<WherePredicate>);

fn answers(input: &DeriveInput, options: &StateOptions, hub: &Path) -> Result<Answers> {
    let mut answers = Answers::default();
    let mut errors = Errors::default();
    let questions: [(&str, &Option<Ident>, Answer); 3] =
        [("key", &options.key, key), ("version", &options.version, version), ("expires", &options.expires, expires_at)];
    for (option, name, answer) in questions {
        let Some(name) = name else { continue };
        match field_named(input, option, name) {
            Ok(field) => {
                let (items, bounds) = answer(name, &field.ty, hub);
                answers.items.extend(items);
                if mentions_parameter(&input.generics, &field.ty) {
                    answers.bounds.extend(bounds);
                }
            }
            Err(error) => errors.add(error),
        }
    }
    answers.items.extend(options.final_when.as_ref().map(is_final));
    errors.finish().map(|()| answers)
}

/// Where the compiler shows what is wrong with the field that an option names.
fn at(name: &Ident) -> Span {
    Span::mixed_site().located_at(name.span())
}

fn key(name: &Ident, ty: &Type, hub: &Path) -> (TokenStream, Vec<WherePredicate>) {
    let function = quote_spanned! {at(name)=>
        const KEYED: bool = true;
        fn key(&self) -> ::core::option::Option<::std::borrow::Cow<'_, str>> {
            ::core::option::Option::Some(#hub::EventKey::event_key(&self.#name))
        }
    };
    (function, vec![parse_quote!(#ty: #hub::EventKey)])
}

fn version(name: &Ident, ty: &Type, hub: &Path) -> (TokenStream, Vec<WherePredicate>) {
    let function = quote_spanned! {at(name)=>
        fn version(&self) -> ::core::option::Option<#hub::Version> {
            ::core::option::Option::Some(::core::convert::From::from(::core::clone::Clone::clone(&self.#name)))
        }
    };
    (function, vec![parse_quote!(#ty: ::core::clone::Clone), parse_quote!(#hub::Version: ::core::convert::From<#ty>)])
}

/// `Option<Timestamp>` is made of itself as well as of a `Timestamp`.
fn expires_at(name: &Ident, ty: &Type, hub: &Path) -> (TokenStream, Vec<WherePredicate>) {
    let function = quote_spanned! {at(name)=>
        fn expires_at(&self) -> ::core::option::Option<#hub::Timestamp> {
            ::core::convert::From::from(::core::clone::Clone::clone(&self.#name))
        }
    };
    let into_expiry = parse_quote!(::core::option::Option<#hub::Timestamp>: ::core::convert::From<#ty>);
    (function, vec![parse_quote!(#ty: ::core::clone::Clone), into_expiry])
}

fn is_final(method: &Ident) -> TokenStream {
    quote_spanned! {at(method)=>
        fn is_final(&self) -> bool {
            Self::#method(self)
        }
    }
}

fn field_named<'i>(input: &'i DeriveInput, option: &str, name: &Ident) -> Result<&'i Field> {
    let Data::Struct(syn::DataStruct { fields: Fields::Named(fields), .. }) = &input.data else {
        let message =
            format!("`{option}` names a field, so it is for structs with named fields; else write `impl Event`");
        return Err(Error::new(name.span(), message));
    };
    fields.named.iter().find(|field| field.ident.as_ref() == Some(name)).ok_or_else(|| {
        let known: Vec<String> =
            fields.named.iter().flat_map(|field| &field.ident).map(|it| format!("`{it}`")).collect();
        let known = if known.is_empty() { "none".into() } else { known.join(", ") };
        Error::new(name.span(), format!("`{}` has no field `{name}`; its fields: {known}", input.ident))
    })
}

/// Adds what holds by itself for a type without parameters: that it can be serialized, and what the options need.
fn bounded(generics: &Generics, hub: &Path, bounds: Vec<WherePredicate>) -> Generics {
    let mut generics = generics.clone();
    if generics.type_params().next().is_some() || generics.const_params().next().is_some() {
        let predicates = &mut generics.make_where_clause().predicates;
        // The bounds that `Serialize` was derived with are not known here; the type as a whole meets them.
        predicates.push(parse_quote!(Self: #hub::__private::Serialize));
        predicates.extend(bounds);
    }
    generics
}

/// Whether a type mentions a parameter of the struct; that some other thing has the same name costs only a bound that
/// holds anyway.
fn mentions_parameter(generics: &Generics, ty: &Type) -> bool {
    fn any(tokens: TokenStream, parameters: &[&Ident]) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Ident(ident) => parameters.contains(&&ident),
            TokenTree::Group(group) => any(group.stream(), parameters),
            TokenTree::Punct(_) | TokenTree::Literal(_) => false,
        })
    }
    let types = generics.type_params().map(|parameter| &parameter.ident);
    let parameters: Vec<&Ident> = types.chain(generics.const_params().map(|parameter| &parameter.ident)).collect();
    any(ty.to_token_stream(), &parameters)
}
