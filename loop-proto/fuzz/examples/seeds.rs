//! Writes valid inputs into `corpus/<target>/`, so that the fuzzer begins behind the first checks.

use std::fs;
use std::io::{Cursor, Result, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use loop_proto::clip::ClipWriter;
use loop_proto::geometry::{Rect, Rotation};
use loop_proto::message::Message;
use loop_proto::pixel::{FRAME_BYTES, Frame};
use loop_proto::progress::{Label, Progress};
use loop_proto::service::{HardwareRequest, HardwareResponse, Hello};
use loop_proto::snapshot::{
    BusState, Change, DisplayState, Entry, HwSnapshot, News, PanelKind, PanelState, Playback,
    PlayerState, Repeat, Scheduling, Update, WireKind,
};
use loop_proto::units::{Brightness, Percent};
use loop_proto::wifi::{
    Attempt, AttemptId, Course, JoinFault, JoinStep, Link, Network, Security, Ssid, Unavailable,
    WifiState,
};
use loop_proto::wire::Codec;
use loop_proto::{ClipId, Revision, Slug};
use loop_web::archive::{Packed, Reading};
use loop_web::convert::Converter;
use loop_web::ingest::{Ingest, Limits, Upload};
use loop_web::store::{Disk, Store};
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
    for (number, picture) in pictures().iter().enumerate() {
        save("image_worker", number, picture)?;
    }
    save("multipart", 0, FORM)?;
    for (number, header) in TUS_HEADERS.iter().enumerate() {
        save("tus_headers", number, header.as_bytes())?;
    }
    save("archive_import", 0, &library()?)?;
    Ok(())
}

/// One of each kind that tus has, as clients send them.
const TUS_HEADERS: [&str; 5] = [
    "filename Y2F0LmdpZg==,filetype aW1hZ2UvZ2lm,frames MTUzNjAw,fit Zml0,quality c21hbGw=,kind bWVkaWE=",
    "filename 5ZCN5YmNLmdpZg==, is_confidential",
    "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
    "sha256 uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=",
    "18446744073709551616",
];

/// Two files, in pieces of 17 bytes.
const FORM: &[u8] = b"\x10--B\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.gif\"\r\n\r\nGIF89a\r\n--B\r\n\
Content-Disposition: form-data; name=\"files\"; filename=\"a_frames.zip\"\r\n\r\nPK\r\n--B--\r\n";

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
        HardwareRequest::ShowMessage {
            message: Some(Message {
                text: "Dinner \u{1f600}".parse().expect("short"),
                time: Some(Duration::from_secs(5).try_into().expect("short")),
                colour: Some("#ff8000".parse().expect("a colour")),
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

/// A network in reach that was not joined.
fn wifi() -> Option<WifiState> {
    let ssid: Ssid = "Tom's".parse().ok()?;
    Some(WifiState {
        link: Link::Connecting {
            ssid: ssid.clone(),
            step: JoinStep::Authenticating,
        },
        networks: vec![Network {
            ssid: ssid.clone(),
            security: Security::Wpa2,
            signal: Percent::try_from(70).ok()?,
            frequency_mhz: 2437,
            saved: true,
        }],
        saved: Vec::new(),
        attempt: Some(Attempt {
            id: AttemptId(1),
            ssid,
            course: Course::Failed(JoinFault::WrongPassword),
        }),
    })
}

/// A whole snapshot, then every change.
fn news() -> Vec<u8> {
    let snapshot = HwSnapshot {
        player: PlayerState {
            playback: Playback::Playing,
            repeat: Repeat::All,
            current: None,
            showing_progress: true,
            showing_message: true,
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
        wifi: wifi().unwrap_or(WifiState::unavailable(Unavailable::Off)),
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

/// One of each format, some of them moving.
fn pictures() -> [Vec<u8>; 6] {
    let pixels: Vec<u8> = (0..16 * 12 * 4u32)
        .map(|number| (number * number / 5).to_le_bytes()[0])
        .collect();
    let [still, moving] = [1, 3].map(|frames| png(&pixels, frames));
    [
        still,
        moving,
        gif(&pixels),
        webp(&pixels),
        animated_webp(&pixels),
        JPEG.to_vec(),
    ]
}

fn png(pixels: &[u8], frames: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 16, 12);
    encoder.set_color(png::ColorType::Rgba);
    if frames > 1 {
        encoder.set_animated(frames, 0).expect("frames");
        encoder.set_frame_delay(1, 20).expect("a delay");
        encoder
            .set_dispose_op(png::DisposeOp::Previous)
            .expect("animated");
        encoder.set_blend_op(png::BlendOp::Over).expect("animated");
    }
    let mut writer = encoder.write_header().expect("memory");
    for _ in 0..frames {
        writer.write_image_data(pixels).expect("memory");
    }
    writer.finish().expect("memory");
    bytes
}

fn gif(pixels: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = gif::Encoder::new(&mut bytes, 16, 12, &[9; 12]).expect("memory");
    let ways = [
        gif::DisposalMethod::Background,
        gif::DisposalMethod::Previous,
    ];
    for (dispose, interlaced) in ways.into_iter().zip([false, true]) {
        let frame = gif::Frame {
            width: 8,
            height: 12,
            left: 9,
            delay: 3,
            dispose,
            interlaced,
            transparent: Some(1),
            buffer: pixels[..96].iter().map(|pixel| pixel % 4).collect(),
            ..gif::Frame::default()
        };
        encoder.write_frame(&frame).expect("memory");
    }
    drop(encoder);
    bytes
}

fn webp(pixels: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    image_webp::WebPEncoder::new(&mut bytes)
        .encode(pixels, 16, 12, image_webp::ColorType::Rgba8)
        .expect("memory");
    bytes
}

fn animated_webp(pixels: &[u8]) -> Vec<u8> {
    let chunk = |name: &[u8], body: &[u8]| {
        let length = u32::try_from(body.len()).expect("small").to_le_bytes();
        [name, &length, body, &vec![0; body.len() % 2]].concat()
    };
    let picture = &webp(pixels)[12..];
    let place = [0, 0, 0, 0, 0, 0, 15, 0, 0, 11, 0, 0, 50, 0, 0, 1];
    let frame = chunk(b"ANMF", &[&place[..], picture].concat());
    let head = chunk(b"VP8X", &[0x12, 0, 0, 0, 15, 0, 0, 11, 0, 0]);
    let body = [
        &b"WEBP"[..],
        &head,
        &chunk(b"ANIM", &[0; 6]),
        &frame,
        &frame,
    ]
    .concat();
    chunk(b"RIFF", &body)
}

/// Eight by eight pixels of grey, baseline.
const JPEG: &[u8] = b"\
    \xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x02\x00\x00\x01\x00\x01\x00\x00\xff\xdb\x00C\x00\x08>>I>IUUUUUU\
    d]dhhhddddhhhppp\x83\x83\x83ppphhpp||\x83\x83\x8f\x93\x8f\x87\x87\x83\x87\x93\x93\x9b\x9b\x9b\xba\
    \xba\xb2\xb2\xd9\xd9\xe0\xff\xff\xff\xff\xc4\x00J\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
    \x00\x00\x00\x00\x00\x00\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10\
    \x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x11\x01\x00\x00\x00\x00\x00\x00\
    \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xc0\x00\x11\x08\x00\x08\x00\x08\x03\x01\x12\x00\x02\x12\
    \x00\x03\x12\x00\xff\xda\x00\x0c\x03\x01\x00\x02\x11\x03\x11\x00?\x00\x00\x0f\xff\xd9";

/// The exported library of a device with a film and a still that came without an original.
fn library() -> Result<Vec<u8>> {
    let folder = tempfile::TempDir::new()?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(async {
        let disk = Disk::new(folder.path(), 0);
        let store = Store::open(folder.path(), disk).await.expect("a library");
        let film: &[u8] = b"\0\0\0\x18ftypmp42 and so on";
        for files in [
            &[("film.mp4", film.to_vec()), ("film.clip", clip(3))][..],
            &[("still.clip", clip(1))],
        ] {
            let limits = Limits {
                max_file_bytes: 1 << 20,
            };
            let upload = Upload::begin(&store, limits, 0).await;
            let mut upload = upload.expect("room");
            for (name, content) in files {
                let mut part = upload.part(name).expect("a part");
                part.write(content).await.expect("room");
                part.finish().await.expect("room");
            }
            let (received, _folder) = upload.received();
            let converter = Converter::new(Duration::from_secs(60));
            let ingest = Ingest::new(store.clone(), converter);
            let added = ingest.run(received, Arc::new(|_| true)).await;
            added.expect("an item");
        }
        let packed = Packed::of(&store, "LOOP").await.expect("an archive");
        let all = 0..packed.bytes();
        let mut reading = Reading::new(Arc::new(packed), all);
        let mut archive = Vec::new();
        while reading.left() > 0 {
            archive.extend_from_slice(&reading.next_piece()?);
        }
        Ok(archive)
    })
}
