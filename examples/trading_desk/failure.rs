//! Requests that were not done, and why: a status and `{"error": "a sentence"}`.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::domain::Refusal;

/// An answer that says in a sentence what is wrong.
pub struct Failure {
    status: StatusCode,
    sentence: String,
}

impl Failure {
    pub fn new(status: StatusCode, sentence: impl Into<String>) -> Self {
        Self { status, sentence: sentence.into() }
    }

    /// Says it to whoever runs the server; the user can do nothing about it.
    pub fn internal(error: &dyn std::error::Error) -> Self {
        eprintln!("a request failed: {error}");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong; nothing was changed.")
    }
}

impl From<JsonRejection> for Failure {
    fn from(rejection: JsonRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let status = match &refusal {
            Refusal::Unknown(_) => StatusCode::NOT_FOUND,
            Refusal::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Refusal::Conflict(_) => StatusCode::CONFLICT,
            Refusal::NotStored(error) => return Self::internal(error),
        };
        Self::new(status, refusal.to_string())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "error": self.sentence }))).into_response()
    }
}
