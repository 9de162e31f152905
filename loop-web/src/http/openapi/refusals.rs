//! With which statuses requests are refused, by cause.

use std::collections::BTreeMap;

use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, Modify};

use crate::http::extract::{ApiJson, SlugPath};

/// Every status that is a refusal: its name in the document, and what it means.
const REFUSALS: [(u16, &str, &str); 20] = [
    (400, "BadRequest", "What was sent is malformed."),
    (
        403,
        "Forbidden",
        "Asked by a name that is not ours, or by a page that may not.",
    ),
    (404, "NotFound", "There is no such thing."),
    (
        405,
        "MethodNotAllowed",
        "This address does not answer that method.",
    ),
    (
        408,
        "RequestTimeout",
        "The rest of the request did not come in time.",
    ),
    (
        409,
        "Conflict",
        "It does not go together with what is under way.",
    ),
    (410, "Gone", "It was there and was removed."),
    (
        412,
        "PreconditionFailed",
        "Another version of tus is spoken here.",
    ),
    (
        413,
        "TooLarge",
        "More came than is allowed or was announced.",
    ),
    (
        415,
        "UnsupportedMediaType",
        "It is of a kind that is not taken here.",
    ),
    (416, "RangeNotSatisfiable", "There is no such range."),
    (
        422,
        "Unprocessable",
        "It is well-formed and cannot be; the message names the field or the file.",
    ),
    (423, "Locked", "Another request works on it."),
    (429, "TooMany", "Too much is asked for at a time."),
    (
        460,
        "ChecksumMismatch",
        "What arrived is not what was sent.",
    ),
    (500, "InternalError", "A fault in LOOP; its log says more."),
    (501, "NotAvailable", "This version does not do that."),
    (
        503,
        "Busy",
        "Not in this moment: too many ask, or the display is away.",
    ),
    (504, "Timeout", "The request took too long."),
    (
        507,
        "DiskFull",
        "The disk has no room for it; the largest items are named.",
    ),
];

/// Things that refuse requests, each with its statuses.
macro_rules! causes {
    ($($(#[$about:meta])* $cause:ident: $($status:literal)+;)+) => {$(
        $(#[$about])*
        pub(in crate::http) struct $cause;

        impl IntoResponses for $cause {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                refusals(&[$($status),+])
            }
        }
    )+};
}

causes! {
    /// What every request goes through: the guard, the one who counts writes, and the one who catches panics.
    Door: 403 429 500;
    /// The one who gives turns.
    Turns: 503;
    /// The one who looks at the clock.
    Clock: 504;
    /// A parameter of the address that is read strictly.
    Parameter: 400;
    /// An item, a job or an upload that need not be there.
    Unknown: 404;
    /// The disk, and the daemon that stops in the middle.
    Disk: 500 503 507;
    /// loop-hw, which may be away, busy or without room to note what it was told.
    Hardware: 500 503 507;
    /// loop-hw, asked for an item that it need not know.
    Player: 404 422 500 503 507;
    /// loop-hw, asked for networks that it may have no adapter for, or is busy with.
    Radio: 409 500 503;
    /// The same, when one has to be joined.
    Unjoined: 400 409 500 503;
    /// What comes of joining a network.
    Joining: 404 409 422 500 503;
    /// A body that is as long as it likes to be, and its place among the others.
    Arriving: 400 408 503;
    /// What comes of an upload.
    Ingest: 409 413 415 422 500 503 507;
    /// The headers of tus.
    Tus: 400 412;
    /// An upload that others work on.
    Upload: 404 409 410 423 500 503 507;
    /// The bytes of an upload on their way.
    Bytes: 400 408 409 413 415 422 423 429 460 500 503 507;
    /// Conversions that wait.
    Conversions: 409 415 422 429 503;
    /// A method that a POST only means.
    Meant: 405;
    /// What this version does not do.
    Absent: 501;
    /// A range behind the end.
    Range: 416;
}

impl IntoResponses for SlugPath {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        refusals(&[400])
    }
}

impl<T> IntoResponses for ApiJson<T> {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        refusals(&[400, 408, 413, 415, 422])
    }
}

fn refusals(statuses: &[u16]) -> BTreeMap<String, RefOr<Response>> {
    let wanted = REFUSALS
        .iter()
        .filter(|(status, ..)| statuses.contains(status));
    let refused = wanted.map(|(status, name, _)| {
        let named = Ref::from_response_name(*name);
        (status.to_string(), RefOr::Ref(named))
    });
    refused.collect()
}

/// Puts what the statuses mean into the document.
pub(in crate::http) struct Described;

impl Modify for Described {
    fn modify(&self, document: &mut OpenApi) {
        let described = REFUSALS.map(|(status, name, meaning)| {
            let json = ContentBuilder::new()
                .schema(Some(Ref::from_schema_name("Refusal")))
                .build();
            let response = ResponseBuilder::new()
                .description(meaning)
                .content("application/json", json);
            let response = match status {
                423 | 429 | 503 => response.header("retry-after", retry_after()),
                _ => response,
            };
            (name.to_owned(), RefOr::T(response.build()))
        });
        let components = document.components.get_or_insert_default();
        components.responses.extend(described);
    }
}

fn retry_after() -> Header {
    let seconds = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(1));
    let header = HeaderBuilder::new().schema(Some(seconds));
    let header = header.description(Some("Seconds after which the request may be sent again."));
    header.build()
}
