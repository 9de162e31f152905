//! Films, by ffmpeg.

use std::ffi::OsString;
use std::path::Path;

use loop_web::convert::{Converter, Convertible, Error, convertible};
use loop_web::look::{Fit, Look};
use loop_web::store::Kind;

use crate::workshop::{PATIENCE, Workshop, ffmpeg, is_near, program};

fn film(workshop: &Workshop, arguments: &str, name: &str) -> std::path::PathBuf {
    let path = workshop.folder.path().join(name);
    ffmpeg(arguments, &path);
    path
}

async fn convert(workshop: &Workshop, path: &Path, fit: Fit) {
    let look = Look {
        fit,
        ..Look::default()
    };
    let made = workshop
        .convert_file(path, "video/mp4", look)
        .await
        .unwrap();
    assert_eq!(made.kind, Kind::Video);
}

#[tokio::test]
async fn a_film_is_placed_and_timed_as_it_is() {
    let workshop = Workshop::new();
    let source = "-f lavfi -i color=red:s=640x240:r=25:d=1,drawbox=c=lime:x=0:w=100:t=fill";
    let path = film(
        &workshop,
        &format!("{source} -pix_fmt yuv420p -c:v libx264"),
        "a film.mp4",
    );
    convert(&workshop, &path, Fit::Fit).await;
    assert_eq!(workshop.durations(), [40; 25]);
    let [above, left, right] = workshop.shown(12, [(160, 20), (20, 120), (300, 120)]);
    assert_eq!(above, [0; 3]);
    assert!(
        is_near(left, [0, 255, 0]) && is_near(right, [255, 0, 0]),
        "{left:?} {right:?}"
    );
    convert(&workshop, &path, Fit::Fill).await;
    let [above, left] = workshop.shown(12, [(160, 20), (2, 120)]);
    assert!(is_near(above, [255, 0, 0]) && is_near(left, [255, 0, 0]));
}

#[tokio::test]
async fn sixty_frames_a_second_become_thirty_of_the_same_length() {
    let workshop = Workshop::new();
    let path = film(
        &workshop,
        "-f lavfi -i testsrc2=s=320x240:r=60:d=2 -c:v libx264",
        "a.mkv",
    );
    convert(&workshop, &path, Fit::Fill).await;
    let durations = workshop.durations();
    assert_eq!(durations.len(), 60);
    assert!(
        (1980..2040).contains(&durations.iter().sum::<u128>()),
        "{durations:?}"
    );
}

#[tokio::test]
async fn a_variable_rate_stays_as_it_is() {
    let workshop = Workshop::new();
    let filter =
        "-f lavfi -i testsrc2=s=320x240:r=25:d=2 -vf select='not(mod(n,10))+eq(n,1)' -vsync vfr";
    let path = film(&workshop, &format!("{filter} -c:v libx264"), "variable.mkv");
    convert(&workshop, &path, Fit::Fill).await;
    assert_eq!(workshop.durations()[..5], [40, 360, 400, 400, 400]);
}

#[tokio::test]
async fn pixels_that_are_not_square_are_shown_in_their_shape() {
    let workshop = Workshop::new();
    let path = film(
        &workshop,
        "-f lavfi -i color=red:s=320x240:r=10:d=1,setsar=2 -pix_fmt yuv420p -c:v libx264",
        "anamorphic.mp4",
    );
    convert(&workshop, &path, Fit::Fit).await;
    let [above, middle] = workshop.shown(0, [(160, 30), (160, 120)]);
    assert!(above == [0; 3] && is_near(middle, [255, 0, 0]));
}

#[tokio::test]
async fn a_bitmap_is_a_still() {
    let workshop = Workshop::new();
    let path = film(
        &workshop,
        "-f lavfi -i color=blue:s=64x48 -frames:v 1",
        "picture.bmp",
    );
    let made = workshop
        .convert_file(&path, "image/bmp", Look::default())
        .await
        .unwrap();
    assert_eq!((made.summary.frame_count, made.kind), (1, Kind::Image));
    assert!(is_near(workshop.shown(0, [(160, 120)])[0], [0, 0, 255]));
}

#[tokio::test]
async fn a_film_that_was_cut_off_is_refused_with_ffmpegs_reason() {
    let workshop = Workshop::new();
    let source = "-f lavfi -i testsrc2=s=320x240:r=25:d=8 -c:v libx264";
    let whole = std::fs::read(film(&workshop, source, "whole.mp4")).unwrap();
    let error = workshop
        .convert(&whole[..whole.len() / 2], "video/mp4")
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "a video cannot be decoded: ffmpeg says: moov atom not found"
    );
    let arguments = format!("{source} -movflags +faststart");
    let whole = std::fs::read(film(&workshop, &arguments, "index_first.mp4")).unwrap();
    let error = workshop
        .convert(&whole[..whole.len() / 2], "video/mp4")
        .await
        .unwrap_err();
    assert!(matches!(error, Error::NotDecodable { .. }), "{error}");
}

#[tokio::test]
async fn a_list_of_other_files_is_no_film() {
    let workshop = Workshop::new();
    let path = film(
        &workshop,
        "-f lavfi -i testsrc2=s=64x48:r=25:d=1 -c:v libx264",
        "secret.ts",
    );
    let list = format!(
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n",
        path.display()
    );
    for list in [
        list,
        format!("ffconcat version 1.0\nfile {}\n", path.display()),
    ] {
        let error = workshop
            .convert(list.as_bytes(), "video/mp2t")
            .await
            .unwrap_err();
        assert!(matches!(error, Error::NotDecodable { .. }), "{error}");
    }
}

#[tokio::test]
async fn without_ffmpeg_a_film_is_refused_with_what_to_do() {
    let converter = Converter::with_program(program(), OsString::new(), PATIENCE);
    let abilities = converter.abilities();
    assert!(!abilities.cover("video/mp4") && abilities.cover("image/gif"));
    assert_eq!(convertible("video/mp4"), Convertible::WithFfmpeg);
    let workshop = Workshop::with(converter);
    let error = workshop.convert(b"film", "video/mp4").await.unwrap_err();
    assert!(matches!(error, Error::NeedsFfmpeg { .. }));
    let text = error.to_string();
    assert!(
        text.contains("sudo apt install ffmpeg") && text.contains("through the page"),
        "{text}"
    );
}
