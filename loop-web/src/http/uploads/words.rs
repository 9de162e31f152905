//! The words of tus, for the document: they are read by hand, see [`super::announce`].

use utoipa::IntoParams;

/// Which upload.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct Id {
    /// As it was named when it was begun.
    #[param(rename = "id", pattern = "^[0-9a-f]{32}$")]
    _id: String,
}

/// Every request of tus tells its version.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(super) struct Speaks {
    #[param(rename = "tus-resumable", pattern = r"^1\.0\.0$")]
    _tus_resumable: String,
}

/// What is told of an upload that begins.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(super) struct Announces {
    /// Bytes, those of the original and behind them those of its frames.
    #[param(rename = "upload-length", value_type = u64, minimum = 1, maximum = 9_223_372_036_854_775_807_u64)]
    _upload_length: u64,
    /// Pairs of a key and a value in Base64, with commas between them: `filename`, without which there is no upload; `frames`,
    /// the number of bytes that are frames; `fit` and `quality`; `sha256` of the original; and `kind`, `media` or `library`.
    #[param(rename = "upload-metadata", format = "tus-metadata", max_length = 4096)]
    _upload_metadata: String,
    /// `sha1` or `sha256`, and the hash of the body in Base64.
    #[param(rename = "upload-checksum", format = "tus-checksum", required = false)]
    _upload_checksum: String,
}

/// What is told of bytes that are added.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(super) struct Adds {
    /// So many bytes are there already.
    #[param(rename = "upload-offset", maximum = 9_223_372_036_854_775_807_u64)]
    _upload_offset: u64,
    /// `sha1` or `sha256`, and the hash of the body in Base64.
    #[param(rename = "upload-checksum", format = "tus-checksum", required = false)]
    _upload_checksum: String,
}

/// What a POST means: DELETE and HEAD are understood, too, and need no more than those.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(super) struct Override {
    /// `PATCH`, of senders that can say only POST. `DELETE` and `HEAD` are answered as those are.
    #[param(rename = "x-http-method-override", pattern = "^PATCH$")]
    _x_http_method_override: String,
}
