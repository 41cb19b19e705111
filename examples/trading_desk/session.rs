//! Who is asking: a session cookie that says user, session, beginning and expiry, signed with a key that only this server
//! has.
//!
//! The server remembers no session, so a restart ends none; it remembers [those that were ended](crate::revocations)
//! before they expired. Behind TLS a host adds `Secure` and the name prefix `__Host-`.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::time::Duration;

use axum::http::{HeaderMap, header};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use user_hub::Timestamp;

use crate::desk::{USERS, User};
use crate::time::after;

const COOKIE: &str = "trading_desk";
const KEY_BYTES: usize = 32;
const ID_BYTES: usize = 16;

/// A sign-in of a user: which one, since when, until when.
#[derive(Debug, Clone)]
pub struct Session {
    pub user: &'static str,
    /// Random, in hex.
    pub id: String,
    pub begun_at: Timestamp,
    pub expires_at: Timestamp,
}

/// Begins sessions, and recognizes those that it began.
pub struct Sessions {
    /// Has the key, and nothing to sign yet.
    mac: Hmac<Sha256>,
    lifetime: Duration,
}

impl Sessions {
    /// Reads the signing key from the data folder; draws it at the first start.
    pub fn open(folder: &Path, lifetime: Duration) -> io::Result<Self> {
        let path = folder.join("session.key");
        match read_key(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => create_key(&path),
            known => known,
        }
        .and_then(|key| Hmac::new_from_slice(&key).map_err(io::Error::other))
        .map(|mac| Self { mac, lifetime })
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
    }

    /// The `Set-Cookie` of a new session.
    pub fn begin(&self, user: &User, now: Timestamp) -> io::Result<String> {
        let mut id = [0; ID_BYTES];
        getrandom::fill(&mut id).map_err(io::Error::other)?;
        let seconds = self.lifetime.as_secs();
        let expires_at = after(now, i64::try_from(seconds.saturating_mul(1_000)).unwrap_or(i64::MAX));
        let claim = claim(user.name, &hex(&id), now.as_milliseconds(), expires_at.as_milliseconds());
        let signature = hex(&self.mac(&claim).finalize().into_bytes());
        Ok(format!("{COOKIE}={claim}.{signature}; HttpOnly; SameSite=Strict; Path=/; Max-Age={seconds}"))
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
        let (claim, signature) = value.rsplit_once('.')?;
        // In constant time: how long a comparison takes says nothing about the right signature.
        self.mac(claim).verify_slice(&unhex(signature)?).ok()?;
        let mut parts = claim.split('.');
        let (user, id, begun, expires) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let user = USERS.iter().find(|known| known.name == user)?.name;
        let begun_at = Timestamp::from_milliseconds(begun.parse().ok()?);
        let expires_at = Timestamp::from_milliseconds(expires.parse().ok()?);
        (now < expires_at).then(|| Session { user, id: id.to_owned(), begun_at, expires_at })
    }

    fn mac(&self, claim: &str) -> Hmac<Sha256> {
        let mut mac = self.mac.clone();
        mac.update(format!("{COOKIE}.{claim}").as_bytes());
        mac
    }
}

/// What a cookie says: only names and numbers, so that a dot separates them.
fn claim(user: &str, id: &str, begun: i64, expires: i64) -> String {
    format!("{user}.{id}.{begun}.{expires}")
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
