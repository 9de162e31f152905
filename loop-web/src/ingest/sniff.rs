//! Tells what a file is from its first bytes. Names and declared types are hearsay.

/// How many bytes are enough.
pub(super) const ENOUGH: usize = 512;

/// The media type, or `None` for what is no image, GIF or video.
pub(super) fn media_type(head: &[u8]) -> Option<&'static str> {
    let at = |offset: usize, magic: &[u8]| {
        head.get(offset..)
            .is_some_and(|rest| rest.starts_with(magic))
    };
    let simple: [(&[u8], &str); 9] = [
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xFF\xD8\xFF", "image/jpeg"),
        (b"BM", "image/bmp"),
        (b"\x1A\x45\xDF\xA3", "video/webm"),
        (b"\x00\x00\x01\xBA", "video/mpeg"),
        (b"\x00\x00\x01\xB3", "video/mpeg"),
        (b"FLV\x01", "video/x-flv"),
    ];
    if let Some((_, found)) = simple.iter().find(|(magic, _)| at(0, magic)) {
        return Some(found);
    }
    if at(0, b"RIFF") {
        return [(&b"WEBP"[..], "image/webp"), (b"AVI ", "video/x-msvideo")]
            .into_iter()
            .find(|(kind, _)| at(8, kind))
            .map(|(_, found)| found);
    }
    if at(4, b"ftyp") {
        return Some(iso_media_type(head.get(8..12).unwrap_or_default()));
    }
    // Transport streams repeat their sync byte every 188 bytes.
    if at(0, b"G") && at(188, b"G") && at(376, b"G") {
        return Some("video/mp2t");
    }
    is_svg(head).then_some("image/svg+xml")
}

fn iso_media_type(brand: &[u8]) -> &'static str {
    match brand {
        b"avif" | b"avis" => "image/avif",
        b"heic" | b"heix" | b"hevc" | b"mif1" | b"msf1" => "image/heic",
        b"qt  " => "video/quicktime",
        _ => "video/mp4",
    }
}

/// An SVG begins with its own tag, but for a declaration and comments.
fn is_svg(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head).to_lowercase();
    let text = text.trim_start_matches('\u{FEFF}').trim_start();
    let declared = ["<?xml", "<!--", "<!doctype svg"]
        .iter()
        .any(|start| text.starts_with(start));
    text.starts_with("<svg") || (declared && text.contains("<svg") && !text.contains("<html"))
}

#[cfg(test)]
mod tests {
    use super::media_type;

    #[test]
    fn files_are_known_by_their_content() {
        let known: [(&[u8], &str); 8] = [
            (b"GIF89a....", "image/gif"),
            (b"\xFF\xD8\xFF\xE0..", "image/jpeg"),
            (b"RIFF....WEBPVP8 ", "image/webp"),
            (b"RIFF....AVI LIST", "video/x-msvideo"),
            (b"\x00\x00\x00\x18ftypmp42", "video/mp4"),
            (b"\x00\x00\x00\x14ftypqt  ", "video/quicktime"),
            (b"<?xml version='1.0'?><svg xmlns=''>", "image/svg+xml"),
            (b"\xEF\xBB\xBF <svg>", "image/svg+xml"),
        ];
        for (head, expected) in known {
            assert_eq!(media_type(head), Some(expected));
        }
    }

    #[test]
    fn pages_texts_programs_and_archives_are_not_media() {
        let others: [&[u8]; 7] = [
            b"",
            b"<!DOCTYPE html><html><svg></svg>",
            b"<html>",
            b"<?xml version='1.0'?><html><svg/></html>",
            b"hello",
            b"\x7FELF",
            b"PK\x03\x04",
        ];
        assert!(others.iter().all(|head| media_type(head).is_none()));
    }
}
