//! Uploads as the original's page makes them, and all the ways to get them wrong.

use std::io::{Cursor, Write};
use std::time::Duration;

use loop_proto::clip::ClipWriter;
use loop_proto::pixel::Frame;
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Bytes of a frame.
pub const FRAME_BYTES: usize = 320 * 240 * 2;

/// A frame that can be told from others: a gradient that begins with this shade.
#[must_use]
pub fn frame(shade: u8) -> Vec<u8> {
    (0..FRAME_BYTES)
        .map(|at| shade.wrapping_add(u8::try_from(at / 640 % 251).unwrap()))
        .collect()
}

/// A frame that cannot be compressed, another one for each seed.
#[must_use]
pub fn noise(seed: u8) -> Vec<u8> {
    let mut state = u64::from(seed) + 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    std::iter::repeat_with(next).take(FRAME_BYTES).collect()
}

/// A good ZIP of frames that cannot be compressed.
#[must_use]
pub fn noisy_zip(name: &str, frames: u8) -> Vec<u8> {
    let mut parcel = Parcel::default();
    for seed in 0..frames {
        parcel = parcel.entry(&format!("frame_{:06}.rgb", seed + 1), &noise(seed));
    }
    parcel.metadata(&metadata(name, frames.into())).bytes()
}

/// A finished clip of frames that cannot be compressed.
#[must_use]
pub fn noisy_clip(frames: u8) -> Vec<u8> {
    let mut writer = ClipWriter::new(Cursor::new(Vec::new())).unwrap();
    for seed in 0..frames {
        let frame = Frame::from_bytes(noise(seed)).unwrap();
        writer.push(&frame, Duration::from_millis(40)).unwrap();
    }
    writer.finish().unwrap().0.into_inner()
}

/// The first bytes of a film; nobody decodes the rest.
#[must_use]
pub fn film(content: &str) -> Vec<u8> {
    [b"\0\0\0\x18ftypmp42".as_slice(), content.as_bytes()].concat()
}

/// A picture that every program can read, another one for each shade.
#[must_use]
pub fn still(shade: u8) -> Vec<u8> {
    const SIDE: u8 = 24;
    let pixels = (0..SIDE).flat_map(|y| (0..SIDE).flat_map(move |x| [shade, 9 * x, 9 * y]));
    let pixels: Vec<_> = pixels.collect();
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, SIDE.into(), SIDE.into());
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&pixels).unwrap();
    writer.finish().unwrap();
    file
}

/// The metadata the original's page sends.
#[must_use]
pub fn metadata(name: &str, frames: usize) -> Value {
    json!({"slug": format!("{name}_0123456789abcdef"), "original_filename": format!("{name}.mp4"), "type": "video",
        "width": 320, "height": 240, "frame_count": frames, "format": "rgb565", "fps": 25})
}

/// A ZIP made entry by entry.
pub struct Parcel {
    zip: ZipWriter<Cursor<Vec<u8>>>,
    options: SimpleFileOptions,
}

impl Default for Parcel {
    fn default() -> Self {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        Self {
            zip: ZipWriter::new(Cursor::new(Vec::new())),
            options,
        }
    }
}

impl Parcel {
    /// What comes after this is deflated.
    #[must_use]
    pub fn deflated(mut self) -> Self {
        self.options = self.options.compression_method(CompressionMethod::Deflated);
        self
    }

    /// Adds a file.
    #[must_use]
    pub fn entry(mut self, name: &str, content: &[u8]) -> Self {
        self.zip.start_file(name, self.options).unwrap();
        self.zip.write_all(content).unwrap();
        self
    }

    /// Adds a symbolic link.
    #[must_use]
    pub fn link(mut self, name: &str, target: &str) -> Self {
        self.zip.add_symlink(name, target, self.options).unwrap();
        self
    }

    /// Adds `metadata.json`.
    #[must_use]
    pub fn metadata(self, fields: &Value) -> Self {
        self.entry("metadata.json", fields.to_string().as_bytes())
    }

    /// Adds a [`frame`] for each shade.
    #[must_use]
    pub fn frames(mut self, shades: &[u8]) -> Self {
        for (number, shade) in shades.iter().enumerate() {
            self = self.entry(&format!("frame_{:06}.rgb", number + 1), &frame(*shade));
        }
        self
    }

    /// The file.
    #[must_use]
    pub fn bytes(self) -> Vec<u8> {
        self.zip.finish().unwrap().into_inner()
    }
}

/// A ZIP whose frames, this many, are all the same deflated bytes of the file, named again and again by its directory.
#[must_use]
pub fn overlapping_zip(name: &str, frames: u16) -> Vec<u8> {
    const RECORD: usize = 46;
    const END: usize = 22;
    const NAME: usize = "frame_000001.rgb".len();
    let mut zip = Parcel::default()
        .deflated()
        .metadata(&metadata(name, frames.into()))
        .entry("frame_000001.rgb", &vec![0; FRAME_BYTES])
        .bytes();
    let mut end = zip.split_off(zip.len() - END);
    let start = u32::from_le_bytes(end[16..20].try_into().unwrap());
    let directory = zip.split_off(start.try_into().unwrap());
    let about = RECORD + "metadata.json".len();
    let (first, frame) = directory.split_at(about);
    assert_eq!(frame.len(), RECORD + NAME, "no extra fields");
    let mut directory = first.to_vec();
    for number in 1..=frames {
        directory.extend_from_slice(&frame[..RECORD]);
        directory.extend_from_slice(format!("frame_{number:06}.rgb").as_bytes());
    }
    end[8..10].copy_from_slice(&(frames + 1).to_le_bytes());
    end[10..12].copy_from_slice(&(frames + 1).to_le_bytes());
    let length = u32::try_from(directory.len()).unwrap();
    end[12..16].copy_from_slice(&length.to_le_bytes());
    [zip, directory, end].concat()
}

/// A good ZIP: frames, then metadata, stored, as JSZip writes it.
#[must_use]
pub fn frames_zip(name: &str, shades: &[u8]) -> Vec<u8> {
    Parcel::default()
        .frames(shades)
        .metadata(&metadata(name, shades.len()))
        .bytes()
}
