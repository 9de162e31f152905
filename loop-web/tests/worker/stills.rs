//! Pictures that do not move.

use loop_web::look::{Fit, Look};
use loop_web::store::Kind;
use png::{BitDepth, ColorType};

use crate::originals::{GifFrame, gif, plain_png, png, webp, with_orientation};
use crate::workshop::{Workshop, ffmpeg, is_near};

#[tokio::test]
async fn one_pixel_is_a_picture() {
    let workshop = Workshop::new();
    let pixel = GifFrame {
        area: (0, 0, 1, 1),
        pixels: vec![0],
        delay: 0,
        dispose: gif::DisposalMethod::Keep,
    };
    let files = [
        (plain_png(1, 1, [255, 0, 0]), "image/png"),
        (gif(1, 1, &[pixel], false), "image/gif"),
        (webp(1, 1, &[255, 0, 0, 255]), "image/webp"),
    ];
    for (file, mime) in files {
        let made = workshop.convert(&file, mime).await.unwrap();
        assert_eq!((made.summary.frame_count, made.kind), (1, Kind::Image));
        assert_eq!(workshop.shown(0, [(0, 0), (319, 239)]), [[255, 0, 0]; 2]);
        assert_eq!(
            made.summary.bytes,
            workshop.clip_path().metadata().unwrap().len()
        );
        let thumbnail = std::fs::read(workshop.folder.path().join("thumb.png")).unwrap();
        assert!(thumbnail.starts_with(b"\x89PNG"));
    }
}

#[tokio::test]
async fn every_kind_of_png_is_read() {
    let workshop = Workshop::new();
    let white = [[255; 3]; 2];
    // Four pixels: a shade, then what is see-through where that can be.
    let kinds: [(ColorType, BitDepth, &[u8], bool); 9] = [
        (ColorType::Grayscale, BitDepth::One, &[0b1111_0000], false),
        (ColorType::Grayscale, BitDepth::Eight, &[255; 4], false),
        (ColorType::Grayscale, BitDepth::Sixteen, &[255; 8], false),
        (
            ColorType::GrayscaleAlpha,
            BitDepth::Eight,
            &[255, 255, 255, 255, 255, 0, 255, 0],
            true,
        ),
        (ColorType::Rgb, BitDepth::Eight, &[255; 12], false),
        (ColorType::Rgb, BitDepth::Sixteen, &[255; 24], false),
        (
            ColorType::Rgba,
            BitDepth::Sixteen,
            &[
                255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
                255, 255, 255, 255, 255, 255, 0, 0, 255, 255, 255, 255, 255, 255, 0, 0,
            ],
            true,
        ),
        (ColorType::Indexed, BitDepth::Two, &[0b1111_1111], true),
        (ColorType::Indexed, BitDepth::Eight, &[3, 3, 3, 3], true),
    ];
    for (colour, depth, row, see_through) in kinds {
        let file = png(4, 3, colour, depth, row);
        workshop.convert(&file, "image/png").await.unwrap();
        let wanted = match (colour, see_through) {
            // The palette's white is see-through.
            (ColorType::Indexed, _) => [[0; 3]; 2],
            (_, true) => [[255; 3], [0; 3]],
            _ => white,
        };
        assert_eq!(
            workshop.shown(0, [(20, 120), (300, 120)]),
            wanted,
            "{colour:?} {depth:?}"
        );
    }
}

/// Red, green, blue and white in the corners, in rows from the top.
const CORNERS: [[u8; 3]; 4] = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]];

#[tokio::test]
async fn a_photo_is_turned_upright_however_the_camera_was_held() {
    let workshop = Workshop::new();
    let path = workshop.folder.path().join("corners.jpg");
    ffmpeg(
        "-f lavfi -i color=red:s=32x24 -f lavfi -i color=lime:s=32x24 -f lavfi -i color=blue:s=32x24 \
         -f lavfi -i color=white:s=32x24 -filter_complex [0][1]hstack[a];[2][3]hstack[b];[a][b]vstack,format=yuvj444p \
         -frames:v 1 -q:v 2",
        &path,
    );
    let jpeg = std::fs::read(&path).unwrap();
    let look = Look {
        fit: Fit::Fit,
        ..Look::default()
    };
    // Which of the stored corners is seen at the top left, top right, bottom left and bottom right.
    let seen = [
        [0, 1, 2, 3],
        [1, 0, 3, 2],
        [3, 2, 1, 0],
        [2, 3, 0, 1],
        [0, 2, 1, 3],
        [2, 0, 3, 1],
        [3, 1, 2, 0],
        [1, 3, 0, 2],
    ];
    for (number, seen) in (1..).zip(seen) {
        let source = workshop.original(&with_orientation(&jpeg, number));
        workshop
            .convert_file(&source, "image/jpeg", look)
            .await
            .unwrap();
        let (left, right) = if number < 5 { (40, 280) } else { (100, 220) };
        let places = [(left, 40), (right, 40), (left, 200), (right, 200)];
        for (shown, corner) in workshop.shown(0, places).into_iter().zip(seen) {
            assert!(is_near(shown, CORNERS[corner]), "{number}: {shown:?}");
        }
        let beside = workshop.shown(0, [(5, 120)]);
        assert_eq!(
            beside == [[0; 3]],
            number >= 5,
            "lying pictures are narrow when upright"
        );
    }
}

#[tokio::test]
async fn fit_shows_all_of_it_on_black() {
    let workshop = Workshop::new();
    let source = workshop.original(&plain_png(200, 100, [255, 255, 0]));
    for (fit, above) in [(Fit::Fill, [255, 255, 0]), (Fit::Fit, [0; 3])] {
        let look = Look {
            fit,
            ..Look::default()
        };
        workshop
            .convert_file(&source, "image/png", look)
            .await
            .unwrap();
        assert_eq!(
            workshop.shown(0, [(160, 10), (160, 120)]),
            [above, [255, 255, 0]]
        );
    }
}

#[tokio::test]
async fn lossy_webp_and_grey_jpeg_are_read() {
    let workshop = Workshop::new();
    let folder = workshop.folder.path();
    let lossy = folder.join("lossy.webp");
    ffmpeg(
        "-f lavfi -i color=red:s=64x48 -frames:v 1 -c:v libwebp -quality 80",
        &lossy,
    );
    let jpeg = folder.join("grey.jpg");
    ffmpeg(
        "-f lavfi -i color=gray:s=64x48 -frames:v 1 -pix_fmt gray -q:v 2",
        &jpeg,
    );
    for (path, mime, wanted) in [
        (lossy, "image/webp", [255, 0, 0]),
        (jpeg, "image/jpeg", [128; 3]),
    ] {
        workshop
            .convert_file(&path, mime, Look::default())
            .await
            .unwrap();
        let [shown] = workshop.shown(0, [(160, 120)]);
        assert!(is_near(shown, wanted), "{mime}: {shown:?}");
    }
}
