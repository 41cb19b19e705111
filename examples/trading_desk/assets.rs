//! The page, built into the program: nothing to install, nothing to build.

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;

struct Asset {
    path: &'static str,
    text: &'static str,
}

/// The files of a folder, each at its name below an address.
macro_rules! assets {
    ($folder:literal at $address:literal: $($name:literal),* $(,)?) => {
        &[$(Asset { path: concat!($address, $name), text: include_str!(concat!($folder, $name)) }),*]
    };
}

const PAGE: &[Asset] = assets!("page/" at "/":
    "absence.js",
    "api.js",
    "app.js",
    "chains.js",
    "cut.js",
    "deliveries.js",
    "dom.js",
    "format.js",
    "icon.svg",
    "index.html",
    "lifecycle.js",
    "meter.js",
    "order.js",
    "panels.js",
    "pnl.js",
    "polled.js",
    "rows.js",
    "signals.js",
    "sparkline.js",
    "style.css",
    "switch.js",
    "toast.js",
    "user-hub.js",
);

/// What the page needs of the packaged client, as it is checked in: [`user-hub.js`](PAGE) says why it is there.
const CLIENT: &[Asset] = assets!("../../clients/typescript/dist/" at "/clients/typescript/dist/":
    "backoff.js",
    "client.js",
    "clock.js",
    "close.js",
    "cursor.js",
    "device.js",
    "fold.js",
    "index.js",
    "link.js",
    "polling.js",
    "sse.js",
    "wake.js",
    "websocket.js",
);

pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    PAGE.iter().chain(CLIENT).fold(Router::new(), |routes, asset| {
        let path = if asset.path == "/index.html" { "/" } else { asset.path };
        routes.route(path, get(async || serve(asset)))
    })
}

fn serve(asset: &'static Asset) -> impl IntoResponse + use<> {
    let kind = match asset.path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("css") => "text/css; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    // A new build of the program is a new page: the browser asks each time.
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], asset.text)
}
