//! loop-web, started on what a power cut has left.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::process::Child;

use crate::rig::program;

/// An upload that goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resumable {
    /// The name of the file.
    pub filename: String,
    /// Where it goes on, as clients are told.
    pub offset: usize,
    /// What has arrived.
    pub bytes: Vec<u8>,
}

/// Why nobody knows what it found.
enum Stop {
    Ended(ExitStatus, String),
    Endless(Value),
}

impl std::fmt::Display for Stop {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ended(status, said) => write!(formatter, "loop-web ends, {status}: {said}"),
            Self::Endless(last) => write!(formatter, "loop-web does not come to an end: {last}"),
        }
    }
}

/// How often it is asked until it has ended all there is to end.
const TRIES: u32 = 4000;

/// Starts loop-web, lets it make items of uploads that are whole, and ends it as a power cut would; gives the uploads of
/// which more must come.
pub(super) async fn run(data: &Path) -> Result<BTreeMap<String, Resumable>, String> {
    let log = data.with_file_name("web.log");
    let mut child = start(data, &log);
    let uploads = uploads_at_rest(&log, &mut child).await;
    child.kill().await.unwrap();
    let uploads = uploads.map_err(|stop| stop.to_string())?;
    let read = |upload: &Value| {
        let id = upload["id"].as_str()?;
        let folder = data.join("incoming").join(id);
        let parts = ["original", "frames"].map(|name| std::fs::read(folder.join(name)));
        let found = Resumable {
            filename: upload["filename"].as_str()?.to_owned(),
            offset: usize::try_from(upload["offset"].as_u64()?).ok()?,
            bytes: parts.into_iter().flatten().flatten().collect(),
        };
        Some((id.to_owned(), found))
    };
    Ok(uploads.iter().map(|upload| read(upload).unwrap()).collect())
}

fn start(data: &Path, log: &Path) -> Child {
    tokio::process::Command::new(program("loop-web"))
        .env("LOOP_PATHS_DATA", data)
        .env("LOOP_PATHS_SOCKET", data.with_file_name("hw.sock"))
        // A port that nobody else has had since it was chosen: it says which.
        .env("LOOP_WEB_LISTEN", "127.0.0.1:0")
        .env("LOOP_MEDIA_MIN_FREE_PERCENT", "0")
        .stdout(Stdio::null())
        .stderr(File::create(log).unwrap())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

async fn uploads_at_rest(log: &Path, child: &mut Child) -> Result<Vec<Value>, Stop> {
    let http = reqwest::Client::new();
    let (mut url, mut last) = (None, Value::Null);
    for _ in 0..TRIES {
        if let Some(status) = child.try_wait().unwrap() {
            let said = std::fs::read_to_string(log).unwrap();
            return Err(Stop::Ended(status, said));
        }
        if url.is_none() {
            url = listens_at(&std::fs::read_to_string(log).unwrap());
        }
        let asked = url
            .as_ref()
            .map(|url| http.get(format!("{url}/api/uploads")));
        if let Some(asked) = asked
            && let Ok(answer) = asked.send().await
        {
            last = answer.json().await.unwrap();
            let uploads = last["data"]["uploads"].as_array().unwrap();
            if uploads.iter().all(|upload| upload["state"] == "receiving") {
                return Ok(uploads.clone());
            }
        }
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    Err(Stop::Endless(last))
}

/// What it says once it listens.
fn listens_at(log: &str) -> Option<String> {
    let (_, told) = log.split_once("listening on ")?;
    let (url, _) = told.split_once('\n')?;
    Some(url.to_owned())
}
