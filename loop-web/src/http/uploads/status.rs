//! Uploads as our own clients ask for them.

use std::time::SystemTime;

use loop_proto::Slug;
use serde::Serialize;
use utoipa::ToSchema;

use crate::archive::Imported;
use crate::http::error::ApiError;
use crate::jobs::{Job, Stage};
use crate::news::RECEIVED;
use crate::uploads::{Ended, Failure, Found, Outcome, Pending, Phase, Uploads};
use crate::view::always_null;

/// All uploads under way.
#[derive(Serialize, ToSchema)]
pub(crate) struct UnderWay {
    pub(super) uploads: Vec<PendingUpload>,
}

/// What is known of an upload.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum KnownUpload {
    Pending(PendingUpload),
    Ended(EndedUpload),
}

/// An upload under way.
#[derive(Serialize, ToSchema)]
pub(crate) struct PendingUpload {
    id: String,
    filename: String,
    /// Bytes that are there for good.
    offset: u64,
    /// Bytes of all of it.
    length: u64,
    state: State,
    /// 0 to 100, of the whole.
    #[schema(maximum = 100)]
    progress: u64,
    #[schema(schema_with = always_null)]
    slug: (),
    #[schema(schema_with = always_null)]
    code: (),
    /// For people.
    message: Option<String>,
    /// Until when it is kept without another byte; ISO 8601, in UTC.
    expires_at: Option<String>,
}

/// Where an upload under way stands.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = UploadState)]
enum State {
    /// Its bytes are coming in.
    Receiving,
    /// Others are worked on first.
    Waiting,
    /// Its frames become a clip.
    Converting,
    /// It is being made durable.
    Storing,
}

/// An upload that is over.
#[derive(Serialize, ToSchema)]
pub(crate) struct EndedUpload {
    id: String,
    filename: String,
    offset: u64,
    length: u64,
    state: End,
    /// 100, or 0 when it has failed.
    #[schema(maximum = 100)]
    progress: u8,
    /// The item it has become.
    slug: Option<Slug>,
    /// What came of a library that was sent.
    imported: Option<Imported>,
    /// Why it has failed, for programs.
    code: Option<&'static str>,
    /// And for people.
    message: Option<String>,
    #[schema(schema_with = always_null)]
    expires_at: (),
}

/// How an upload has ended.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = UploadEnd)]
enum End {
    /// It is in the library.
    Complete,
    /// It was refused, cancelled or given up.
    Failed,
}

/// What is known of an upload.
pub(super) fn found(uploads: &Uploads, found: &Found) -> KnownUpload {
    match found {
        Found::Pending(upload) => KnownUpload::Pending(pending(uploads, upload)),
        Found::Ended(ended) => KnownUpload::Ended(over(ended)),
    }
}

/// An upload under way.
pub(super) fn pending(uploads: &Uploads, upload: &Pending) -> PendingUpload {
    let (length, offset) = (upload.announced.length, upload.seen());
    let share = offset.min(length).saturating_mul(RECEIVED);
    let share = share.checked_div(length).unwrap_or(0);
    let jobs = uploads.board().jobs();
    let job = jobs.get(upload.id.as_str());
    let phase = upload.phase();
    let is_received = phase != Phase::Receiving;
    let at_work = job.filter(|_| is_received);
    PendingUpload {
        id: upload.id.to_string(),
        filename: upload.announced.filename.clone(),
        offset,
        length,
        state: state(phase, at_work),
        progress: at_work.map_or(share, |job| job.progress.into()),
        slug: (),
        code: (),
        message: job.map(|job| job.message.clone()),
        expires_at: (!is_received).then(|| rfc3339(uploads.expires_at(upload))),
    }
}

fn state(phase: Phase, job: Option<&Job>) -> State {
    match (phase, job.map(|job| job.stage)) {
        (Phase::Receiving, _) => State::Receiving,
        (Phase::Working, Some(Stage::Converting)) => State::Converting,
        (Phase::Working, Some(Stage::Finalizing | Stage::Complete)) => State::Storing,
        _ => State::Waiting,
    }
}

fn over(ended: &Ended) -> EndedUpload {
    let (state, progress) = match &ended.result {
        Ok(_) => (End::Complete, 100),
        Err(_) => (End::Failed, 0),
    };
    let failure = ended.result.as_ref().err();
    let (slug, imported) = match &ended.result {
        Ok(Outcome::Item(slug)) => (Some(slug.clone()), None),
        Ok(Outcome::Library(imported)) => (None, Some(imported.clone())),
        Err(_) => (None, None),
    };
    EndedUpload {
        id: ended.id.to_string(),
        filename: ended.announced.filename.clone(),
        offset: ended.offset,
        length: ended.announced.length,
        state,
        progress,
        slug,
        imported,
        code: failure.map(code),
        message: failure.map(ToString::to_string),
        expires_at: (),
    }
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
