//! Requests as our own types, with refusals in our own shape.

use std::time::Duration;

use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use loop_proto::Slug;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::error::ApiError;

/// How long a body may take that is a list of names at the most: its request holds a place that others wait for.
const PATIENCE: Duration = Duration::from_secs(5);

/// The media name in the path.
pub(crate) struct SlugPath(pub(crate) Slug);

impl<S: Send + Sync> FromRequestParts<S> for SlugPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path: Result<Path<String>, PathRejection> =
            Path::from_request_parts(parts, state).await;
        let Path(text) = path.map_err(|error| bad_slug(&error.body_text()))?;
        text.parse()
            .map(Self)
            .map_err(|error: loop_proto::ids::SlugError| bad_slug(&error.to_string()))
    }
}

pub(crate) fn bad_slug(reason: &str) -> ApiError {
    ApiError::new(
        StatusCode::BAD_REQUEST,
        "INVALID_SLUG",
        format!("path parameter slug: {reason}"),
    )
}

pub(crate) fn invalid_parameter(reason: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "INVALID_PARAMETER", reason)
}

/// A JSON body.
pub(crate) struct ApiJson<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for ApiJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        match timeout(PATIENCE, axum::Json::from_request(request, state)).await {
            Ok(Ok(axum::Json(value))) => Ok(Self(value)),
            Ok(Err(error)) => Err(refusal(&error)),
            Err(_) => Err(ApiError::stalled(PATIENCE)),
        }
    }
}

fn refusal(error: &JsonRejection) -> ApiError {
    let (status, code) = match error {
        JsonRejection::JsonDataError(_) => (StatusCode::UNPROCESSABLE_ENTITY, "INVALID_FIELD"),
        JsonRejection::MissingJsonContentType(_) => {
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "JSON_EXPECTED")
        }
        JsonRejection::BytesRejection(_) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            (StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE")
        }
        _ => (StatusCode::BAD_REQUEST, "MALFORMED_JSON"),
    };
    ApiError::new(status, code, error.body_text())
}
