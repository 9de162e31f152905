//! Writes valid inputs into `corpus/<target>/`, so that the fuzzer begins behind the first checks.

use std::fs;
use std::io::{Cursor, Result, Write};
use std::path::Path;
use std::time::Duration;

use bytes::BytesMut;
use loop_proto::clip::ClipWriter;
use loop_proto::geometry::{Rect, Rotation};
use loop_proto::pixel::{FRAME_BYTES, Frame};
use loop_proto::progress::{Label, Progress};
use loop_proto::service::{HardwareRequest, HardwareResponse, Hello};
use loop_proto::snapshot::{
    BusState, Change, DisplayState, Entry, HwSnapshot, News, PanelKind, PanelState, Playback,
    PlayerState, Repeat, Scheduling, Update, WireKind,
};
use loop_proto::units::Brightness;
use loop_proto::wire::Codec;
use loop_proto::{ClipId, Revision, Slug};
use tarpc::{ClientMessage, Request, Response, context};
use tokio_util::codec::Encoder;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

fn main() -> Result<()> {
    for (number, wire) in requests().iter().enumerate() {
        save("wire_decode", number, wire)?;
    }
    save("news_apply", 0, &news())?;
    for (number, frames) in [1, 2, 6].into_iter().enumerate() {
        save("clip_decode", number, &clip(frames))?;
    }
    for (number, together) in [true, false].into_iter().enumerate() {
        save("upload_zip", number, &upload(together)?)?;
    }
    Ok(())
}

fn save(target: &str, number: usize, bytes: &[u8]) -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(format!("seed_{number}")), bytes)
}

fn entries() -> Vec<Entry> {
    let clip = ClipId::from_sha256(&[7; 32]);
    ["cat", "dog"]
        .map(|name| Entry {
            repeat: 7.try_into().ok(),
            still: Duration::from_millis(2500).try_into().ok(),
            ..Entry::new(Slug::nearest(name), clip)
        })
        .to_vec()
}

/// Without the length prefix, which the target puts in front; the last one has a deadline beyond every clock.
fn requests() -> Vec<Vec<u8>> {
    let messages = [
        HardwareRequest::Hello {
            hello: Hello::ours(),
        },
        HardwareRequest::SetPlaylist { entries: entries() },
        HardwareRequest::ChangesSince {
            revision: Revision::NONE,
        },
        HardwareRequest::ShowProgress {
            progress: Some(Progress {
                percent: 42.try_into().expect("small"),
                label: Label::nearest("cat.mp4"),
            }),
        },
    ];
    let mut seeds: Vec<Vec<u8>> = messages
        .into_iter()
        .map(|message| {
            let request = Request {
                context: context::current(),
                id: 1,
                message,
            };
            encoded(ClientMessage::Request(request))[4..].to_vec()
        })
        .collect();
    // Variant 0, then 0xfd and eight bytes: bincode's largest number of seconds, no nanoseconds, an empty trace.
    let mut overflowing = vec![0, 253];
    overflowing.extend([0xff; 8]);
    overflowing.extend([0; 32]);
    seeds.push(overflowing);
    seeds
}

fn encoded<T>(message: T) -> BytesMut
where
    Codec<(), T>: Encoder<T>,
{
    let mut bytes = BytesMut::new();
    assert!(
        Codec::<(), T>::default()
            .encode(message, &mut bytes)
            .is_ok()
    );
    bytes
}

/// A whole snapshot, then every change.
fn news() -> Vec<u8> {
    let snapshot = HwSnapshot {
        player: PlayerState {
            playback: Playback::Playing,
            repeat: Repeat::All,
            current: None,
            showing_progress: true,
        },
        playlist: Vec::new(),
        display: DisplayState {
            brightness: Brightness::clamped(50),
            rotation: Rotation::Deg270,
        },
        panel: PanelState {
            kind: PanelKind::Simulated,
            trouble: Some("no SPI".to_owned()),
            bus: Some(BusState {
                wire: WireKind::Spidev,
                requested_hz: 62_500_000,
                effective_hz: 50_000_000,
            }),
            scheduling: Scheduling::Realtime,
        },
    };
    let mut changes = snapshot.replicate();
    changes.push(Change::Playlist(entries()));
    let updates = [Update::Whole(Box::new(snapshot)), Update::Changes(changes)];
    let answers = updates.map(|update| {
        let news = News {
            revision: Revision::NONE,
            update,
        };
        let message = Ok(HardwareResponse::ChangesSince(Ok(news)));
        encoded(Response {
            request_id: 1,
            message,
        })
    });
    answers.concat()
}

fn clip(frames: u16) -> Vec<u8> {
    let mut writer = ClipWriter::new(Cursor::new(Vec::new())).expect("memory");
    let mut frame = Frame::black();
    for number in 0..frames {
        let rect = Rect {
            x: number * 20,
            y: number * 9,
            width: 13,
            height: 7,
        };
        frame
            .rows_mut(rect)
            .for_each(|row| row.fill(number.to_le_bytes()[0] | 1));
        // Scattered over the whole picture, so that there is a mask.
        let scattered = frame.as_bytes_mut().chunks_mut(2).step_by(89);
        scattered.for_each(|pixel| pixel.fill(number.to_le_bytes()[0]));
        writer
            .push(&frame, Duration::from_millis(700))
            .expect("memory");
    }
    writer.finish().expect("memory").0.into_inner()
}

fn upload(together: bool) -> Result<Vec<u8>> {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let frames = [vec![1; FRAME_BYTES], vec![2; FRAME_BYTES]];
    if together {
        zip.start_file("frames.bin", options)?;
        zip.write_all(&2u32.to_be_bytes())?;
        zip.write_all(&u32::try_from(FRAME_BYTES).expect("small").to_be_bytes())?;
        zip.write_all(&frames.concat())?;
    } else {
        for (frame, name) in frames.iter().zip(["frame_000001.rgb", "frame_000002.rgb"]) {
            zip.start_file(name, options)?;
            zip.write_all(frame)?;
        }
    }
    zip.start_file(
        "metadata.json",
        options.compression_method(CompressionMethod::Stored),
    )?;
    zip.write_all(
        br#"{"slug":"cat_0123456789abcdef","original_filename":"cat.mp4","type":"video","width":320,"height":240,"frame_count":2,"format":"rgb565","fps":25,"durations":[40,80]}"#,
    )?;
    Ok(zip.finish()?.into_inner())
}
