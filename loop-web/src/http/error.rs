//! Refusals: one shape for all of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Json, Response};
use loop_proto::client::Error as CallError;
use loop_proto::launch::report;
use loop_proto::{Fault, FaultCode};

use super::places::Lost;
use crate::clock::unix_millis;
use crate::hw::Away;
use crate::look::NoLook;
use crate::store::{Item, Library};
use crate::view::{Envelope, Faults, Largest, Refusal};
use crate::{convert, glass, ingest, store};

/// Items that are named when the disk is full.
const HINTS: usize = 3;

/// Why a request is refused, as the client sees it.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    retry_after_seconds: Option<u32>,
    errors: Option<Faults>,
}

/// A handler's answer.
pub(crate) type ApiResult<T = Response> = Result<T, ApiError>;

/// A handler's answer in the contract's envelope.
pub(crate) type Enveloped<T> = ApiResult<Json<Envelope<T>>>;

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            retry_after_seconds: None,
            errors: None,
        }
    }

    pub(crate) fn busy(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "CONCURRENCY_LIMIT_EXCEEDED",
            message,
        )
        .retry(2)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", message)
    }

    /// A field of a request that is well-formed has a value that cannot be.
    pub(crate) fn field(name: &str, fault: &str) -> Self {
        let message = format!("{name}: {fault}");
        let mut error = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "INVALID_FIELD", message);
        let fault = BTreeMap::from([(name.to_owned(), fault.to_owned())]);
        error.errors = Some(Faults::Fields(vec![fault]));
        error
    }

    /// A sender from whom nothing comes any more.
    pub(crate) fn stalled(after: Duration) -> Self {
        let message = format!(
            "the rest of the request did not come within {} s",
            after.as_secs()
        );
        Self::new(StatusCode::REQUEST_TIMEOUT, "STALLED", message)
    }

    /// What a client has cancelled itself.
    pub(crate) fn cancelled() -> Self {
        let message = "the upload was cancelled";
        Self::new(StatusCode::CONFLICT, "CANCELLED", message)
    }

    pub(crate) fn is_stalled(&self) -> bool {
        self.status == StatusCode::REQUEST_TIMEOUT
    }

    pub(crate) fn retry(mut self, seconds: u32) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// To a refusal for want of room: what would make the most of it. First what does not loop.
    pub(crate) fn with_hint(mut self, library: &Library) -> Self {
        if self.status != StatusCode::INSUFFICIENT_STORAGE {
            return self;
        }
        let mut items = library.items();
        items.sort_by_key(|item| {
            (
                library.order().contains(&item.slug),
                std::cmp::Reverse(item.bytes),
            )
        });
        items.truncate(HINTS);
        let named = items.iter().map(|item| {
            let megabytes = item.bytes.div_ceil(1_000_000);
            format!("{} ({megabytes} MB)", item.title())
        });
        let named: Vec<_> = named.collect();
        if !named.is_empty() {
            self.message = format!("{}; the largest: {}", self.message, named.join(", "));
            let hint = |item: &Arc<Item>| Largest {
                slug: item.slug.clone(),
                title: item.title().to_owned(),
                bytes: item.bytes,
            };
            self.errors = Some(Faults::Room(items.iter().map(hint).collect()));
        }
        self
    }

    pub(crate) fn code(&self) -> &'static str {
        self.code
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// A fault of ours: the log has the reason, the client a sentence.
    fn internal(message: &str, error: &dyn std::error::Error) -> Self {
        tracing::error!("{}", report(error));
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", message)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Self {
            status,
            code,
            message,
            retry_after_seconds,
            errors,
        } = self;
        let body = Refusal {
            success: false,
            detail: message.clone(),
            message,
            code,
            errors,
            timestamp: unix_millis() / 1000,
            retry_after: retry_after_seconds,
        };
        let mut response = (status, Json(body)).into_response();
        if let Some(seconds) = retry_after_seconds {
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// What was asked for.
pub(crate) fn tell<T>(data: T) -> Enveloped<T> {
    Ok(Json(Envelope::around(data)))
}

/// What was done, in a sentence for people too.
pub(crate) fn done<T>(message: impl Into<String>, data: T) -> Enveloped<T> {
    Ok(Json(Envelope::saying(message, data)))
}

pub(crate) async fn method_not_allowed() -> ApiError {
    let message = "this address does not answer that method";
    ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "METHOD_NOT_ALLOWED",
        message,
    )
}

impl From<Away> for ApiError {
    fn from(away: Away) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "HARDWARE_AWAY",
            away.to_string(),
        )
        .retry(2)
    }
}

impl From<Lost> for ApiError {
    fn from(lost: Lost) -> Self {
        let late = |code| Self::new(StatusCode::REQUEST_TIMEOUT, code, lost.to_string());
        match lost {
            Lost::Taken => Self::busy(lost.to_string()),
            Lost::Silent => late("STALLED"),
            Lost::Slow => late("TOO_SLOW"),
        }
    }
}

impl From<CallError> for ApiError {
    fn from(error: CallError) -> Self {
        let unavailable =
            |code| Self::new(StatusCode::SERVICE_UNAVAILABLE, code, report(&error)).retry(2);
        match &error {
            CallError::Refused(fault) => fault.clone().into(),
            CallError::Version { .. } => unavailable("HARDWARE_VERSION"),
            CallError::Connect(_) | CallError::Lost | CallError::Timeout => {
                unavailable("HARDWARE_AWAY")
            }
        }
    }
}

impl From<Fault> for ApiError {
    fn from(fault: Fault) -> Self {
        let (status, code) = match fault.code {
            FaultCode::NotFound => (StatusCode::NOT_FOUND, "NOT_FOUND"),
            FaultCode::Invalid => (StatusCode::UNPROCESSABLE_ENTITY, "INVALID"),
            FaultCode::Unavailable => (StatusCode::CONFLICT, "UNAVAILABLE"),
            FaultCode::Busy => (StatusCode::SERVICE_UNAVAILABLE, "HARDWARE_BUSY"),
            FaultCode::DiskFull => (StatusCode::INSUFFICIENT_STORAGE, "DISK_FULL"),
            FaultCode::Storage => (StatusCode::INTERNAL_SERVER_ERROR, "NOT_SAVED"),
            FaultCode::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "HARDWARE_AWAY"),
            FaultCode::Version => (StatusCode::SERVICE_UNAVAILABLE, "HARDWARE_VERSION"),
        };
        let error = Self::new(status, code, fault.message);
        if status == StatusCode::SERVICE_UNAVAILABLE {
            error.retry(2)
        } else {
            error
        }
    }
}

impl From<glass::Fault> for ApiError {
    fn from(fault: glass::Fault) -> Self {
        match fault {
            glass::Fault::Away(away) => away.into(),
            glass::Fault::Call(error) => error.into(),
            glass::Fault::Encode(_) => Self::internal("the picture could not be made", &fault),
        }
    }
}

impl From<store::Error> for ApiError {
    fn from(error: store::Error) -> Self {
        match &error {
            store::Error::NotFound(_) => Self::not_found("Media not found"),
            store::Error::Full { .. } => Self::new(
                StatusCode::INSUFFICIENT_STORAGE,
                "DISK_FULL",
                error.to_string(),
            ),
            store::Error::Io { .. } => Self::internal("the disk refused; the log says why", &error),
            store::Error::Stopping => Self::busy(error.to_string()),
        }
    }
}

impl From<ingest::Error> for ApiError {
    fn from(error: ingest::Error) -> Self {
        match error {
            ingest::Error::Store(error) => error.into(),
            error => Self::from(&error),
        }
    }
}

impl From<&ingest::Error> for ApiError {
    fn from(error: &ingest::Error) -> Self {
        use ingest::Error;
        let (status, code) = match error {
            Error::Empty(_) => (StatusCode::UNPROCESSABLE_ENTITY, "EMPTY_FILE"),
            Error::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "FILE_TOO_LARGE"),
            Error::NotMedia(_) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "NOT_MEDIA"),
            Error::NoOriginal(_) => (StatusCode::UNPROCESSABLE_ENTITY, "NO_ORIGINAL"),
            Error::Combination(_) => (StatusCode::UNPROCESSABLE_ENTITY, "WRONG_FILES"),
            Error::Frames { .. } | Error::Clip { .. } => {
                (StatusCode::UNPROCESSABLE_ENTITY, "BAD_FRAMES")
            }
            Error::Convert { source, .. } => match status_of(source) {
                Some(status) => status,
                None => return Self::internal("the conversion failed; the log says why", &error),
            },
            Error::Store(store::Error::Full { .. }) => {
                (StatusCode::INSUFFICIENT_STORAGE, "DISK_FULL")
            }
            Error::Store(_) => (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR"),
            Error::Cancelled => return Self::busy(error.to_string()),
        };
        Self::new(status, code, error.to_string())
    }
}

/// `None` for a fault of ours.
fn status_of(error: &convert::Error) -> Option<(StatusCode, &'static str)> {
    use convert::Error;
    let unprocessable = |code| Some((StatusCode::UNPROCESSABLE_ENTITY, code));
    match error {
        Error::NeedsFfmpeg { .. } => Some((StatusCode::UNSUPPORTED_MEDIA_TYPE, "NEEDS_FFMPEG")),
        Error::NotDecodable { .. } => unprocessable("NOT_DECODABLE"),
        Error::TooLarge { .. } => unprocessable("TOO_LARGE"),
        Error::LimitReached { .. } => unprocessable("LIMIT_REACHED"),
        Error::TimedOut { .. } => unprocessable("TOOK_TOO_LONG"),
        Error::Cancelled | Error::Failed(_) => None,
    }
}

impl From<NoLook> for ApiError {
    fn from(error: NoLook) -> Self {
        let message = error.to_string();
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "INVALID_FIELD", message)
    }
}
