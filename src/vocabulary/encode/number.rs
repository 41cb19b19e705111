//! Numbers that a browser holds as they are.
//!
//! Invariant: what is written is finite, and an integer is no greater than 2^53 either way, unless that is allowed.

use serde::ser::Error as _;

use super::decimal::{ShortDecimal, Text};
use super::fault::{Error, Reason};
use super::json::Json;

/// 2^53: the greatest integer up to which a browser's number holds every one.
const SAFE: u64 = 1 << 53;

impl Json<'_> {
    #[inline]
    pub(super) fn integer(&mut self, value: impl itoa::Integer) -> Result<(), Error> {
        self.plain(itoa::Buffer::new().format(value))
    }

    /// An integer that may be too great.
    #[inline]
    pub(super) fn wide_integer(&mut self, value: impl itoa::Integer, magnitude: u128) -> Result<(), Error> {
        if magnitude > SAFE.into() && !self.allows_big_integers() {
            return Err(self.stop(Reason::UnsafeInteger));
        }
        self.integer(value)
    }

    #[inline]
    pub(super) fn double(&mut self, value: f64) -> Result<(), Error> {
        match ShortDecimal::of(value) {
            Some(decimal) => self.bytes(decimal.write(&mut Text::default())),
            None => self.float(value, value.is_finite()),
        }
    }

    pub(super) fn float(&mut self, value: impl zmij::Float, is_finite: bool) -> Result<(), Error> {
        if !is_finite {
            return Err(self.stop(Reason::NotFinite));
        }
        self.plain(zmij::Buffer::new().format_finite(value))
    }

    /// A number that comes as text, of any size and precision.
    pub(super) fn number(&mut self, text: &str) -> Result<(), Error> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            // What is beyond 128 bits is as good as the greatest.
            if digits.parse().unwrap_or(u128::MAX) > SAFE.into() && !self.allows_big_integers() {
                return Err(self.stop(Reason::UnsafeInteger));
            }
        } else if !text.parse::<f64>().map_err(Error::custom)?.is_finite() {
            return Err(self.stop(Reason::NotFinite));
        }
        self.plain(text)
    }
}
