//! Which web pages may open a device's connection.
//!
//! A browser sends a user's cookies with a WebSocket or SSE request of *any* page. Without a check, a hostile page reads
//! the user's events; so the handlers take a policy as an argument and there is no default to forget.
//!
//! Invariant: what cannot be read as an origin is refused, never treated as missing.

use std::sync::Arc;

use super::request::DeviceRequest;

/// Which web pages may open a device's connection, by the request's `Origin` header.
///
/// A page's origin is its scheme, host and port. Compared are lower-case host names, and ports with `http` 80 and
/// `https` 443 filled in. The origin `null` (a sandboxed page, a local file) is allowed by [`any`](Self::any) alone.
///
/// A request without `Origin` is one of three. A browser leaves it out on a plain `GET`, an `EventSource` of the same
/// origin for instance, and says in `Sec-Fetch-Site` what it is: `same-origin` counts as a page of the requested host,
/// `none` (an address typed by the user) is allowed, anything else is another page and is refused. Without that header
/// it is no present-day browser: refused, unless [`allow_missing`](Self::allow_missing).
///
/// The policy knows where a page comes from, not who its user is.
///
/// ```
/// use user_hub::transport::{DeviceRequest, OriginError, OriginPolicy};
///
/// let request = |origin: &'static str| {
///     DeviceRequest::read(None, move |name| match name {
///         "host" => Some(b"example.com"),
///         "origin" => Some(origin.as_bytes()),
///         _ => None,
///     })
/// };
/// let policy = OriginPolicy::same_host();
/// assert_eq!(policy.check(&request("https://example.com")), Ok(()));
/// assert_eq!(policy.check(&request("https://evil.example")), Err(OriginError::NotAllowed));
/// ```
#[derive(Debug, Clone)]
pub struct OriginPolicy {
    rule: Rule,
    missing_allowed: bool,
}

#[derive(Debug, Clone)]
enum Rule {
    SameHost,
    Only(Arc<[Origin]>),
    Any,
}

impl OriginPolicy {
    /// Pages of the host that the request went to, over http or https.
    ///
    /// A proxy in front must pass the browser's `Host` on, as most do not by themselves; where it does not, name the
    /// origins with [`only`](Self::only).
    ///
    /// ```
    /// use user_hub::transport::OriginPolicy;
    ///
    /// let policy = OriginPolicy::same_host();
    /// # let _ = policy;
    /// ```
    #[must_use]
    pub const fn same_host() -> Self {
        Self { rule: Rule::SameHost, missing_allowed: false }
    }

    /// Pages of exactly these origins, such as `https://app.example.com` or `http://localhost:5173`.
    ///
    /// For SSE from another origin the host's CORS layer must allow that origin as well, or the browser hides the answer.
    ///
    /// # Errors
    /// [`MalformedOrigin`]: one of them is not `scheme://host` or `scheme://host:port`; a `/` at the end is the usual
    /// mistake.
    ///
    /// ```
    /// use user_hub::transport::OriginPolicy;
    ///
    /// let policy = OriginPolicy::only(["https://app.example.com", "http://localhost:5173"])?;
    /// assert!(OriginPolicy::only(["app.example.com"]).is_err());
    /// # Ok::<(), user_hub::transport::MalformedOrigin>(())
    /// ```
    pub fn only<O: AsRef<str>>(origins: impl IntoIterator<Item = O>) -> Result<Self, MalformedOrigin> {
        let parse = |text: O| {
            let text = text.as_ref();
            Origin::parse(text).ok_or_else(|| MalformedOrigin(text.to_owned()))
        };
        let origins: Result<Arc<[_]>, _> = origins.into_iter().map(parse).collect();
        Ok(Self { rule: Rule::Only(origins?), missing_allowed: false })
    }

    /// Every page of the web, and no page at all: only right where the request carries a token that no browser adds by
    /// itself.
    ///
    /// ```
    /// use user_hub::transport::{DeviceRequest, OriginPolicy};
    ///
    /// assert!(OriginPolicy::any().check(&DeviceRequest::default()).is_ok());
    /// ```
    #[must_use]
    pub const fn any() -> Self {
        Self { rule: Rule::Any, missing_allowed: true }
    }

    /// The same, and clients that are no browser: requests with neither `Origin` nor `Sec-Fetch-Site`.
    ///
    /// ```
    /// use user_hub::transport::{DeviceRequest, OriginPolicy};
    ///
    /// assert!(OriginPolicy::same_host().check(&DeviceRequest::default()).is_err());
    /// assert!(OriginPolicy::same_host().allow_missing().check(&DeviceRequest::default()).is_ok());
    /// ```
    #[must_use]
    pub const fn allow_missing(mut self) -> Self {
        self.missing_allowed = true;
        self
    }

    /// Decides on a request.
    ///
    /// # Errors
    /// [`OriginError`]: answer 403, before any upgrade.
    ///
    /// ```
    /// use user_hub::transport::{DeviceRequest, OriginError, OriginPolicy};
    ///
    /// assert_eq!(OriginPolicy::same_host().check(&DeviceRequest::default()), Err(OriginError::Missing));
    /// ```
    pub fn check(&self, request: &DeviceRequest) -> Result<(), OriginError> {
        let host = request.host.as_deref();
        let allowed = match (&self.rule, request.origin.as_deref(), request.fetch_site.as_deref()) {
            (Rule::Any, ..) => true,
            (rule, Some(origin), _) => Origin::parse(origin).is_some_and(|origin| rule.allows(&origin, host)),
            // The page's scheme is the request's own, which a proxy may have hidden.
            (rule, None, Some("same-origin")) => ["https", "http"]
                .iter()
                .filter_map(|scheme| Origin::of(scheme, host?))
                .any(|origin| rule.allows(&origin, host)),
            (_, None, Some(site)) => site == "none",
            (_, None, None) if self.missing_allowed => true,
            (_, None, None) => return Err(OriginError::Missing),
        };
        if allowed { Ok(()) } else { Err(OriginError::NotAllowed) }
    }
}

impl Rule {
    fn allows(&self, origin: &Origin, host: Option<&str>) -> bool {
        match self {
            Self::Any => true,
            Self::Only(origins) => origins.contains(origin),
            Self::SameHost => {
                matches!(&*origin.scheme, "http" | "https")
                    && host.and_then(|host| Origin::of(&origin.scheme, host)).is_some_and(|own| own == *origin)
            }
        }
    }
}

/// An origin in lower case with its port filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Origin {
    scheme: Box<str>,
    host: Box<str>,
    /// `None` for a scheme without a usual port.
    port: Option<u16>,
}

impl Origin {
    fn parse(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        Self::of(scheme, authority)
    }

    /// The origin of an authority, `host` or `host:port`, under a scheme.
    fn of(scheme: &str, authority: &str) -> Option<Self> {
        let scheme = scheme.to_ascii_lowercase();
        let in_scheme = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        let (host, port) = match authority.rsplit_once(':') {
            // The last colon of a bare `[::1]` is inside the brackets.
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (authority, None),
        };
        let in_host = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'/' | b'?' | b'#' | b'@' | b'\\');
        let inside = host.strip_prefix('[').map_or(Some(host), |address| address.strip_suffix(']'));
        let is_name =
            inside.is_some_and(|name| !name.contains(['[', ']']) && (name.len() < host.len() || !name.contains(':')));
        if scheme.is_empty() || !scheme.bytes().all(in_scheme) || host.is_empty() || !is_name {
            return None;
        }
        if !host.bytes().all(in_host) || port.is_some_and(|port| !port.bytes().all(|byte| byte.is_ascii_digit())) {
            return None;
        }
        let port = match (port, &*scheme) {
            (Some(port), _) => Some(port.parse().ok()?),
            (None, "http") => Some(80),
            (None, "https") => Some(443),
            (None, _) => None,
        };
        Some(Self { scheme: scheme.into(), host: host.to_ascii_lowercase().into(), port })
    }
}

/// Why a request was refused; the answer is 403.
///
/// ```
/// use user_hub::transport::OriginError;
///
/// assert_eq!(OriginError::Missing.to_string(), "the request has no Origin");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OriginError {
    /// Neither `Origin` nor `Sec-Fetch-Site`: no browser; see [`OriginPolicy::allow_missing`].
    #[error("the request has no Origin")]
    Missing,
    /// The page is not one of those that the policy allows.
    #[error("the request's Origin is not allowed")]
    NotAllowed,
}

/// A text that is not an origin, in a list of allowed ones.
///
/// ```
/// let error = user_hub::transport::OriginPolicy::only(["https://example.com/"]).unwrap_err();
/// assert_eq!(error.to_string(), "an origin is scheme://host or scheme://host:port, not \"https://example.com/\"");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an origin is scheme://host or scheme://host:port, not {0:?}")]
pub struct MalformedOrigin(String);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

    use super::*;

    fn request(origin: Option<&str>, host: &str, site: Option<&str>) -> DeviceRequest {
        DeviceRequest::read(None, move |name| match name {
            "origin" => origin.map(str::as_bytes),
            "host" => Some(host.as_bytes()),
            "sec-fetch-site" => site.map(str::as_bytes),
            _ => None,
        })
    }

    #[test]
    fn the_same_host_is_the_same_name_and_port_whatever_the_case() {
        let allowed =
            |origin: &str, host: &str| OriginPolicy::same_host().check(&request(Some(origin), host, None)).is_ok();
        assert!(allowed("https://example.com", "example.com"));
        assert!(allowed("https://EXAMPLE.com", "Example.COM"));
        assert!(allowed("https://example.com", "example.com:443"));
        assert!(allowed("http://example.com:80", "example.com"));
        assert!(allowed("http://127.0.0.1:8080", "127.0.0.1:8080"));
        assert!(allowed("http://[::1]:8080", "[::1]:8080"));
        for odd in ["[::1", "[::1]]", "[:1]x", "a]b", "[a[b]"] {
            assert!(!allowed(&format!("http://{odd}"), odd), "{odd}");
        }
        assert!(allowed("http://[::1]", "[::1]"));

        assert!(!allowed("https://example.com", "example.com:80"));
        assert!(!allowed("http://example.com:8080", "example.com:8081"));
        assert!(!allowed("https://example.com.evil.example", "example.com"));
        assert!(!allowed("https://evil.example", "example.com"));
        assert!(!allowed("https://sub.example.com", "example.com"));
        assert!(!allowed("chrome-extension://example.com", "example.com"));
    }

    #[test]
    fn what_is_not_an_origin_is_refused_also_where_a_missing_one_is_allowed() {
        let policy = OriginPolicy::same_host().allow_missing();
        for origin in [
            "null",
            "",
            "example.com",
            "https://",
            "https://example.com/",
            "https://user@example.com",
            "https://example.com:",
            "https://example.com:99999",
            "https://example.com:+443",
            "https://a:b:443",
            "://example.com",
        ] {
            assert_eq!(
                policy.check(&request(Some(origin), "example.com", None)),
                Err(OriginError::NotAllowed),
                "{origin}"
            );
        }
        let not_text = DeviceRequest::read(None, |name| match name {
            "origin" => Some(b"https://example.com\xff"),
            "host" => Some(b"example.com"),
            _ => None,
        });
        assert_eq!(policy.check(&not_text), Err(OriginError::NotAllowed));
    }

    #[test]
    fn only_the_listed_origins_are_allowed() {
        let policy = OriginPolicy::only(["https://App.example.com:443", "capacitor://localhost"]).unwrap();
        let allowed = |origin| policy.check(&request(Some(origin), "api.example.com", None)).is_ok();
        assert!(allowed("https://app.example.com"));
        assert!(allowed("capacitor://localhost"));
        assert!(!allowed("http://app.example.com"));
        assert!(!allowed("https://api.example.com"));
        assert_eq!(OriginPolicy::only(["null"]).unwrap_err(), MalformedOrigin("null".into()));
    }

    #[test]
    fn a_missing_origin_is_decided_by_what_the_browser_says_of_the_page() {
        let check = |policy: &OriginPolicy, site| policy.check(&request(None, "example.com", site));
        let (same, only) = (OriginPolicy::same_host(), OriginPolicy::only(["https://app.example.com"]).unwrap());
        let own = OriginPolicy::only(["https://example.com"]).unwrap();

        assert_eq!(check(&same, Some("same-origin")), Ok(()));
        assert_eq!(check(&own, Some("same-origin")), Ok(()));
        assert_eq!(check(&only, Some("same-origin")), Err(OriginError::NotAllowed));
        assert_eq!(check(&same, Some("none")), Ok(()));
        for policy in [&same, &only, &same.clone().allow_missing()] {
            assert_eq!(check(policy, Some("cross-site")), Err(OriginError::NotAllowed));
            assert_eq!(check(policy, Some("same-site")), Err(OriginError::NotAllowed));
        }
        assert_eq!(check(&same, None), Err(OriginError::Missing));
        assert_eq!(check(&same.allow_missing(), None), Ok(()));
        assert_eq!(check(&OriginPolicy::any(), Some("cross-site")), Ok(()));
    }
}
