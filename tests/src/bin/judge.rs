//! The host's side of the virtual device.
//!
//!   judge scene OUT.zip            writes an upload of the scene
//!   judge log CLIP LOG...          judges logs of the pretend board, one after the other, and prints a verdict each

use std::fs;
use std::process::ExitCode;

use loop_proto::clip::Clip;
use loop_proto::geometry::Rotation;
use loop_proto::pixel::Frame;
use loop_tests::judge::Judge;
use loop_tests::{board, scene};
use serde_json::Value;

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["scene", out] => fs::write(out, scene::upload("scene")).map_err(|error| error.to_string()),
        ["log", clip, logs @ ..] if !logs.is_empty() => judge(clip, logs),
        _ => Err("usage: judge scene OUT.zip | judge log CLIP LOG...".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}

fn judge(clip: &str, logs: &[&str]) -> Result<(), String> {
    let mut judge = Judge::new(frames(clip)?, Rotation::Deg270);
    let verdicts = logs.iter().map(|log| {
        let bytes = fs::read(log).map_err(|error| format!("{log}: {error}"))?;
        let entries = board::read(&bytes).map_err(|text| format!("{log}: {text}"))?;
        Ok(judge.judge(&entries).to_json())
    });
    let verdicts = verdicts.collect::<Result<Vec<_>, String>>()?;
    println!("{}", Value::from(verdicts));
    Ok(())
}

/// The frames of the clip, which must be those of the scene that was sent.
fn frames(path: &str) -> Result<Vec<Frame>, String> {
    let bytes = fs::read(path).map_err(|error| format!("{path}: {error}"))?;
    let clip = Clip::open(bytes).map_err(|error| format!("{path}: {error}"))?;
    clip.verify().map_err(|error| format!("{path}: {error}"))?;
    let frames = (0..clip.frame_count()).map(|number| clip.render(number));
    let frames = frames.collect::<Result<Vec<_>, _>>();
    let frames = frames.map_err(|error| format!("{path}: {error}"))?;
    let sent: Vec<_> = (0..scene::FRAMES)
        .map(|frame| scene::picture(frame).transposed())
        .collect();
    if frames == sent {
        Ok(frames)
    } else {
        Err(format!("{path}: its frames are not those that were sent"))
    }
}
