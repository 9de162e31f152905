//! What each command does.

mod wifi;

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use loop_proto::Revision;
use loop_proto::client::HwClient;
use loop_proto::config::Config;
use loop_proto::message::Message;
use loop_proto::picture::png_of;
use loop_proto::pixel::Frame;
use loop_proto::service::{Step, Switch};
use loop_proto::snapshot::{HwSnapshot, Playback, Repeat, Update};
use loop_proto::units::Brightness;
use serde::Serialize;

use crate::arguments::{Arguments, Command, Reach, RepeatWhat};
use crate::outcome::Error;
use crate::{documents, view};

pub(crate) async fn run(arguments: Arguments) -> Result<(), Error> {
    let Arguments { reach, command } = arguments;
    match command {
        Command::Completions { shell } => documents::completions(shell),
        Command::Man { dir } => documents::manual(dir),
        Command::Watch { json } => {
            let hardware = in_time(&reach, connect(&reach)).await?;
            watch(&hardware, json).await
        }
        Command::Wifi { what } => wifi::run(&reach, what.unwrap_or_default()).await,
        command => {
            let asked = async {
                let hardware = connect(&reach).await?;
                ask(&hardware, command).await
            };
            in_time(&reach, asked).await
        }
    }
}

async fn in_time<T>(
    reach: &Reach,
    asked: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    tokio::time::timeout(reach.timeout, asked)
        .await
        .unwrap_or(Err(Error::Timeout))
}

async fn connect(reach: &Reach) -> Result<HwClient, Error> {
    let socket = match &reach.socket {
        Some(socket) => socket.clone(),
        None => Config::load_here(&reach.config)?.paths.socket,
    };
    HwClient::connect(&socket)
        .await
        .map_err(|error| Error::connecting(error, socket))
}

async fn ask(hardware: &HwClient, command: Command) -> Result<(), Error> {
    let player = match command {
        Command::Play => hardware.set_playback(Switch::To(Playback::Playing)).await?,
        Command::Pause => hardware.set_playback(Switch::To(Playback::Paused)).await?,
        Command::Toggle => hardware.set_playback(Switch::Over).await?,
        Command::Next => hardware.step(Step::Next).await?,
        Command::Previous => hardware.step(Step::Previous).await?,
        Command::Select { slug } => hardware.select(slug).await?,
        Command::Repeat { what } => {
            let repeat = match what {
                RepeatWhat::All => Repeat::All,
                RepeatWhat::One => Repeat::One,
            };
            hardware.set_repeat(Switch::To(repeat)).await?
        }
        other => return tell(hardware, other).await,
    };
    print(&view::player(&player))
}

async fn tell(hardware: &HwClient, command: Command) -> Result<(), Error> {
    match command {
        Command::Status { json: true } => print_json(&view::State::of(&snapshot(hardware).await?)),
        Command::Status { json: false } => print(&view::status(&snapshot(hardware).await?)),
        Command::Brightness { percent } => brightness(hardware, percent).await,
        Command::Message {
            text, time, colour, ..
        } => {
            let message = text.map(|text| Message { text, time, colour });
            Ok(hardware.show_message(message).await?)
        }
        Command::Snapshot { file } => save_picture(hardware, &file).await,
        Command::Health { json: true } => print_json(&hardware.health().await?),
        Command::Health { json: false } => print(&view::health(&hardware.health().await?)),
        // The others have been done.
        _ => Ok(()),
    }
}

async fn snapshot(hardware: &HwClient) -> Result<HwSnapshot, Error> {
    Ok(changes(hardware, Revision::NONE, None).await?.1)
}

/// The next state after this one, which may be the same when nothing changes for long.
async fn changes(
    hardware: &HwClient,
    revision: Revision,
    known: Option<HwSnapshot>,
) -> Result<(Revision, HwSnapshot), Error> {
    let news = hardware.changes_since(revision).await?;
    let snapshot = match (news.update, known) {
        (Update::Whole(snapshot), _) => *snapshot,
        (Update::Changes(changes), Some(mut known)) => {
            changes.into_iter().for_each(|change| known.apply(change));
            known
        }
        // The first answer is a whole one, or it is not loop-hw.
        (Update::Changes(_), None) => return Err(loop_proto::client::Error::Lost.into()),
    };
    Ok((news.revision, snapshot))
}

/// Ends with an error only: the caller is stopped by a signal, or loop-hw goes away.
async fn watch(hardware: &HwClient, json: bool) -> Result<(), Error> {
    let (mut revision, mut known) = changes(hardware, Revision::NONE, None).await?;
    if json {
        print_json(&view::State::of(&known))?;
    } else {
        print(&view::status(&known))?;
    }
    loop {
        let (next, snapshot) = changes(hardware, revision, Some(known.clone())).await?;
        if !json {
            print(&view::news(&known, &snapshot))?;
        } else if known != snapshot {
            print_json(&view::State::of(&snapshot))?;
        }
        (revision, known) = (next, snapshot);
    }
}

async fn brightness(hardware: &HwClient, percent: Option<u8>) -> Result<(), Error> {
    let shown = match percent {
        Some(percent) => {
            let wanted = Brightness::clamped(percent.into());
            hardware.set_brightness(wanted).await?;
            wanted
        }
        None => snapshot(hardware).await?.display.brightness,
    };
    print(&format!("{}\n", shown.percent()))
}

async fn save_picture(hardware: &HwClient, file: &Path) -> Result<(), Error> {
    let to_output = file == Path::new("-");
    if to_output && std::io::stdout().is_terminal() {
        return Err(Error::Terminal);
    }
    let pixels = hardware.glass_after(None).await?.pixels;
    let frame = pixels.and_then(Frame::from_bytes).ok_or(Error::Picture)?;
    let png = png_of(&frame)?;
    if to_output {
        return write_out(&png);
    }
    std::fs::write(file, png).map_err(|source| Error::File {
        path: PathBuf::from(file),
        source,
    })
}

fn print_json(value: &impl Serialize) -> Result<(), Error> {
    let mut text = serde_json::to_string(value).map_err(|error| Error::Output(error.into()))?;
    text.push('\n');
    print(&text)
}

fn print(text: &str) -> Result<(), Error> {
    write_out(text.as_bytes())
}

pub(crate) fn write_out(bytes: &[u8]) -> Result<(), Error> {
    let mut output = std::io::stdout().lock();
    output
        .write_all(bytes)
        .and_then(|()| output.flush())
        .map_err(Error::Output)
}
