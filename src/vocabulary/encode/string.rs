//! Strings, with what JSON wants escaped.

use std::fmt;

use serde::ser::Error as _;

use super::fault::Error;
use super::json::Json;

/// What stands behind the backslash for each byte; 0 where the byte stands for itself.
const ESCAPES: [u8; 256] = {
    let mut escapes = [0; 256];
    let mut control = 0;
    while control < 0x20 {
        escapes[control] = b'u';
        control += 1;
    }
    escapes[0x08] = b'b';
    escapes[b'\t' as usize] = b't';
    escapes[b'\n' as usize] = b'n';
    escapes[0x0c] = b'f';
    escapes[b'\r' as usize] = b'r';
    escapes[b'"' as usize] = b'"';
    escapes[b'\\' as usize] = b'\\';
    escapes
};
const HEX: &[u8; 16] = b"0123456789abcdef";

impl Json<'_> {
    pub(super) fn string(&mut self, text: &str) -> Result<(), Error> {
        if !is_plain(text.as_bytes()) {
            return self.escaped_string(text);
        }
        if let [open, inside @ .., close] = self.room(text.len() + 2)? {
            (*open, *close) = (b'"', b'"');
            inside.copy_from_slice(text.as_bytes());
        }
        Ok(())
    }

    /// A key, with what stands before it, a bracket or a comma, and the colon behind it: mostly the name of a field, of
    /// which the compiler then knows all that is asked here.
    #[inline(always)]
    pub(super) fn key(&mut self, lead: u8, text: &str) -> Result<(), Error> {
        if !is_plain(text.as_bytes()) {
            return self.escaped_key(lead, text);
        }
        if let [before, open, inside @ .., close, colon] = self.room(text.len() + 4)? {
            (*before, *open, *close, *colon) = (lead, b'"', b'"', b':');
            inside.copy_from_slice(text.as_bytes());
        }
        Ok(())
    }

    #[cold]
    fn escaped_key(&mut self, lead: u8, text: &str) -> Result<(), Error> {
        self.byte(lead)?;
        self.escaped_string(text)?;
        self.byte(b':')
    }

    fn escaped_string(&mut self, text: &str) -> Result<(), Error> {
        self.byte(b'"')?;
        self.escaped(text)?;
        self.byte(b'"')
    }

    /// A string as it prints itself, piece by piece.
    pub(super) fn shown<T: fmt::Display + ?Sized>(&mut self, text: &T) -> Result<(), Error> {
        self.byte(b'"')?;
        fmt::write(&mut Escaping(self), format_args!("{text}"))
            .map_err(|_| Error::custom("a text that does not print itself"))?;
        self.byte(b'"')
    }

    /// In runs of what stands for itself.
    fn escaped(&mut self, text: &str) -> Result<(), Error> {
        let mut rest = text;
        while let Some(run) = rest.bytes().position(|byte| ESCAPES[usize::from(byte)] != 0) {
            let byte = rest.as_bytes()[run];
            self.plain(&rest[..run])?;
            self.escape(byte)?;
            rest = &rest[run + 1..];
        }
        self.plain(rest)
    }

    fn escape(&mut self, byte: u8) -> Result<(), Error> {
        let letter = ESCAPES[usize::from(byte)];
        self.room(2)?.copy_from_slice(&[b'\\', letter]);
        if letter == b'u' {
            let digits = [byte >> 4, byte & 0xf].map(|digit| HEX[usize::from(digit)]);
            self.room(4)?.copy_from_slice(&[b'0', b'0', digits[0], digits[1]]);
        }
        Ok(())
    }
}

/// Where a `Display` writes the contents of a string.
struct Escaping<'j, 'o>(&'j mut Json<'o>);

impl fmt::Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.escaped(text).map_err(|_| fmt::Error)
    }
}

/// Whether no byte needs an escape. Eight are looked at together, the last of them perhaps twice.
#[inline(always)]
fn is_plain(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some((word, behind)) = rest.split_first_chunk() {
        if !is_plain_word(word) {
            return false;
        }
        rest = behind;
    }
    match text.last_chunk() {
        Some(last) => is_plain_word(last),
        None => rest.iter().all(|byte| ESCAPES[usize::from(*byte)] == 0),
    }
}

/// Without a way out in the midst, so that it becomes a few instructions for all of them.
#[inline(always)]
fn is_plain_word(word: &[u8; 8]) -> bool {
    let is_escaped = |byte: u8| (byte < 0x20) | (byte == b'"') | (byte == b'\\');
    !word.iter().fold(false, |any, byte| any | is_escaped(*byte))
}
