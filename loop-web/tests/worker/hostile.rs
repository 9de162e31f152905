//! Bombs, broken files, and workers that cannot be trusted.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use loop_web::convert::{Converter, Error};
use nix::libc::c_long;
use nix::sys::resource::{UsageWho, getrusage};
use png::{BitDepth, ColorType};

use crate::originals::{GifFrame, gif, png, png_header, webp, with_size};
use crate::workshop::{PATIENCE, Workshop, ffmpeg, program, search_path};

/// No worker and no ffmpeg may ever have had more: the limit, and what is mapped from programs.
const MOST_KB: c_long = 330 * 1024;

fn most_a_child_had_kb() -> c_long {
    getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss()
}

fn jpeg(workshop: &Workshop) -> Vec<u8> {
    let path = workshop.folder.path().join("some.jpg");
    ffmpeg("-f lavfi -i testsrc2=s=640x480 -frames:v 1 -q:v 3", &path);
    std::fs::read(path).unwrap()
}

fn big_gif(width: u16, height: u16, area: (u16, u16, u16, u16)) -> Vec<u8> {
    let frame = GifFrame {
        area: (0, 0, 1, 1),
        pixels: vec![0],
        delay: 10,
        dispose: gif::DisposalMethod::Previous,
    };
    let mut bytes = gif(width, height, &[frame], false);
    // The first image block; nothing in front of it has a comma.
    let at = bytes.iter().rposition(|&byte| byte == b',').unwrap();
    let (left, top, width, height) = area;
    for (place, number) in (at + 1..).step_by(2).zip([left, top, width, height]) {
        bytes[place..place + 2].copy_from_slice(&number.to_le_bytes());
    }
    bytes
}

#[tokio::test]
async fn a_picture_that_says_it_is_huge_is_refused_by_its_header() {
    let workshop = Workshop::new();
    let mut vp8x = webp(1, 1, &[0; 4]);
    vp8x.splice(
        12..,
        b"VP8X\x0a\0\0\0\x02\0\0\0\xff\xff\xff\xff\xff\xffANIM\x06\0\0\0\0\0\0\0\0\0"
            .iter()
            .copied(),
    );
    let mut vp8l = webp(1, 1, &[0; 4]);
    let at = vp8l.windows(4).position(|name| name == b"VP8L").unwrap();
    vp8l[at + 9..at + 12].copy_from_slice(&[0xfe, 0xff, 0xff]);
    let bombs = [
        (png_header(100_000, 100_000), "image/png", "100000 x 100000"),
        (png_header(1, 40_000), "image/png", "1 x 40000"),
        (
            big_gif(65_535, 65_535, (0, 0, 1, 1)),
            "image/gif",
            "65535 x 65535",
        ),
        (
            big_gif(1, 1, (0, 0, 65_535, 65_535)),
            "image/gif",
            "65535 x 65535",
        ),
        (
            with_size(jpeg(&workshop), 65_535, 65_535),
            "image/jpeg",
            "65535 x 65535",
        ),
        (vp8l, "image/webp", "16383 x 1024"),
    ];
    for (bytes, mime, size) in bombs {
        let error = workshop.convert(&bytes, mime).await.unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, Error::TooLarge { .. }), "{text}");
        assert!(text.contains(size) && text.contains("at most"), "{text}");
    }
    let error = workshop.convert(&vp8x, "image/webp").await.unwrap_err();
    assert!(error.to_string().contains("too many pixels"), "{error}");
    assert!(most_a_child_had_kb() < MOST_KB);
}

#[tokio::test]
async fn a_png_that_packs_four_hundred_million_pixels_into_nothing_is_refused() {
    let workshop = Workshop::new();
    let bomb = png(
        20_000,
        20_000,
        ColorType::Grayscale,
        BitDepth::One,
        &[0; 2500],
    );
    assert!(bomb.len() < 100_000);
    let error = workshop.convert(&bomb, "image/png").await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("a PNG is too large: it has 20000 x 20000 pixels, at most 50 million"),
        "{text}"
    );
}

#[tokio::test]
async fn a_large_picture_within_the_limits_takes_little_memory() {
    let workshop = Workshop::new();
    let large = png(
        10_000,
        5_000,
        ColorType::Rgba,
        BitDepth::Eight,
        &[7; 40_000],
    );
    let made = workshop.convert(&large, "image/png").await.unwrap();
    assert_eq!(made.summary.frame_count, 1);
    assert!(most_a_child_had_kb() < MOST_KB);
}

#[tokio::test]
async fn a_file_that_was_cut_off_is_refused() {
    let workshop = Workshop::new();
    let noise: Vec<u8> = (0..64 * 48 * 4u32)
        .map(|n| (n * n / 7).to_le_bytes()[0])
        .collect();
    let files = [
        (
            png(64, 48, ColorType::Rgb, BitDepth::Eight, &noise[..192]),
            "image/png",
        ),
        (jpeg(&workshop), "image/jpeg"),
        (webp(64, 48, &noise), "image/webp"),
    ];
    for (file, mime) in files {
        for kept in [file.len() / 2, 30, 13] {
            let error = workshop.convert(&file[..kept], mime).await.unwrap_err();
            assert!(
                matches!(error, Error::NotDecodable { .. }),
                "{mime} {kept}: {error}"
            );
        }
        workshop.convert(&file, mime).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_no_picture_is_refused() {
    let workshop = Workshop::new();
    for mime in ["image/png", "image/gif", "video/mp4", "image/bmp"] {
        for bytes in [&b""[..], b"hello", &[0xFF; 5000]] {
            let error = workshop.convert(bytes, mime).await.unwrap_err();
            assert!(
                matches!(error, Error::NotDecodable { .. }),
                "{mime}: {error}"
            );
        }
    }
    let error = workshop
        .convert(b"<svg/>", "image/svg+xml")
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("add it through the page"),
        "{error}"
    );
}

#[tokio::test]
async fn a_clip_larger_than_there_is_room_for_ends_in_a_clear_error() {
    let converter = Converter::with_program(program(), search_path(), PATIENCE);
    let workshop = Workshop::with(converter.bounded_to(2000));
    let colours: Vec<u8> = (0..320 * 3u32)
        .map(|n| (n * n * 7 / 3).to_le_bytes()[0])
        .collect();
    let file = png(320, 240, ColorType::Rgb, BitDepth::Eight, &colours);
    let error = workshop.convert(&file, "image/png").await.unwrap_err();
    let is_full = |fault: &std::io::Error| fault.kind() == std::io::ErrorKind::StorageFull;
    assert!(
        matches!(&error, Error::Failed(fault) if is_full(fault)),
        "{error}"
    );
}

/// A worker that does what a shell script says.
fn impostor(workshop: &Workshop, script: &str) -> PathBuf {
    let path = workshop.folder.path().join("impostor");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    path
}

async fn outcome(script: &str) -> Error {
    let mut workshop = Workshop::new();
    let program = impostor(&workshop, script);
    workshop.converter = Converter::with_program(&program, search_path(), Duration::from_secs(20));
    workshop.convert(b"", "image/png").await.unwrap_err()
}

#[tokio::test]
async fn a_worker_is_not_believed() {
    let done = r#"{"done":{"clip":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0],"frames":1,"total_us":1}}"#;
    let scripts = [
        "yes".to_owned(),
        "yes | tr -d '\\n'".to_owned(),
        "echo nonsense".to_owned(),
        "head -c 100000 /dev/zero >&2".to_owned(),
        r#"while :; do echo '{"progress":1}'; done"#.to_owned(),
        format!("echo '{done}'"),
        format!("printf LOOPCLIP > $3; echo '{done}'"),
    ];
    for script in scripts {
        let error = outcome(&script).await;
        assert!(
            matches!(error, Error::NotDecodable { .. } | Error::Failed(_)),
            "{script}: {error}"
        );
    }
}

#[tokio::test]
async fn the_limit_that_ended_a_worker_is_named() {
    for (script, named) in [
        ("kill -XCPU $$", "too much of the processor's time"),
        ("kill -XFSZ $$", "larger than there is room for"),
        ("kill -KILL $$", "more memory than there is"),
        (
            "echo 'memory allocation of 9 bytes failed' >&2; kill -ABRT $$",
            "more memory than there is",
        ),
    ] {
        let error = outcome(script).await;
        assert!(matches!(error, Error::LimitReached { .. }), "{error}");
        assert!(error.to_string().contains(named), "{error}");
    }
    let error = outcome("kill -SEGV $$").await;
    assert!(
        error
            .to_string()
            .contains("the decoder broke down (SIGSEGV)"),
        "{error}"
    );
}
