//! How a declaration is laid out: on one line where it fits and has no comments inside, else one member a line.
//!
//! Invariant: the pieces come out as they went in, in their order; only space, and the sign between members, is the
//! layout's own.

use super::comment::comment;
use super::syntax::{Piece, closing, is_name, split};

/// The longest line, unless a single name is longer.
const WIDTH: usize = 120;
const STEP: &str = "  ";

/// A declaration: `interface` where it is one object, else `type`.
pub(super) fn declaration(head: &str, documentation: &[String], body: &[Piece]) -> String {
    let comment = comment(documentation, "");
    match body {
        [Piece::Group('{', members)] if !is_mapped(members) => {
            format!("{comment}export interface {head} {}\n", broken_object(members, 0))
        }
        body => {
            let start = format!("export type {head} =");
            let body = expression(body, 0, start.len() + 1);
            let space = if body.starts_with('\n') { "" } else { " " };
            format!("{comment}{start}{space}{body};\n")
        }
    }
}

/// On one line, without comments.
pub(super) fn flat(pieces: &[Piece]) -> String {
    let mut text = String::new();
    let mut before: Option<&Piece> = None;
    for piece in pieces.iter().filter(|piece| !matches!(piece, Piece::Comment(_))) {
        if needs_space(before, piece) {
            text.push(' ');
        }
        match piece {
            Piece::Comment(_) => {}
            Piece::Word(word) | Piece::Literal(word) => text.push_str(word),
            Piece::Sign(sign) => text.push(*sign),
            Piece::Arrow => text.push_str("=>"),
            Piece::Group('{', members) => text.push_str(&flat_object(members)),
            Piece::Group(open, inside) => {
                let parts: Vec<String> = split(inside, &[',']).into_iter().map(flat).collect();
                text.push(*open);
                text.push_str(&parts.join(", "));
                text.push(closing(*open));
            }
        }
        before = Some(piece);
    }
    text
}

fn flat_object(members: &[Piece]) -> String {
    let members: Vec<String> = split(members, &[',', ';']).into_iter().map(flat_member).collect();
    if members.is_empty() { "{}".into() } else { format!("{{ {} }}", members.join("; ")) }
}

fn flat_member(member: &[Piece]) -> String {
    let (name, value) = named(member);
    let space = if name.is_empty() || value.is_empty() { "" } else { " " };
    format!("{name}{space}{}", flat(value))
}

/// The name of a member with its colon, without quotes that it does not need, and the rest.
fn named(member: &[Piece]) -> (String, &[Piece]) {
    let colon = member.iter().position(|piece| *piece == Piece::Sign(':')).map_or(0, |at| at + 1);
    let (name, value) = member.split_at(colon);
    match name {
        [Piece::Literal(quoted), rest @ ..] if is_name(quoted.trim_matches('"')) => {
            (format!("{}{}", quoted.trim_matches('"'), flat(rest)), value)
        }
        name => (flat(name), value),
    }
}

fn needs_space(before: Option<&Piece>, piece: &Piece) -> bool {
    let stands_apart = |piece: &Piece| matches!(piece, Piece::Sign('|' | '&' | '=') | Piece::Arrow);
    let Some(before) = before else { return false };
    if stands_apart(before) || stands_apart(piece) || matches!(before, Piece::Sign(':' | ',' | ';')) {
        return true;
    }
    let is_name = |piece: &Piece| matches!(piece, Piece::Word(_) | Piece::Literal(_));
    match piece {
        Piece::Word(_) | Piece::Literal(_) => is_name(before) || matches!(before, Piece::Group(..)),
        Piece::Group('{', _) => is_name(before),
        _ => false,
    }
}

/// At an indentation, behind so many characters of the same line; begins with a line break if it takes several lines.
fn expression(pieces: &[Piece], indentation: usize, used: usize) -> String {
    let on_one_line = flat(pieces);
    if !has_comment(pieces) && used + on_one_line.len() < WIDTH {
        return on_one_line;
    }
    let arms = split(pieces, &['|']);
    if arms.len() > 1 {
        return arms.into_iter().map(|arm| broken_arm(arm, indentation + 1)).collect();
    }
    let mut text = String::new();
    let mut before = None;
    for piece in pieces {
        if needs_space(before, piece) {
            text.push(' ');
        }
        match piece {
            Piece::Group('{', members) => text.push_str(&broken_object(members, indentation)),
            Piece::Group(open, inside) if has_comment(inside) => {
                text.push_str(&format!("{open}{}{}", expression(inside, indentation, used), closing(*open)));
            }
            piece => text.push_str(&flat(std::slice::from_ref(piece))),
        }
        before = Some(piece);
    }
    text
}

fn broken_arm(arm: &[Piece], indentation: usize) -> String {
    let (comment, arm) = documented(arm, indentation);
    let margin = STEP.repeat(indentation);
    format!("\n{comment}{margin}| {}", expression(arm, indentation, margin.len() + 2))
}

fn broken_object(members: &[Piece], indentation: usize) -> String {
    let margin = STEP.repeat(indentation);
    let members: String =
        split(members, &[',', ';']).into_iter().map(|member| broken_member(member, indentation + 1)).collect();
    if members.is_empty() { "{}".into() } else { format!("{{\n{members}{margin}}}") }
}

fn broken_member(member: &[Piece], indentation: usize) -> String {
    let (comment, member) = documented(member, indentation);
    let margin = STEP.repeat(indentation);
    let (name, value) = named(member);
    let value = expression(value, indentation, margin.len() + name.len() + 1);
    let space = if name.is_empty() || value.starts_with('\n') { "" } else { " " };
    format!("{comment}{margin}{name}{space}{value};\n")
}

/// The comments at the beginning, laid out, and the rest.
fn documented(pieces: &[Piece], indentation: usize) -> (String, &[Piece]) {
    let mut documentation = Vec::new();
    let mut rest = pieces;
    while let [Piece::Comment(lines), behind @ ..] = rest {
        documentation.extend_from_slice(lines);
        rest = behind;
    }
    (comment(&documentation, &STEP.repeat(indentation)), rest)
}

fn has_comment(pieces: &[Piece]) -> bool {
    pieces.iter().any(|piece| match piece {
        Piece::Comment(_) => true,
        Piece::Group(_, inside) => has_comment(inside),
        _ => false,
    })
}

/// `{ [key in K]: V }`, which is no interface.
fn is_mapped(members: &[Piece]) -> bool {
    let is_in = |piece: &Piece| matches!(piece, Piece::Word(word) if word == "in");
    members.iter().any(|piece| matches!(piece, Piece::Group('[', inside) if inside.iter().any(is_in)))
}
