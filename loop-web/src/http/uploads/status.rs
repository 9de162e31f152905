//! Uploads as our own clients ask for them.

use std::time::SystemTime;

use serde_json::{Value, json};

use crate::http::error::ApiError;
use crate::jobs::{Job, Stage};
use crate::news::RECEIVED;
use crate::uploads::{Ended, Failure, Found, Outcome, Pending, Phase, Uploads};

/// What is known of an upload.
pub(super) fn found(uploads: &Uploads, found: &Found) -> Value {
    match found {
        Found::Pending(upload) => pending(uploads, upload),
        Found::Ended(ended) => over(ended),
    }
}

/// An upload under way.
pub(super) fn pending(uploads: &Uploads, upload: &Pending) -> Value {
    let (length, offset) = (upload.announced.length, upload.seen());
    let share = offset.min(length).saturating_mul(RECEIVED);
    let share = share.checked_div(length).unwrap_or(0);
    let jobs = uploads.board().jobs();
    let job = jobs.get(upload.id.as_str());
    let phase = upload.phase();
    let is_received = phase != Phase::Receiving;
    let at_work = job.filter(|_| is_received);
    let expires = (!is_received).then(|| rfc3339(uploads.expires_at(upload)));
    json!({"id": upload.id.as_str(), "filename": upload.announced.filename, "offset": offset, "length": length,
        "state": state(phase, at_work), "progress": at_work.map_or(share, |job| job.progress.into()),
        "slug": null, "code": null, "message": job.map(|job| &job.message), "expires_at": expires})
}

fn state(phase: Phase, job: Option<&Job>) -> &'static str {
    match (phase, job.map(|job| job.stage)) {
        (Phase::Receiving, _) => "receiving",
        (Phase::Working, Some(Stage::Converting)) => "converting",
        (Phase::Working, Some(Stage::Finalizing | Stage::Complete)) => "storing",
        _ => "waiting",
    }
}

fn over(ended: &Ended) -> Value {
    let (state, progress) = match &ended.result {
        Ok(_) => ("complete", 100),
        Err(_) => ("failed", 0),
    };
    let failure = ended.result.as_ref().err();
    let (slug, imported) = match &ended.result {
        Ok(Outcome::Item(slug)) => (Some(slug), None),
        Ok(Outcome::Library(imported)) => (None, Some(imported)),
        Err(_) => (None, None),
    };
    json!({"id": ended.id.as_str(), "filename": ended.announced.filename, "offset": ended.offset,
        "length": ended.announced.length, "state": state, "progress": progress, "slug": slug, "imported": imported,
        "code": failure.map(code), "message": failure.map(ToString::to_string), "expires_at": null})
}

fn code(failure: &Failure) -> &'static str {
    match failure {
        Failure::Ingest(error) => ApiError::from(error).code(),
        Failure::Checksum(_) => "CHECKSUM_MISMATCH",
        Failure::Archive(error) => ApiError::from(error).code(),
        Failure::Fatal(_) => "NOT_CONVERTED",
        Failure::Internal => "INTERNAL_ERROR",
        Failure::Cancelled => "CANCELLED",
        Failure::Expired => "EXPIRED",
    }
}

fn rfc3339(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string()
}
