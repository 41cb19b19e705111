//! What the page asks for by HTTP. The user comes from the session cookie alone; what comes of a request is pushed.

use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures::StreamExt;
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Deserialize;
use serde_json::json;
use user_hub::trading::LifecycleEvent;
use user_hub::transport::axum::{SseRequest, WebSocketRequest};
use user_hub::transport::{DeviceRequest, OriginPolicy};
use user_hub::{CloseCode, CloseReason, ConnectOptions, Frame, FrameKind, Start, Timestamp, UserHub};

use crate::assets;
use crate::database::Database;
use crate::desk::{Desk, USERS};
use crate::desks::Desks;
use crate::domain::Refusal;
use crate::failure::Failure;
use crate::revocations::Revocations;
use crate::services::chain::NewOrder;
use crate::session::{Session, Sessions};

const BODY_LIMIT: usize = 4 * 1024;
const HISTORY: usize = 100;
const EVENTS: &str = "/events";

/// Everything that a request needs.
#[derive(Clone)]
pub struct App {
    pub hub: UserHub,
    pub sessions: Arc<Sessions>,
    pub revocations: Arc<Revocations>,
    pub desks: Arc<Desks>,
    pub database: Arc<Database>,
    pub origins: OriginPolicy,
    pub metrics: PrometheusHandle,
}

pub fn routes(app: App) -> Router {
    let api = Router::new()
        .route("/sign-in", post(sign_in))
        .route("/sign-out", post(sign_out))
        .route("/sign-out/everywhere", post(sign_out_everywhere))
        .route("/session", get(session))
        .route("/state", get(state))
        .route("/lifecycle", get(lifecycle))
        .route("/orders", post(place_order))
        .route("/orders/{chain_id}/close", post(close_chain))
        .route("/breaker/trip", post(async |app: State<App>, user| act(app, user, Desk::trip_breaker).await))
        .route("/breaker/reset", post(async |app: State<App>, user| act(app, user, Desk::reset_breaker).await))
        .route("/autopilot/start", post(async |app: State<App>, user| act(app, user, Desk::start_autopilot).await))
        .route("/autopilot/stop", post(async |app: State<App>, user| act(app, user, Desk::stop_autopilot).await))
        .layer(middleware::from_fn_with_state(app.clone(), check_origin))
        .layer(middleware::map_response(async |mut response: Response| {
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }));
    Router::new()
        .nest("/api", api)
        .route("/ws", get(web_socket))
        .route(EVENTS, get(events))
        .route("/metrics", get(metrics))
        .merge(assets::routes())
        .fallback(async || Failure::new(StatusCode::NOT_FOUND, "There is nothing here."))
        .method_not_allowed_fallback(async || Failure::new(StatusCode::METHOD_NOT_ALLOWED, "Not with this method."))
        .layer(middleware::map_response(secure))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(app)
}

/// For whoever runs this, not for its users: it has no cookie to ask for. A host serves it on a listener of its own that
/// only its own network reaches, or asks for a token of the one that scrapes. It names no user, but how many there are is
/// nobody else's business.
async fn metrics(State(app): State<App>) -> impl IntoResponse {
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    (
        [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))],
        app.metrics.render(),
    )
}

async fn web_socket(State(app): State<App>, session: Session, request: WebSocketRequest) -> Response {
    request.serve_with(&app.hub, session.user, &app.origins, for_the_page(&session))
}

async fn events(State(app): State<App>, session: Session, request: SseRequest) -> Response {
    request.serve_with(&app.hub, session.user, &app.origins, for_the_page(&session))
}

/// A connection lives as long as the session that it was made with. A page that was just opened also gets what happened last, as far as the hub still has it.
fn for_the_page(session: &Session) -> ConnectOptions {
    ConnectOptions::new()
        .start(Start::SnapshotAndLog(HISTORY))
        .session(session.id.as_str())
        .valid_until(session.expires_at)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignIn {
    user: String,
}

/// The example has no passwords; a host checks one here, or sends the browser to whoever does.
async fn sign_in(State(app): State<App>, body: Result<Json<SignIn>, JsonRejection>) -> Result<Response, Failure> {
    let Json(SignIn { user }) = body?;
    let Some(user) = USERS.iter().find(|known| known.name == user) else {
        return Err(Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "There is no such user."));
    };
    let begins = app.revocations.earliest(user).max(Timestamp::now());
    let cookie = app.sessions.begin(user, begins).map_err(|error| Failure::internal(&error))?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

/// Ends this session, with all its tabs; other devices of the user stay.
async fn sign_out(State(app): State<App>, session: Result<Session, Response>) -> Result<impl IntoResponse, Failure> {
    if let Ok(session) = session {
        let (user, id) = (session.user, session.id.clone());
        blocking(move || Ok(app.revocations.end(&session, Timestamp::now())?)).await?;
        app.hub.close_session(user, id.as_str(), &CloseReason::new(CloseCode::SIGNED_OUT));
    }
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, Sessions::end())]))
}

/// Ends all sessions of the user, on every device.
async fn sign_out_everywhere(State(app): State<App>, session: Session) -> Result<impl IntoResponse, Failure> {
    let user = session.user;
    blocking(move || Ok(app.revocations.end_all(&session, Timestamp::now())?)).await?;
    let reason = CloseReason::new(CloseCode::SIGNED_OUT).with_text("signed out everywhere");
    app.hub.close_user(user, &reason);
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, Sessions::end())]))
}

async fn session(session: Session) -> impl IntoResponse {
    Json(json!({ "user": session.user, "expiresAt": session.expires_at }))
}

/// What stands, for a page whose connection is gone: the State that a device gets first, as the answer to a request.
async fn state(State(app): State<App>, session: Session) -> Result<impl IntoResponse, Failure> {
    let closed = || Failure::new(StatusCode::SERVICE_UNAVAILABLE, "The server is about to end.");
    let mut device = app.hub.connect(session.user).map_err(|_| closed())?;
    let mut records = Vec::new();
    while let Some(frame) = device.next().await {
        match frame.kind() {
            FrameKind::State => records.push(frame),
            FrameKind::Synced => {
                let records: Vec<&str> = records.iter().map(Frame::text).collect();
                let answer = format!(r#"{{"user":{},"records":[{}]}}"#, json!(session.user), records.join(","));
                return Ok(([(header::CONTENT_TYPE, "application/json")], answer));
            }
            _ => {}
        }
    }
    Err(closed())
}

/// What happened before a device came: events are pushed from then on, history is asked for.
async fn lifecycle(State(app): State<App>, session: Session) -> Result<impl IntoResponse, Failure> {
    let newest_first =
        blocking(move || Ok(app.database.read()?.lifecycle::<LifecycleEvent>(session.user, HISTORY)?)).await?;
    let events: Vec<_> = newest_first.into_iter().map(|(_, event)| event).collect();
    Ok(Json(json!({ "events": events })))
}

async fn place_order(
    State(app): State<App>,
    session: Session,
    body: Result<Json<NewOrder>, JsonRejection>,
) -> Result<impl IntoResponse, Failure> {
    let Json(order) = body?;
    let chain_id = blocking(move || app.desks.with(session.user, |desk, now| desk.place_order(order, now))).await?;
    Ok((StatusCode::CREATED, Json(json!({ "chainId": chain_id }))))
}

async fn close_chain(
    State(app): State<App>,
    session: Session,
    Path(chain_id): Path<String>,
) -> Result<StatusCode, Failure> {
    act(State(app), session, move |desk, now| desk.close_chain(&chain_id, now)).await
}

async fn act(
    State(app): State<App>,
    session: Session,
    act: impl FnOnce(&mut Desk, Timestamp) -> Result<(), Refusal> + Send + 'static,
) -> Result<StatusCode, Failure> {
    blocking(move || app.desks.with(session.user, act)).await?;
    Ok(StatusCode::ACCEPTED)
}

/// A step of a desk waits for its turn and for the disk: not on a worker that serves connections.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Refusal> + Send + 'static) -> Result<T, Failure> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => Ok(result?),
        Err(error) => Err(Failure::internal(&error)),
    }
}

impl FromRequestParts<App> for Session {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        match app.sessions.recognize(&parts.headers, Timestamp::now()) {
            Some(session) if !app.revocations.cover(&session) => Ok(session),
            // To SSE this says: do not come back. The hub says it too, but only for a while.
            Some(_) if parts.uri.path() == EVENTS => Err(StatusCode::NO_CONTENT.into_response()),
            _ => Err(Failure::new(StatusCode::UNAUTHORIZED, "You are not signed in.").into_response()),
        }
    }
}

/// A request that changes something comes from the example's own page, or from a client that is no browser.
async fn check_origin(State(app): State<App>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let origin = DeviceRequest::read(None, |name| headers.get(name).map(HeaderValue::as_bytes));
    if request.method() == Method::POST && app.origins.check(&origin).is_err() {
        return Failure::new(StatusCode::FORBIDDEN, "This page may not do that.").into_response();
    }
    next.run(request).await
}

async fn secure(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
