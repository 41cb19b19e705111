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
        if is_plain(text.as_bytes()) {
            return self.quoted(text);
        }
        self.plain("\"")?;
        self.escaped(text)?;
        self.plain("\"")
    }

    /// A text that is known to need no escape.
    #[inline(always)]
    pub(super) fn quoted(&mut self, text: &str) -> Result<(), Error> {
        self.put(text.len() + 2, |room| {
            if let [open, inside @ .., close] = room {
                *open = b'"';
                inside.copy_from_slice(text.as_bytes());
                *close = b'"';
            }
        })
    }

    /// A key, with what stands before it, a bracket or a comma, and the colon behind it: mostly the name of a field, of
    /// which the compiler then knows all that is asked here.
    #[inline(always)]
    pub(super) fn key(&mut self, lead: u8, text: &str) -> Result<(), Error> {
        if !is_plain(text.as_bytes()) {
            return self.escaped_key(lead, text);
        }
        self.put(text.len() + 4, |room| {
            if let [first, open, inside @ .., close, colon] = room {
                *first = lead;
                *open = b'"';
                inside.copy_from_slice(text.as_bytes());
                *close = b'"';
                *colon = b':';
            }
        })
    }

    #[cold]
    fn escaped_key(&mut self, lead: u8, text: &str) -> Result<(), Error> {
        self.byte(lead)?;
        self.string(text)?;
        self.plain(":")
    }

    /// A bracket or a comma.
    #[inline(always)]
    pub(super) fn byte(&mut self, byte: u8) -> Result<(), Error> {
        self.put(1, |room| room.fill(byte))
    }

    /// A string as it prints itself, piece by piece.
    pub(super) fn shown<T: fmt::Display + ?Sized>(&mut self, text: &T) -> Result<(), Error> {
        self.plain("\"")?;
        fmt::write(&mut Escaping(self), format_args!("{text}")).map_err(Error::custom)?;
        self.plain("\"")
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
        match ESCAPES[usize::from(byte)] {
            b'u' => {
                let digits = [byte >> 4, byte & 0xf].map(|digit| HEX[usize::from(digit)]);
                self.put(6, |room| room.copy_from_slice(&[b'\\', b'u', b'0', b'0', digits[0], digits[1]]))
            }
            letter => self.put(2, |room| room.copy_from_slice(&[b'\\', letter])),
        }
    }
}

/// Where a `Display` writes the contents of a string. A `Serialize` that fails here is asked for nothing more.
struct Escaping<'j, 'o>(&'j mut Json<'o>);

impl fmt::Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.escaped(text).map_err(|_| fmt::Error)
    }
}

/// Whether no byte needs an escape. Eight at a time; the last eight may be looked at twice.
#[inline(always)]
fn is_plain(text: &[u8]) -> bool {
    match text.last_chunk() {
        Some(last) => {
            text.chunks_exact(8).filter_map(|word| word.first_chunk()).all(is_plain_word) && is_plain_word(last)
        }
        None => text.iter().all(|byte| ESCAPES[usize::from(*byte)] == 0),
    }
}

/// The same of eight bytes at once: a byte becomes zero, or less, where it is what is looked for, and lends its highest bit
/// from the next.
#[inline(always)]
fn is_plain_word(word: &[u8; 8]) -> bool {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let word = u64::from_ne_bytes(*word);
    let below = |word: u64, bound: u8| word.wrapping_sub(ONES * bound as u64) & !word;
    let is = |byte: u8| below(word ^ (ONES * byte as u64), 1);
    (below(word, 0x20) | is(b'"') | is(b'\\')) & HIGH == 0
}
