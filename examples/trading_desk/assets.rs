//! The page, built into the program: nothing to install, nothing to build.

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;

struct Asset {
    name: &'static str,
    text: &'static str,
}

macro_rules! page {
    ($($name:literal),* $(,)?) => {
        [$(Asset { name: $name, text: include_str!(concat!("page/", $name)) }),*]
    };
}

const PAGE: [Asset; 23] = page![
    "absence.js",
    "api.js",
    "app.js",
    "chains.js",
    "client.js",
    "cursor.js",
    "cut.js",
    "device.js",
    "dom.js",
    "fold.js",
    "format.js",
    "icon.svg",
    "index.html",
    "lifecycle.js",
    "order.js",
    "panels.js",
    "pnl.js",
    "rows.js",
    "signals.js",
    "sparkline.js",
    "style.css",
    "toast.js",
    "transport.js",
];

pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    PAGE.into_iter().fold(Router::new(), |routes, asset| {
        let path = if asset.name == "index.html" { "/".into() } else { format!("/{}", asset.name) };
        routes.route(&path, get(move || async move { serve(asset.name, asset.text) }))
    })
}

fn serve(name: &str, text: &'static str) -> impl IntoResponse {
    let kind = match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("css") => "text/css; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    // A new build of the program is a new page: the browser asks each time.
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], text)
}
