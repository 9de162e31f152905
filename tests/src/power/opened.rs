//! Lays a state of the disk out in a folder and lets the real programs start on it.

mod web;

use std::collections::{BTreeMap, HashMap};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use loop_proto::Revision;
use loop_proto::client::HwClient;
use loop_proto::clip::Clip;
use loop_proto::snapshot::Update;
use loop_web::store::{Disk, Store};
use tempfile::TempDir;

pub use self::web::Resumable;
use super::content::{BLOCK, Content, hash_of};
use super::recorder::{ANY_TIME, META, items_below, paths_in};
use super::script::Display;
use super::states::Tree;
use crate::rig::program;

/// What loop-web finds.
#[derive(Clone, Debug, Default)]
pub struct Library {
    /// The files of each item, by the hash of their content. Of an item that was only now made of an upload, the
    /// description is told without its time.
    pub items: BTreeMap<String, BTreeMap<String, u64>>,
    /// The loop.
    pub order: Vec<String>,
    /// Uploads under way.
    pub uploads: BTreeMap<String, Resumable>,
    /// What must never be, whatever was acknowledged.
    pub faults: Vec<String>,
}

/// Where states are laid out; in memory where there is such a place.
#[derive(Debug)]
pub struct Bench {
    folder: TempDir,
    runtime: tokio::runtime::Runtime,
    clips: HashMap<u64, Option<String>>,
}

impl Default for Bench {
    fn default() -> Self {
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() {
            TempDir::new_in(memory)
        } else {
            TempDir::new()
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        Self {
            folder: folder.unwrap(),
            runtime: runtime.unwrap(),
            clips: HashMap::new(),
        }
    }
}

impl Bench {
    /// Starts on the library twice: the second time nothing may be left to put right. Where uploads lie the whole loop-web
    /// is started and has its time to end what is whole.
    pub fn open_library(&mut self, tree: &Tree) -> Library {
        let data = self.lay_out(tree);
        let failed = |fault| Library {
            faults: vec![fault],
            ..Library::default()
        };
        let before = items_below(&data);
        let mut uploads = BTreeMap::new();
        if tree.has_upload() {
            match self.runtime.block_on(web::run(&data)) {
                Ok(found) => uploads = found,
                Err(fault) => return failed(fault),
            }
        }
        let first = match self.runtime.block_on(open(&data)) {
            Ok(found) => found,
            Err(fault) => return failed(fault),
        };
        let after = contents(&data);
        let mut library = self.look(&data, first);
        library.tell_without_time(&before);
        library.uploads = uploads;
        let lying = paths_in(&data.join("incoming")).into_iter();
        let stray = lying.filter(|(name, _)| !library.uploads.contains_key(name));
        let stray: Vec<_> = stray
            .map(|(name, _)| format!("incoming/{name} belongs to no upload"))
            .collect();
        library.faults.extend(stray);
        match self.runtime.block_on(open(&data)) {
            Ok((slugs, order)) if order == library.order && slugs.len() == library.items.len() => {}
            Ok(_) => library
                .faults
                .push("the second start finds another library".to_owned()),
            Err(fault) => library.faults.push(format!("the second start: {fault}")),
        }
        if contents(&data) != after {
            library
                .faults
                .push("the second start changes something".to_owned());
        }
        library
    }

    fn look(&mut self, data: &Path, (slugs, order): (Vec<String>, Vec<String>)) -> Library {
        let mut library = Library {
            items: items_below(data),
            order,
            ..Library::default()
        };
        for (slug, files) in &mut library.items {
            if !slugs.contains(slug) {
                library
                    .faults
                    .push(format!("{slug} is damaged and left out"));
                continue;
            }
            // A description that was about to take the place of another one: the next one will.
            files.remove("meta.new");
            let clip = clip_path(data, slug);
            let known = self
                .clips
                .entry(files["clip"])
                .or_insert_with(|| damage(&clip));
            library
                .faults
                .extend(known.iter().map(|fault| format!("{slug}: {fault}")));
        }
        let missing = slugs
            .iter()
            .filter(|slug| !library.items.contains_key(*slug));
        library
            .faults
            .extend(missing.map(|slug| format!("{slug} has no folder")));
        let set_aside = paths_in(data)
            .into_iter()
            .filter(|(name, _)| name.contains(".bad"));
        library
            .faults
            .extend(set_aside.map(|(name, _)| format!("{name} was set aside")));
        library
    }

    /// Starts loop-hw and asks what it remembers.
    pub fn start_display(&self, tree: &Tree) -> Result<Display, String> {
        let data = self.lay_out(tree);
        let before = contents(&data.join("hw"));
        let found = self.runtime.block_on(start_hardware(&data))?;
        let after = contents(&data.join("hw"));
        // Before the first change there is nothing; a start makes the folder.
        if before.is_some() && before != after {
            return Err("a start of loop-hw changes what it remembers".to_owned());
        }
        Ok(found)
    }

    fn lay_out(&self, tree: &Tree) -> PathBuf {
        for (_, path) in paths_in(self.folder.path()) {
            if path.is_dir() {
                std::fs::remove_dir_all(path)
            } else {
                std::fs::remove_file(path)
            }
            .unwrap();
        }
        for (path, content) in &tree.entries {
            let path = self.folder.path().join(path);
            match content {
                Some(content) => write_with_holes(&path, content),
                None => std::fs::create_dir(path).unwrap(),
            }
        }
        self.folder.path().join("data")
    }
}

impl Library {
    /// Of the items that are not as they were.
    fn tell_without_time(&mut self, before: &BTreeMap<String, BTreeMap<String, u64>>) {
        for (slug, files) in &mut self.items {
            let was = before.get(slug).is_some_and(|before| {
                let mut files = files.iter();
                files.all(|(name, hash)| before.get(name) == Some(hash))
            });
            files.remove(if was { ANY_TIME } else { META });
        }
    }
}

/// What is a hole in memory is one on the disk.
fn write_with_holes(path: &Path, content: &Content) {
    if content.holes.is_empty() {
        return std::fs::write(path, &*content.bytes).unwrap();
    }
    let file = std::fs::File::create(path).unwrap();
    file.set_len(content.bytes.len() as u64).unwrap();
    for (number, block) in content.bytes.chunks(BLOCK).enumerate() {
        if !content.holes.contains(&number) {
            file.write_all_at(block, (number * BLOCK) as u64).unwrap();
        }
    }
}

/// The names of the items, and the loop.
async fn open(data: &Path) -> Result<(Vec<String>, Vec<String>), String> {
    let store = Store::open(data, Disk::new(data, 0)).await;
    let store = store.map_err(|error| format!("the library does not open: {error:?}"))?;
    let library = store.library();
    let slugs = library
        .items()
        .iter()
        .map(|item| item.slug.to_string())
        .collect();
    Ok((
        slugs,
        library.order().iter().map(ToString::to_string).collect(),
    ))
}

fn clip_path(data: &Path, slug: &str) -> PathBuf {
    data.join("media").join(slug).join("clip")
}

fn damage(clip: &Path) -> Option<String> {
    let opened = std::fs::File::open(clip)
        .map_err(loop_proto::clip::Error::Io)
        .and_then(Clip::open);
    opened
        .and_then(|clip| clip.verify())
        .err()
        .map(|error| error.to_string())
}

async fn start_hardware(data: &Path) -> Result<Display, String> {
    let socket = data.with_file_name("hw.sock");
    let mut child = tokio::process::Command::new(program("loop-hw"))
        .env("LOOP_PANEL_KIND", "simulated")
        .env("LOOP_PLAYBACK_AUTO_ADVANCE", "false")
        .env("LOOP_PATHS_DATA", data)
        .env("LOOP_PATHS_SOCKET", &socket)
        .env("LOOP_WEB_LISTEN", "127.0.0.1:1")
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut last = Err("loop-hw does not start".to_owned());
    for _ in 0..600 {
        if let Ok(client) = HwClient::connect(&socket).await
            && let Update::Whole(state) = client.changes_since(Revision::NONE).await.unwrap().update
        {
            let display = Display::from(*state);
            let mut clips = display.playlist.iter().map(|slug| clip_path(data, slug));
            let plays = display.current.is_some() || !clips.any(|clip| clip.exists());
            last = Ok(display);
            if plays {
                break;
            }
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    child.kill().await.unwrap();
    last
}

/// What is below a folder; `None` if it is not there.
fn contents(folder: &Path) -> Option<Vec<(PathBuf, u64)>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.is_dir().then(|| folder.to_owned())?];
    while let Some(folder) = folders.pop() {
        for (_, path) in paths_in(&folder) {
            if path.is_dir() {
                found.push((path.clone(), 0));
                folders.push(path);
            } else {
                let hash = hash_of(&std::fs::read(&path).unwrap());
                found.push((path, hash));
            }
        }
    }
    found.sort();
    Some(found)
}
