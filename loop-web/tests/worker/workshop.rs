//! A folder, a converter over the real program, and a look at what comes out.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use loop_proto::clip::Clip;
use loop_proto::pixel::rgb888;
use loop_web::convert::{Converted, Converter, Error};
use loop_web::look::Look;
use tempfile::TempDir;

/// A colour as the glass shows it.
pub(crate) type Shown = [u8; 3];

/// Far longer than any of the conversions takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// The clip's name in an item.
const CLIP: &str = "clip";

pub(crate) struct Workshop {
    pub(crate) folder: TempDir,
    pub(crate) converter: Converter,
}

/// The program whose worker is tested.
pub(crate) fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_loop-web"))
}

pub(crate) fn search_path() -> OsString {
    std::env::var_os("PATH").unwrap()
}

impl Workshop {
    pub(crate) fn new() -> Self {
        Self::with(Converter::with_program(program(), search_path(), PATIENCE))
    }

    pub(crate) fn with(converter: Converter) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder, converter }
    }

    pub(crate) fn original(&self, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join("original");
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) async fn convert(&self, bytes: &[u8], mime: &str) -> Result<Converted, Error> {
        let source = self.original(bytes);
        self.convert_file(&source, mime, Look::default()).await
    }

    pub(crate) async fn convert_file(
        &self,
        source: &Path,
        mime: &str,
        look: Look,
    ) -> Result<Converted, Error> {
        let folder = self.folder.path();
        for name in [CLIP, "thumb.png"] {
            drop(std::fs::remove_file(folder.join(name)));
        }
        let converted = self
            .converter
            .convert(source, mime, look, folder, |_| {})
            .await;
        assert_eq!(self.clip_path().exists(), converted.is_ok());
        converted
    }

    pub(crate) fn clip_path(&self) -> PathBuf {
        self.folder.path().join(CLIP)
    }

    pub(crate) fn clip(&self) -> Clip<File> {
        Clip::open(File::open(self.clip_path()).unwrap()).unwrap()
    }

    /// How long each frame is shown, in milliseconds.
    pub(crate) fn durations(&self) -> Vec<u128> {
        let clip = self.clip();
        let each = (0..clip.frame_count()).map(|frame| clip.duration(frame).unwrap().as_millis());
        each.collect()
    }

    /// The pixels at these places of a frame.
    pub(crate) fn shown<const N: usize>(
        &self,
        frame: u32,
        places: [(usize, usize); N],
    ) -> [Shown; N] {
        let picture = self.clip().render(frame).unwrap().transposed();
        let pixels = picture.as_bytes().as_chunks::<2>().0;
        places.map(|(x, y)| rgb888(pixels[y * 320 + x]))
    }
}

/// Runs ffmpeg to make an original; `tests/tools/setup.sh test` installs it.
pub(crate) fn ffmpeg(arguments: &str, out: &Path) {
    let status = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-y"])
        .args(arguments.split_whitespace())
        .arg(out)
        .status();
    assert!(status.expect("ffmpeg is needed").success());
}

/// How near two colours are; JPEG and films are not exact.
pub(crate) fn is_near(a: Shown, b: Shown) -> bool {
    a.iter().zip(b).all(|(a, b)| a.abs_diff(b) <= 24)
}
