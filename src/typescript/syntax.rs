//! A type of TypeScript, read into pieces, so that it can be laid out and searched for names.
//!
//! Invariants: what is read has balanced brackets, texts without escapes and comments that end where they were meant to;
//! anything else is refused, because a declaration that is wrong in the middle is worse than none. Pieces carry no space:
//! the layout decides.

/// One piece of a type.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Piece {
    /// A documentation comment, line by line, without its frame.
    Comment(Vec<String>),
    /// A name or a number.
    Word(String),
    /// A text, with its quotes.
    Literal(String),
    /// `|`, `&`, `:` and the like.
    Sign(char),
    /// `=>`.
    Arrow,
    /// What stands in brackets, by the one that opens them.
    Group(char, Vec<Piece>),
}

/// What cannot be read, in words.
pub(super) type Fault = String;

/// The pieces of a type, or of a whole declaration.
pub(super) fn read(text: &str) -> Result<Vec<Piece>, Fault> {
    let mut reader = Reader { rest: text };
    let pieces = reader.pieces()?;
    match reader.rest.chars().next() {
        Some(left_over) => Err(format!("`{left_over}` closes nothing")),
        None => Ok(pieces),
    }
}

/// The lines of a comment that is the whole text.
pub(super) fn documentation(text: &str) -> Vec<String> {
    let text = text.trim_end();
    lines(text.strip_prefix("/**").unwrap_or(text).trim_end_matches("*/"))
}

/// Whether a member or a type can be called so, without quotes.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_word) && !text.starts_with(char::is_numeric)
}

/// The parts between the separators; none for nothing, and none behind a separator at the end.
pub(super) fn split<'p>(pieces: &'p [Piece], separators: &[char]) -> Vec<&'p [Piece]> {
    let is_separator = |piece: &Piece| matches!(piece, Piece::Sign(sign) if separators.contains(sign));
    pieces.split(is_separator).filter(|part| !part.is_empty()).collect()
}

/// Every word, in the order in which they are read.
pub(super) fn words(pieces: &[Piece]) -> Vec<&str> {
    let mut words = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Word(word) => words.push(word.as_str()),
            Piece::Group(_, inside) => words.extend(self::words(inside)),
            Piece::Comment(_) | Piece::Literal(_) | Piece::Sign(_) | Piece::Arrow => {}
        }
    }
    words
}

/// The bracket that closes what this one opens.
pub(super) const fn closing(open: char) -> char {
    match open {
        '(' => ')',
        '[' => ']',
        '<' => '>',
        _ => '}',
    }
}

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || matches!(char, '_' | '$')
}

struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    /// Reads up to the end or to a closing bracket, which it leaves.
    fn pieces(&mut self) -> Result<Vec<Piece>, Fault> {
        let mut pieces = Vec::new();
        loop {
            self.rest = self.rest.trim_start();
            let Some(first) = self.rest.chars().next() else { return Ok(pieces) };
            pieces.push(match first {
                '/' => Piece::Comment(self.comment()?),
                '"' | '\'' | '`' => Piece::Literal(self.literal(first)?),
                '=' if self.rest.starts_with("=>") => {
                    self.rest = &self.rest[2..];
                    Piece::Arrow
                }
                '(' | '[' | '{' | '<' => self.group(first)?,
                ')' | ']' | '}' | '>' => return Ok(pieces),
                '|' | '&' | ':' | '?' | ',' | ';' | '=' | '.' | '-' | '+' => {
                    self.rest = &self.rest[1..];
                    Piece::Sign(first)
                }
                _ if is_word(first) => Piece::Word(self.word()),
                _ => return Err(format!("`{first}` is no part of a type")),
            });
        }
    }

    fn group(&mut self, open: char) -> Result<Piece, Fault> {
        self.rest = &self.rest[1..];
        let inside = self.pieces()?;
        let close = closing(open);
        self.rest = self.rest.strip_prefix(close).ok_or_else(|| format!("a `{open}` has no `{close}`"))?;
        Ok(Piece::Group(open, inside))
    }

    fn word(&mut self) -> String {
        let end = self.rest.find(|char| !is_word(char)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word.to_owned()
    }

    /// ts-rs escapes nothing: a quote within a text ends it, and a backslash would mean something else to TypeScript.
    fn literal(&mut self, quote: char) -> Result<String, Fault> {
        let inside = &self.rest[1..];
        let end = inside.find(quote).ok_or_else(|| "a text does not end".to_owned())?;
        let (literal, rest) = self.rest.split_at(end + 2);
        if literal.contains(['\\', '\n', '\r']) {
            return Err(format!("the text {literal} has a backslash or a line break"));
        }
        if rest.starts_with(|char| is_word(char) || matches!(char, '"' | '\'' | '`')) {
            return Err(format!("the text {literal} goes on behind its quote"));
        }
        self.rest = rest;
        Ok(literal.to_owned())
    }

    /// ts-rs writes a comment in two forms: one star a line, with the end on a line of its own; and, for one `#[doc]` of
    /// several lines, as it is. Neither escapes what would end it, so the end is where ts-rs put it.
    fn comment(&mut self) -> Result<Vec<String>, Fault> {
        let text = self.rest.strip_prefix("/**").ok_or_else(|| "`/` begins no documentation".to_owned())?;
        let starred = text.strip_prefix('\n').filter(|text| text.starts_with(" *"));
        let (end, length) = match starred {
            Some(_) => ("\n */\n", 5),
            None => ("*/\n", 3),
        };
        let at = text.find(end).or_else(|| text.find("*/")).ok_or_else(|| "a comment does not end".to_owned())?;
        let length = if text[at..].starts_with(end) { length } else { 2 };
        self.rest = &text[at + length..];
        Ok(lines(&text[..at]))
    }
}

/// The lines without the stars before them and without the indentation that all have.
fn lines(text: &str) -> Vec<String> {
    let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    while lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    if let [first, starred @ ..] = lines.as_slice() {
        let bare: Option<Vec<&str>> = starred.iter().map(|line| line.trim_start().strip_prefix('*')).collect();
        let bare = bare.filter(|bare| !bare.is_empty());
        lines = bare.map_or(lines.clone(), |bare| std::iter::once(*first).chain(bare).collect());
    }
    let written = lines.iter().filter(|line| !line.is_empty());
    let common = written.map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
    let lines = lines.iter().map(|line| line.get(common..).unwrap_or_default().to_owned());
    lines.skip_while(String::is_empty).collect()
}
