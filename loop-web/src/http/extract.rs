//! Requests as our own types, with refusals in our own shape.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use loop_proto::Slug;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use tokio::time::timeout;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{Ref, Required};
use utoipa::{IntoParams, IntoResponses};

use super::error::ApiError;

/// How long a body may take that is a list of names at the most: its request holds a place that others wait for.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is in the path, as text.
pub(crate) struct PathText<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for PathText<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(text)) => Ok(Self(text)),
            Err(error) => Err(invalid_parameter(error.body_text())),
        }
    }
}

/// The media name in the path.
pub(crate) struct SlugPath(pub(crate) Slug);

impl<S: Send + Sync> FromRequestParts<S> for SlugPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let text = PathText::<String>::from_request_parts(parts, state).await;
        let PathText(text) = text.map_err(|error| bad_slug(error.message()))?;
        text.parse()
            .map(Self)
            .map_err(|error: loop_proto::ids::SlugError| bad_slug(&error.to_string()))
    }
}

impl IntoParams for SlugPath {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let slug = ParameterBuilder::new().name("slug");
        let slug = slug
            .parameter_in(ParameterIn::Path)
            .required(Required::True);
        let slug = slug.description(Some("The item's name."));
        vec![slug.schema(Some(Ref::from_schema_name("Slug"))).build()]
    }
}

/// A request that may come from one who has the answer already.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(crate) struct Known {
    /// Versions the client has.
    #[param(rename = "if-none-match", required = false)]
    _if_none_match: String,
}

/// Its answer when it has.
#[derive(IntoResponses)]
#[response(status = 304, description = "The client has this version.")]
pub(crate) struct Unchanged;

/// A request that may be about a part of a file.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(crate) struct Ranged {
    /// The bytes that are wanted. What is not one range of bytes is ignored.
    #[param(rename = "range", required = false)]
    _range: String,
    /// The version of which the client has the beginning; of another it gets everything.
    #[param(rename = "if-range", required = false)]
    _if_range: String,
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
            Ok(Ok(axum::Json(Object(value)))) => Ok(Self(value)),
            Ok(Err(error)) => Err(refusal(&error)),
            Err(_) => Err(ApiError::stalled(PATIENCE)),
        }
    }
}

/// A type with fields, from an object: by itself serde would take them from a list, too.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(fields)).map(Object)
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
