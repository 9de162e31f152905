use std::time::Duration;

use serde_json::json;

use super::zips::{Unpacked, arriving, at_rest, shade, told};
use super::*;

/// A ZIP of these frames, by number and shade, in this order; the metadata is the last entry or the first.
fn parcel(frames: &[(u32, u8)], about: &serde_json::Value, metadata_first: bool) -> Vec<u8> {
    let mut parcel = Parcel::new();
    if metadata_first {
        parcel = parcel.metadata(about);
    }
    for (number, shade) in frames {
        parcel = parcel.entry(&format!("frame_{number:06}.rgb"), &[*shade; FRAME_BYTES]);
    }
    match metadata_first {
        true => parcel.bytes(),
        false => parcel.metadata(about).bytes(),
    }
}

fn shades(unpacked: &Unpacked) -> Vec<u8> {
    let (converted, clip) = unpacked.as_ref().unwrap();
    let frames = 0..converted.summary.frame_count;
    frames.map(|frame| shade(clip, frame)).collect()
}

#[test]
fn frames_in_any_order_make_the_same_clip() {
    let orders: [&[u32]; 4] = [&[1, 2, 3, 4], &[4, 3, 2, 1], &[2, 4, 1, 3], &[1, 4, 2, 3]];
    for quality in ["off", "small"] {
        let mut about = fields(4);
        about["quality"] = json!(quality);
        for (order, metadata_first) in orders
            .iter()
            .flat_map(|order| [(order, true), (order, false)])
        {
            let frames: Vec<_> = order
                .iter()
                .map(|at| (*at, u8::try_from(*at * 40).unwrap()))
                .collect();
            let zip = parcel(&frames, &about, metadata_first);
            let (rest, arrived) = (at_rest(&zip), arriving(&zip));
            assert_eq!(told(&rest), told(&arrived), "{order:?} {quality}");
            assert_eq!(shades(&arrived), [40, 80, 120, 160]);
        }
    }
}

#[test]
fn durations_that_come_last_are_those_of_the_clip() {
    let frames: Vec<_> = (1..=120)
        .map(|at| (at, u8::try_from(at).unwrap()))
        .collect();
    // Another distance of the keys is put up with for one and not for the other.
    for (fps, is_the_same) in [(30, false), (4, true)] {
        let mut about = fields(120);
        about["fps"] = json!(fps);
        let zip = parcel(&frames, &about, false);
        let (rest, arrived) = (at_rest(&zip), arriving(&zip));
        assert_eq!(shades(&rest), shades(&arrived));
        let ((rest, rest_clip), (arrived, clip)) = (rest.unwrap(), arrived.unwrap());
        let (one, total) = (clip.duration(0).unwrap(), clip.total());
        assert_eq!(
            (Some(one), total),
            (rest_clip.duration(0), rest_clip.total())
        );
        assert_eq!(total, one * 120);
        assert!(one.abs_diff(Duration::from_secs(1) / fps) < Duration::from_micros(2));
        assert_eq!(
            rest.summary == arrived.summary,
            is_the_same,
            "{fps} a second"
        );
    }
}

#[test]
fn all_frames_in_one_can_come_before_what_tells_how_many_they_are() {
    let mut bin = [3u32.to_be_bytes(), 153_600u32.to_be_bytes()].concat();
    [1, 2, 3]
        .iter()
        .for_each(|shade| bin.extend([*shade; FRAME_BYTES]));
    let zip = |count: u32, bin: &[u8]| {
        let parcel = Parcel::new().deflated().entry("frames.bin", bin);
        parcel.metadata(&fields(count)).bytes()
    };
    let good = zip(3, &bin);
    let arrived = arriving(&good);
    assert_eq!(told(&arrived), told(&at_rest(&good)));
    assert_eq!(shades(&arrived), [1, 2, 3]);
    let refused = arriving(&zip(2, &bin)).err().unwrap();
    assert_eq!(refused, "frames.bin has 460808 bytes, expected 307208");
    let refused = arriving(&zip(3, &bin[..bin.len() - 1])).err().unwrap();
    assert_eq!(refused, "frames.bin has 460807 bytes, expected 460808");
}

/// A ZIP as one makes it who cannot go back: each entry's sizes come behind it.
fn streamed() -> Vec<u8> {
    let mut zip = ZipWriter::new_stream(Vec::new());
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    zip.start_file("frame_000001.rgb", options).unwrap();
    zip.write_all(&[1; FRAME_BYTES]).unwrap();
    zip.start_file("metadata.json", options).unwrap();
    zip.write_all(fields(1).to_string().as_bytes()).unwrap();
    zip.finish().unwrap().into_inner()
}

#[tokio::test]
async fn a_zip_that_cannot_be_read_forwards_is_stored_first() {
    let (data, store) = store().await;
    let zip = streamed();
    assert!(!frames_zip::begins_forwards(&zip));
    let files: [(&str, &[u8]); 2] = [("cat.gif", b"GIF89a"), ("cat_frames.zip", &zip)];
    let added = take_in(&store, &files).await.unwrap();
    assert_eq!(added.item().frame_count, 1);
    assert_eq!(incoming(&data), 0);
}

#[test]
fn what_cannot_be_read_forwards_is_refused_with_what_to_do() {
    let good = Parcel::new().frames(&[1, 2]).metadata(&fields(2)).bytes();
    assert!(frames_zip::begins_forwards(&good));
    // The second entry, in front of it and in the directory, says that its sizes come later.
    let mut zip = good.clone();
    let headers = (0..zip.len() - 4).filter(|at| good[*at..].starts_with(b"PK\x03\x04"));
    zip[headers.collect::<Vec<_>>()[1] + 6] |= 8;
    let refused = arriving(&zip).err().unwrap();
    assert!(
        refused.contains("entry 2 does not say") && refused.contains("make the ZIP"),
        "{refused}"
    );
}

#[test]
fn a_zip_is_refused_that_says_two_things() {
    let good = Parcel::new().frames(&[1, 2]).metadata(&fields(2)).bytes();
    let name = b"frame_000002.rgb";
    let places = (0..good.len() - name.len()).filter(|at| good[*at..].starts_with(name));
    let places: Vec<_> = places.collect();
    // In front of the entry, in the directory, and in both.
    for (changed, says) in [
        (&places[..1], "is there twice"),
        (&places[1..], "not a complete ZIP"),
        (&places[..], "is there twice"),
    ] {
        let mut zip = good.clone();
        changed
            .iter()
            .for_each(|at| zip[at + name.len() - 5] = b'1');
        let refused = arriving(&zip).err().unwrap();
        assert!(refused.contains(says), "{refused}");
    }
    let rest = good.len() - 22;
    for (zip, says) in [
        (
            [&good[..rest], &good[..40], &good[rest..]].concat(),
            "not a complete ZIP",
        ),
        ([&good[..], &good[..]].concat(), "not a complete ZIP"),
        (good[..rest].to_vec(), "not a complete ZIP"),
    ] {
        let refused = arriving(&zip).err().unwrap();
        assert!(refused.contains(says), "{refused}");
    }
}

/// Its entries have long names, and a field that gives them short ones.
#[test]
fn headers_without_end_are_refused_before_they_fill_the_memory() {
    let mut zip = Vec::new();
    let packed = {
        let zip = Parcel::new().deflated().frames(&[0]).bytes();
        let length = u32::from_le_bytes(zip[18..22].try_into().unwrap());
        zip[14..46 + usize::try_from(length).unwrap()].to_vec()
    };
    for number in 1..=40 {
        let (long, short) = (vec![b'x'; 60_000], format!("frame_{number:06}.rgb"));
        let mut crc = flate2::Crc::new();
        crc.update(&long);
        let field = [&[1], &crc.sum().to_le_bytes()[..], short.as_bytes()].concat();
        zip.extend(b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0");
        zip.extend(&packed[..12]);
        zip.extend(60_000u16.to_le_bytes());
        zip.extend(u16::try_from(field.len() + 4).unwrap().to_le_bytes());
        zip.extend(long);
        zip.extend([0x75, 0x70]);
        zip.extend(u16::try_from(field.len()).unwrap().to_le_bytes());
        zip.extend(field);
        zip.extend(&packed[32..]);
    }
    assert_eq!(arriving(&zip).err().unwrap(), "it has too many entries");
}
