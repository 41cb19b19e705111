//! What a transport reads from a device's HTTP request, whatever framework received it.
//!
//! Invariant: nothing here says who the user is; that is the host's authentication.

use std::borrow::Cow;

use crate::Start;

/// The parts of a device's HTTP request that decide whether it may connect and where it goes on.
///
/// ```
/// use user_hub::transport::{DeviceRequest, OriginPolicy};
///
/// let headers = |name: &str| match name {
///     "host" => Some(&b"app.example.com"[..]),
///     "origin" => Some(&b"https://app.example.com"[..]),
///     _ => None,
/// };
/// let request = DeviceRequest::read(Some("resume=00c0ffee00c0ffee-42"), headers);
///
/// assert!(OriginPolicy::same_host().check(&request).is_ok());
/// assert_eq!(request.resume(), Some("00c0ffee00c0ffee-42"));
/// ```
#[derive(Debug, Clone, Default)]
pub struct DeviceRequest {
    pub(super) origin: Option<Box<str>>,
    pub(super) host: Option<Box<str>>,
    pub(super) fetch_site: Option<Box<str>>,
    resume: Option<Box<str>>,
}

impl DeviceRequest {
    /// Reads a request: the query of its URI, without `?`, and its headers by lower-case name.
    ///
    /// With the `http` crate: `DeviceRequest::read(uri.query(), |name| headers.get(name).map(HeaderValue::as_bytes))`.
    ///
    /// ```
    /// use user_hub::transport::DeviceRequest;
    ///
    /// // An EventSource that reconnects sends both: its own last id, and the address that it was made with.
    /// let request = DeviceRequest::read(Some("resume=00c0ffee00c0ffee-1"), |name| match name {
    ///     "last-event-id" => Some(b"00c0ffee00c0ffee-42"),
    ///     _ => None,
    /// });
    /// assert_eq!(request.resume(), Some("00c0ffee00c0ffee-42"));
    /// ```
    pub fn read<'h>(query: Option<&str>, header: impl Fn(&str) -> Option<&'h [u8]>) -> Self {
        // A header that is not text must not pass for a missing one; mangled, it equals nothing that is allowed.
        let text = |name| header(name).map(|value| Box::<str>::from(String::from_utf8_lossy(value)));
        let resume = text("last-event-id").filter(|id| !id.is_empty()).or_else(|| query.and_then(resume_parameter));
        Self { origin: text("origin"), host: text("host"), fetch_site: text("sec-fetch-site"), resume }
    }

    /// The same with the host of the request's URI where it has one, as HTTP/2 requests have instead of a `Host` header.
    ///
    /// ```
    /// use user_hub::transport::{DeviceRequest, OriginPolicy};
    ///
    /// let request = DeviceRequest::read(None, |name| (name == "origin").then_some(&b"https://example.com"[..]));
    /// let request = request.authority(Some("example.com"));
    /// assert!(OriginPolicy::same_host().check(&request).is_ok());
    /// ```
    #[must_use]
    pub fn authority(mut self, authority: Option<&str>) -> Self {
        if let Some(authority) = authority {
            self.host = Some(Box::from(authority));
        }
        self
    }

    /// The cursor that the device resumes from, unchecked: `Last-Event-ID`, else the query parameter `resume`.
    ///
    /// An empty one is none.
    ///
    /// ```
    /// use user_hub::transport::DeviceRequest;
    ///
    /// assert_eq!(DeviceRequest::read(Some("token=t&resume="), |_| None).resume(), None);
    /// ```
    #[must_use]
    pub fn resume(&self) -> Option<&str> {
        self.resume.as_deref()
    }

    /// Where the device starts: at its cursor, or as a new device gets everything.
    ///
    /// ```
    /// use user_hub::{ConnectOptions, UserHub, transport::DeviceRequest};
    ///
    /// let request = DeviceRequest::read(Some("resume=00c0ffee00c0ffee-42"), |_| None);
    /// let device = UserHub::new().connect_with("alice", ConnectOptions::new().start(request.start()))?;
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    #[must_use]
    pub fn start(&self) -> Start {
        self.start_or(Start::Snapshot)
    }

    /// Where the device starts: at its cursor, or where a new device is to start.
    ///
    /// ```
    /// use user_hub::{Start, transport::DeviceRequest};
    ///
    /// assert_eq!(DeviceRequest::default().start_or(Start::SnapshotAndLog(20)), Start::SnapshotAndLog(20));
    /// ```
    #[must_use]
    pub fn start_or(&self, otherwise: Start) -> Start {
        self.resume().map_or(otherwise, Start::resume)
    }
}

/// The first `resume` of a query, decoded.
fn resume_parameter(query: &str) -> Option<Box<str>> {
    let value = query.split('&').find_map(|pair| pair.strip_prefix("resume="))?;
    Some(percent_decoded(value)).filter(|text| !text.is_empty()).map(Box::from)
}

/// What is not a percent-encoding stays as it is: a broken cursor is an unknown one, and is answered as such.
fn percent_decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let encoded = match (first, digit(after.first()), digit(after.get(1))) {
            (b'%', Some(high), Some(low)) => u8::try_from(high * 16 + low).ok(),
            _ => None,
        };
        decoded.push(encoded.unwrap_or(*first));
        rest = if encoded.is_some() { &after[2..] } else { after };
    }
    Cow::Owned(String::from_utf8_lossy(&decoded).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resume(last_event_id: Option<&'static str>, query: Option<&str>) -> Option<String> {
        let request =
            DeviceRequest::read(query, |name| last_event_id.filter(|_| name == "last-event-id").map(str::as_bytes));
        request.resume().map(String::from)
    }

    #[test]
    fn last_event_id_wins_over_the_query_and_empty_means_none() {
        assert_eq!(resume(Some("a-1"), Some("resume=b-2")).as_deref(), Some("a-1"));
        assert_eq!(resume(Some(""), Some("resume=b-2")).as_deref(), Some("b-2"));
        assert_eq!(resume(None, Some("x=1&resume=b-2&resume=c-3")).as_deref(), Some("b-2"));
        assert_eq!(resume(Some(""), Some("resume=")), None);
        assert_eq!(resume(None, Some("noresume=b-2")), None);
        assert_eq!(resume(None, None), None);
    }

    #[test]
    fn the_query_is_percent_decoded_and_a_broken_encoding_stays() {
        assert_eq!(resume(None, Some("resume=00%2D7")).as_deref(), Some("00-7"));
        assert_eq!(resume(None, Some("resume=%C3%A9")).as_deref(), Some("é"));
        assert_eq!(resume(None, Some("resume=%2")).as_deref(), Some("%2"));
        assert_eq!(resume(None, Some("resume=%zz%")).as_deref(), Some("%zz%"));
        assert_eq!(resume(None, Some("resume=%ff")).as_deref(), Some("\u{fffd}"));
    }
}
