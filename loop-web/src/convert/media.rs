//! What can be converted where, and what takes it.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// Who can convert files of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Convertible {
    /// The device by itself.
    Here,
    /// The device where ffmpeg is installed.
    WithFfmpeg,
    /// Only the page.
    No,
}

/// Who can convert files of this type, which must be told from their content.
#[must_use]
pub fn convertible(mime: &str) -> Convertible {
    match mime {
        "image/gif" | "image/png" | "image/jpeg" | "image/webp" => Convertible::Here,
        "image/bmp" | "image/avif" | "image/heic" => Convertible::WithFfmpeg,
        // Our own, of which there is no original.
        "video/x-rgb565" => Convertible::No,
        mime if mime.starts_with("video/") => Convertible::WithFfmpeg,
        _ => Convertible::No,
    }
}

/// The word for a type, in the middle of a sentence.
pub(super) fn word(mime: &str) -> &'static str {
    match mime {
        "image/gif" => "a GIF",
        "image/png" => "a PNG",
        "image/jpeg" => "a JPEG",
        "image/webp" => "a WebP",
        "image/bmp" => "a BMP",
        "image/avif" => "an AVIF",
        "image/heic" => "a HEIC",
        "image/svg+xml" => "an SVG",
        mime if mime.starts_with("video/") => "a video",
        _ => "this file",
    }
}

/// A program along a search path.
pub(super) fn find(name: &str, path: &OsStr) -> Option<PathBuf> {
    std::env::split_paths(path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|program| {
            program
                .metadata()
                .is_ok_and(|there| there.is_file() && there.permissions().mode() & 0o111 != 0)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_device_decodes_itself_needs_nothing() {
        for mime in ["image/gif", "image/png", "image/jpeg", "image/webp"] {
            assert_eq!(convertible(mime), Convertible::Here);
        }
        for mime in ["video/mp4", "video/x-msvideo", "image/heic", "image/bmp"] {
            assert_eq!(convertible(mime), Convertible::WithFfmpeg);
        }
        for mime in [
            "image/svg+xml",
            "image/x-rgb565",
            "video/x-rgb565",
            "text/html",
        ] {
            assert_eq!(convertible(mime), Convertible::No);
        }
    }

    #[test]
    fn a_program_is_found_along_the_path_and_not_in_the_current_folder() {
        let shell = find("sh", OsStr::new("/nowhere:/bin:/usr/bin")).unwrap();
        assert!(shell.is_absolute() && shell.ends_with("sh"));
        assert_eq!(find("sh", OsStr::new("")), None);
        assert_eq!(
            find("Cargo.toml", OsStr::new(env!("CARGO_MANIFEST_DIR"))),
            None
        );
    }
}
