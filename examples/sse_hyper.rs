//! Server-sent events with plain hyper.
//!
//! ```sh
//! cargo run --example sse_hyper
//! curl --no-buffer 'http://127.0.0.1:3000/?user=alice'
//! ```
//!
//! Every second Alice gets a tick, until Ctrl-C. Stop curl, and go on where it stopped with
//! `--header 'Last-Event-ID: …'`, as an `EventSource` in a browser does by itself.

use std::convert::Infallible;
use std::error::Error;
use std::time::Duration;

use futures::StreamExt;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::HeaderValue;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use user_hub::transport::{DeviceRequest, OriginPolicy, SSE_HEADERS, SseStream};
use user_hub::{ConnectOptions, DynamicEvent, UserHub};

type Body = BoxBody<Bytes, Infallible>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let hub = UserHub::new();
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    println!("listening on http://{}", listener.local_addr()?);
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    let mut count = 0;
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, hub) = (TokioIo::new(accepted?.0), hub.clone());
                tokio::spawn(async move {
                    let service = service_fn(|request| std::future::ready(answer(&hub, &request)));
                    let http = hyper::server::conn::http1::Builder::new();
                    if let Err(error) = http.serve_connection(stream, service).await {
                        println!("a device went away: {error}");
                    }
                });
            }
            _ = tick.tick() => {
                count += 1;
                hub.broadcast_dynamic("alice", &DynamicEvent::log("TICK", serde_json::json!({ "count": count }))?);
            }
            result = tokio::signal::ctrl_c() => {
                result?;
                break;
            }
        }
    }
    // Every device is told that the server goes, and gets a moment to read it.
    hub.shutdown();
    tick.tick().await;
    Ok(())
}

fn answer(hub: &UserHub, request: &Request<Incoming>) -> Result<Response<Body>, hyper::http::Error> {
    let header = |name: &str| request.headers().get(name).map(HeaderValue::as_bytes);
    let device =
        DeviceRequest::read(request.uri().query(), header).authority(request.uri().authority().map(|a| a.as_str()));
    // curl is no browser and sends no Origin.
    if let Err(refused) = OriginPolicy::same_host().allow_missing().check(&device) {
        return refusal(StatusCode::FORBIDDEN, refused.to_string());
    }
    // A real server asks its authentication here.
    let query = request.uri().query().unwrap_or_default();
    let Some(user) = query.split('&').find_map(|pair| pair.strip_prefix("user=")) else {
        return refusal(StatusCode::UNAUTHORIZED, "who are you?".to_owned());
    };
    match SseStream::connect(hub, user, ConnectOptions::new().start(device.start())) {
        Ok(frames) => {
            let response =
                SSE_HEADERS.iter().fold(Response::builder(), |response, (name, value)| response.header(*name, *value));
            response.body(BodyExt::boxed(StreamBody::new(frames.map(|chunk| Ok(Frame::data(chunk))))))
        }
        Err(error) => refusal(StatusCode::from_u16(error.sse_status())?, error.to_string()),
    }
}

fn refusal(status: StatusCode, why: String) -> Result<Response<Body>, hyper::http::Error> {
    Response::builder().status(status).body(Full::from(why).boxed())
}
