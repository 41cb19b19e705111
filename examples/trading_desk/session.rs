//! Who is asking: a session cookie that says user and expiry, signed with a key that only this server has.
//!
//! The server remembers no session, so a restart ends none; signing out clears the cookie in the browser. Behind TLS a
//! host adds `Secure` and the name prefix `__Host-`.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use axum::http::{HeaderMap, header};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use user_hub::Timestamp;

use crate::desk::USERS;

const COOKIE: &str = "trading_desk";
const LIFETIME_SECONDS: i64 = 12 * 60 * 60;
const KEY_BYTES: usize = 32;

/// A user who is signed in, until when.
#[derive(Debug, Clone, Copy)]
pub struct Session {
    pub user: &'static str,
    pub expires_at: Timestamp,
}

/// Begins sessions, and recognizes those that it began.
pub struct Sessions {
    /// Has the key, and nothing to sign yet.
    mac: Hmac<Sha256>,
}

impl Sessions {
    /// Reads the signing key from the data folder; draws it at the first start.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let path = folder.join("session.key");
        match read_key(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => create_key(&path),
            known => known,
        }
        .and_then(|key| Hmac::new_from_slice(&key).map_err(io::Error::other))
        .map(|mac| Self { mac })
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
    }

    /// The `Set-Cookie` of a new session.
    pub fn begin(&self, user: &str, now: Timestamp) -> String {
        let expires = now.as_milliseconds() / 1_000 + LIFETIME_SECONDS;
        let signature = hex(&self.mac(user, expires).finalize().into_bytes());
        format!("{COOKIE}={user}.{expires}.{signature}; HttpOnly; SameSite=Strict; Path=/; Max-Age={LIFETIME_SECONDS}")
    }

    /// The `Set-Cookie` that ends a session in the browser.
    pub fn end() -> String {
        format!("{COOKIE}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0")
    }

    /// The session of a request, if its cookie is genuine and not expired.
    pub fn recognize(&self, headers: &HeaderMap, now: Timestamp) -> Option<Session> {
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|cookies| cookies.split(';'))
            .filter_map(|cookie| cookie.trim().strip_prefix(COOKIE)?.strip_prefix('='))
            .find_map(|value| self.verify(value, now))
    }

    fn verify(&self, value: &str, now: Timestamp) -> Option<Session> {
        let mut parts = value.split('.');
        let (user, expires, signature) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let expires: i64 = expires.parse().ok()?;
        // In constant time: how long a comparison takes says nothing about the right signature.
        self.mac(user, expires).verify_slice(&unhex(signature)?).ok()?;
        let expires_at = Timestamp::from_milliseconds(expires.checked_mul(1_000)?);
        let user = USERS.iter().find(|known| known.name == user)?.name;
        (now < expires_at).then_some(Session { user, expires_at })
    }

    fn mac(&self, user: &str, expires: i64) -> Hmac<Sha256> {
        let mut mac = self.mac.clone();
        mac.update(format!("{COOKIE}.{user}.{expires}").as_bytes());
        mac
    }
}

fn read_key(path: &Path) -> io::Result<[u8; KEY_BYTES]> {
    let mut key = Vec::with_capacity(KEY_BYTES);
    fs::File::open(path)?.take(KEY_BYTES as u64 + 1).read_to_end(&mut key)?;
    key.try_into().map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "not a key; delete it to draw a new one"))
}

fn create_key(path: &Path) -> io::Result<[u8; KEY_BYTES]> {
    let mut key = [0; KEY_BYTES];
    getrandom::fill(&mut key).map_err(io::Error::other)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(&key)?;
    file.sync_all()?;
    Ok(key)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|digit| Some(digit.to_digit(16)? as u8)).collect();
    Some(digits.filter(|digits| digits.len() % 2 == 0)?.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}
