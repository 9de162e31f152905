use loop_proto::pixel::rgb888;
use loop_proto::progress::{Label, Progress};

use super::*;

fn screens() -> [(&'static str, Screen); 4] {
    let boot = Screen::Boot {
        name: "LOOP".to_owned(),
        version: "0.1.0".to_owned(),
    };
    let error = Screen::Error {
        title: "Nothing can be played".to_owned(),
        detail:
            "The files of all 3 items are damaged. Open http://192.168.178.24 and add them again."
                .to_owned(),
    };
    let address = Some("http://192.168.178.124:8080".to_owned());
    [
        ("boot", boot),
        ("no_media", Screen::NoMedia { address }),
        ("no_network", Screen::NoMedia { address: None }),
        ("error", error),
    ]
}

fn picture(screen: &Screen) -> Frame {
    let mut frame = Frame::black();
    draw(screen, &mut frame);
    frame
}

fn under_a_bar() -> Frame {
    let [_, (_, screen), ..] = screens();
    let mut frame = picture(&screen);
    let progress = Progress {
        percent: 64.try_into().unwrap(),
        label: Label::nearest("IMG_20260714_183205_Sophie_and_the_dog.mp4"),
    };
    bar(&progress).exchange(&mut frame);
    frame
}

fn save(path: &std::path::Path, frame: &Frame) {
    let file = std::fs::File::create(path).unwrap();
    let mut encoder = png::Encoder::new(file, PICTURE.width.into(), PICTURE.height.into());
    encoder.set_color(png::ColorType::Rgb);
    encoder
        .write_header()
        .unwrap()
        .write_image_data(&colours(frame))
        .unwrap();
}

fn load(path: &std::path::Path) -> Vec<u8> {
    let file = std::io::BufReader::new(std::fs::File::open(path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut colours = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut colours).unwrap();
    colours
}

fn colours(frame: &Frame) -> Vec<u8> {
    frame
        .transposed()
        .as_bytes()
        .as_chunks::<2>()
        .0
        .iter()
        .flat_map(|pixel| rgb888(*pixel))
        .collect()
}

/// With `LOOP_GOLDEN` set the pictures are written anew, to be looked at and committed.
#[test]
fn screens_look_as_they_were_accepted() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut accepted = screens()
        .map(|(name, screen)| (name, picture(&screen)))
        .to_vec();
    accepted.push(("progress", under_a_bar()));
    for (name, drawn) in accepted {
        let path = folder.join(format!("{name}.png"));
        if std::env::var_os("LOOP_GOLDEN").is_some() {
            save(&path, &drawn);
        }
        assert!(
            colours(&drawn) == load(&path),
            "{name} differs from {}",
            path.display()
        );
    }
}

#[test]
fn a_text_of_any_length_stays_on_the_glass() {
    let long = "word ".repeat(500) + &"x".repeat(500);
    for text in [long.as_str(), "", "\u{1F600}"] {
        let text = text.to_owned();
        picture(&Screen::Error {
            title: text.clone(),
            detail: text.clone(),
        });
        picture(&Screen::Boot {
            name: text.clone(),
            version: text.clone(),
        });
        picture(&Screen::NoMedia {
            address: Some(text),
        });
    }
}

#[test]
fn lines_break_between_words_and_long_words_break_anywhere() {
    let lines: Vec<String> = wrapped("aa bb cccccccc d", 5).collect();
    assert_eq!(lines, ["aa bb", "ccccc", "ccc d"]);
}
