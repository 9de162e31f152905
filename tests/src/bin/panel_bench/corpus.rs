//! The pictures that are measured: what people loop, made anew for each run by `tests/media/corpus.sh`, and the device's
//! own screens as content that hardly changes.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use loop_hw::screens::{self, Screen};
use loop_proto::clip::Quality;
use loop_proto::pixel::{Frame, Picture, dithered, rgb565};

/// What kind of content a clip is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// An animated GIF: kept exactly as it is.
    Gif,
    /// A film: the page dithers it.
    Film,
    /// Test pictures with sharp edges.
    Synthetic,
    /// Text that changes now and then.
    Interface,
}

/// A clip before it is one.
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) content: Content,
    pub(crate) frames: Vec<Frame>,
    pub(crate) duration: Duration,
}

/// The qualities a clip is measured in.
pub(crate) const QUALITIES: [Quality; 2] = [Quality::Off, Quality::Balanced];

/// All clips, the moving ones first.
pub(crate) fn all() -> Vec<Source> {
    let folder = tempfile::TempDir::new().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("media/corpus.sh");
    let made = Command::new(script).arg(folder.path()).status().unwrap();
    assert!(made.success(), "tests/media/corpus.sh");
    let mut names: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .filter_map(|file| {
            Some(
                file.ok()?
                    .file_name()
                    .to_str()?
                    .strip_suffix(".rgb")?
                    .to_owned(),
            )
        })
        .collect();
    names.sort();
    let mut sources: Vec<_> = names.iter().map(|name| read(folder.path(), name)).collect();
    sources.push(clock());
    sources
}

fn read(folder: &Path, name: &str) -> Source {
    let content = match name.split('_').next() {
        Some("gif") => Content::Gif,
        Some("vid") => Content::Film,
        _ => Content::Synthetic,
    };
    let bytes = std::fs::read(folder.join(format!("{name}.rgb"))).unwrap();
    let frames = bytes
        .chunks_exact(Picture::SIZE.pixels() * 3)
        .map(|picture| pack(picture, content))
        .collect();
    let micros = std::fs::read_to_string(folder.join(format!("{name}.us"))).unwrap();
    Source {
        name: name.to_owned(),
        content,
        frames,
        duration: Duration::from_micros(micros.trim().parse().unwrap()),
    }
}

/// From RGB as the page does it.
fn pack(rgb: &[u8], content: Content) -> Frame {
    let mut picture = Picture::black();
    let places =
        (0..Picture::SIZE.height).flat_map(|y| (0..Picture::SIZE.width).map(move |x| (x, y)));
    let pixels = picture.as_bytes_mut().as_chunks_mut().0.iter_mut();
    for ((pixel, from), (x, y)) in pixels.zip(rgb.as_chunks::<3>().0).zip(places) {
        *pixel = match content {
            Content::Film => dithered(from.map(u32::from), 1, x, y),
            _ => rgb565(from[0], from[1], from[2]),
        };
    }
    picture.transposed()
}

/// A clock that changes every second, in the device's own type.
fn clock() -> Source {
    let frames = (0..40).map(|second| {
        let screen = Screen::Error {
            title: format!("12:34:{second:02}"),
            detail: "Everything is fine. The next train leaves in 12 minutes.".to_owned(),
        };
        let mut frame = Frame::black();
        screens::draw(&screen, &mut frame);
        frame
    });
    Source {
        name: "ui_clock".to_owned(),
        content: Content::Interface,
        frames: frames.collect(),
        duration: Duration::from_secs(1),
    }
}
