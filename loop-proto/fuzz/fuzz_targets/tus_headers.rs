//! What anybody on the network may say of an upload in headers: it is refused, or it means the same when it is said again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use loop_web::http::uploads::headers::{
    MAX_METADATA_BYTES, Metadata, parse_checksum, parse_count,
};

fuzz_target!(|data: &[u8]| {
    if let Ok(metadata) = Metadata::parse(data) {
        assert!(data.len() <= MAX_METADATA_BYTES);
        let said = metadata.to_string();
        assert!(said.len() <= data.len(), "nothing is added");
        assert_eq!(Metadata::parse(said.as_bytes()).as_ref(), Ok(&metadata));
        for key in ["filename", "frames", "fit", "quality", "sha256", "kind"] {
            let text = metadata.text(key).ok().flatten().unwrap_or_default();
            assert!(text.len() < data.len() || text.is_empty());
        }
    }
    if let Ok(checksum) = parse_checksum(data) {
        let said = checksum.to_string();
        assert_eq!(parse_checksum(said.as_bytes()), Ok(checksum));
    }
    if let Ok(count) = parse_count("Upload-Length", data) {
        assert!(i64::try_from(count).is_ok());
        let said = count.to_string();
        assert_eq!(parse_count("Upload-Length", said.as_bytes()), Ok(count));
    }
});
