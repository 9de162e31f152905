//! What a client is told when an upload does not go on.

use axum::http::StatusCode;

use crate::http::error::ApiError;
use crate::uploads::Error;

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        let refused = |status: StatusCode, code| Self::new(status, code, message.clone());
        match error {
            Error::Unknown => refused(StatusCode::NOT_FOUND, "NOT_FOUND"),
            Error::Gone => refused(StatusCode::GONE, "UPLOAD_REMOVED"),
            Error::Locked => refused(StatusCode::LOCKED, "UPLOAD_LOCKED").retry(2),
            Error::WrongOffset(_) => refused(StatusCode::CONFLICT, "WRONG_OFFSET"),
            Error::TooMuch(_) => refused(StatusCode::PAYLOAD_TOO_LARGE, "TOO_MANY_BYTES"),
            Error::Checksum => refused(checksum_mismatch(), "CHECKSUM_MISMATCH"),
            Error::Stored => refused(StatusCode::CONFLICT, "UPLOAD_STORED"),
            Error::TooMany(_) => {
                refused(StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_UPLOADS").retry(30)
            }
            Error::Stopping => Self::busy(message.clone()),
            Error::Ingest(error) => error.into(),
        }
    }
}

/// The status that tus has made up for this.
fn checksum_mismatch() -> StatusCode {
    StatusCode::from_u16(460).unwrap_or(StatusCode::BAD_REQUEST)
}
