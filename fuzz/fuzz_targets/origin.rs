//! Any `Origin`, `Host` and `Sec-Fetch-Site` against the policies: what is allowed is the host's own page, or a listed one.
#![no_main]

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use user_hub::transport::{DeviceRequest, OriginError, OriginPolicy};

#[derive(Arbitrary, Debug)]
struct Request<'a> {
    origin: Option<Text<'a>>,
    host: Option<Text<'a>>,
    site: Option<Text<'a>>,
}

/// What an attacker writes, or something near to what is allowed.
#[derive(Arbitrary, Debug)]
enum Text<'a> {
    Bytes(&'a [u8]),
    Around { before: &'a [u8], word: Word, after: &'a [u8] },
}

#[derive(Arbitrary, Debug)]
enum Word {
    Host,
    Https,
    Listed,
    SameOrigin,
    None,
    Null,
}

impl Word {
    const fn text(&self) -> &'static str {
        match self {
            Self::Host => "app.example.com",
            Self::Https => "https://app.example.com",
            Self::Listed => "http://localhost:5173",
            Self::SameOrigin => "same-origin",
            Self::None => "none",
            Self::Null => "null",
        }
    }
}

impl Text<'_> {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes.to_vec(),
            Self::Around { before, word, after } => [before, word.text().as_bytes(), after].concat(),
        }
    }
}

fuzz_target!(|request: Request<'_>| {
    let [origin, host, site] =
        [&request.origin, &request.host, &request.site].map(|text| text.as_ref().map(Text::bytes));
    let device = DeviceRequest::read(None, |name| match name {
        "origin" => origin.as_deref(),
        "host" => host.as_deref(),
        "sec-fetch-site" => site.as_deref(),
        _ => None,
    });
    let same_host = OriginPolicy::same_host();
    let only = OriginPolicy::only(["http://localhost:5173"]).expect("an origin");
    assert!(OriginPolicy::any().check(&device).is_ok());
    for policy in [&same_host, &only] {
        let missing = Err(OriginError::Missing);
        assert_eq!(policy.check(&device) == missing, origin.is_none() && site.is_none());
        let lenient = policy.clone().allow_missing().check(&device);
        assert!(lenient == policy.check(&device) || policy.check(&device) == missing, "only a missing one is forgiven");
    }
    if let Some(origin) = &origin {
        let listed = normal(origin).as_deref() == Some("http://localhost:5173");
        assert_eq!(only.check(&device).is_ok(), listed, "{device:?}");
        let own = |scheme: &str| host.as_deref().and_then(|host| normal(&[scheme.as_bytes(), host].concat()));
        let page = normal(origin);
        let is_own = page.is_some() && (page == own("https://") || page == own("http://"));
        assert_eq!(same_host.check(&device).is_ok(), is_own, "{device:?}");
    } else if let Some(site) = &site {
        let is_open = site == b"none";
        assert!(only.check(&device).is_err() || is_open || site == b"same-origin", "{device:?}");
        assert!(same_host.check(&device).is_err() || is_open || site == b"same-origin", "{device:?}");
    }
});

/// An origin in one spelling: lower case, with its port; `None` for what a browser never sends.
fn normal(origin: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(origin).ok()?.to_ascii_lowercase();
    let (scheme, authority) = text.split_once("://")?;
    let usual = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    let end_of_host =
        authority.rfind(']').map_or(authority.find(':'), |end| authority[end..].find(':').map(|at| end + at));
    let (host, port) = authority.split_at(end_of_host.unwrap_or(authority.len()));
    let port = match port.strip_prefix(':') {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse::<u16>().ok()?,
        Some(_) => return None,
        None => usual,
    };
    let in_host = |byte: u8| byte.is_ascii_graphic() && !b"/?#@\\".contains(&byte);
    let is_address = host.starts_with('[')
        && host.ends_with(']')
        && host.rfind('[') == Some(0)
        && host.find(']') == Some(host.len() - 1);
    let is_host = !host.is_empty() && host.bytes().all(in_host) && (is_address || !host.contains([':', '[', ']']));
    is_host.then(|| format!("{scheme}://{host}:{port}"))
}
