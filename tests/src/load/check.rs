//! What the device holds, and whether it may.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::Load;
use super::content::{Print, is_ours, pixels_of, sha256};
use super::device::Stop;
use super::journal::Line;
use super::model::{Item, Possible, State};
use super::tus::Found;
use super::uploads;
use crate::rig::Answer;

/// How often the device is asked until its parts agree with each other.
const TRIES: u32 = 500;

/// How often the device may go away during a check.
const STARTS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(20);

/// What a check that found nothing wrong found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Items there are.
    pub items: usize,
    /// Of them, in the loop.
    pub looping: usize,
    /// Resumable uploads that are not over, by their paths.
    pub uploads: Vec<String>,
    /// States that would have been right.
    pub possible: usize,
}

/// What the device says of its library, before anything is downloaded.
struct Said {
    media: Vec<Value>,
    order: Vec<String>,
    dashboard: Value,
}

/// Why a check does not end well.
#[derive(Debug)]
enum Wrong {
    /// The device has gone meanwhile.
    Gone(String),
    /// It does not hold what it must.
    Faults(Vec<String>),
}

impl From<Stop> for Wrong {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Gone(why) => Self::Gone(why),
            Stop::Fault(fault) => Self::Faults(vec![fault]),
        }
    }
}

impl From<String> for Wrong {
    fn from(fault: String) -> Self {
        Self::Faults(vec![fault])
    }
}

impl Load {
    /// Compares the device with the journal; what is found and right is where the next load begins. A device that goes
    /// away meanwhile is waited for.
    ///
    /// # Errors
    /// With all that is wrong.
    pub async fn check(&self) -> Result<Report, Vec<String>> {
        let mut last = String::new();
        for _ in 0..STARTS {
            self.device.ready().await.map_err(|text| vec![text])?;
            match self.check_once().await {
                Ok(report) => return Ok(report),
                Err(Wrong::Faults(faults)) => return Err(faults),
                Err(Wrong::Gone(why)) => last = why,
            }
        }
        Err(vec![format!(
            "the device goes away again and again: {last}"
        )])
    }

    async fn check_once(&self) -> Result<Report, Wrong> {
        let uploads = self.settle_uploads(&self.journal.lines()?).await?;
        let lines = self.journal.lines()?;
        let (seen, mut faults) = self.look().await?;
        let mut possible = 1;
        if !lines.is_empty() {
            let right = Possible::of(&lines)?;
            possible = right.count();
            faults.extend(right.explain(&seen).err().unwrap_or_default());
        }
        if !faults.is_empty() {
            return Err(Wrong::Faults(faults));
        }
        let report = Report {
            items: seen.items.len(),
            looping: seen.order.len(),
            uploads,
            possible,
        };
        self.journal.write(Line::Seen { state: seen }).await;
        Ok(report)
    }

    /// Judges uploads that were not over, and waits for those that will be by themselves.
    async fn settle_uploads(&self, lines: &[Line]) -> Result<Vec<String>, Wrong> {
        let mut faults = Vec::new();
        let mut lying = Vec::new();
        if !self.features.tus {
            return Ok(lying);
        }
        for open in uploads::open(lines).values() {
            let Some(location) = &open.location else {
                self.journal.write(Line::Ended { n: open.n }).await;
                continue;
            };
            match self.settle(open, location).await {
                Ok(Found::At(offset)) => {
                    self.journal.write(Line::Found { n: open.n, offset }).await;
                    lying.push(location.clone());
                }
                Ok(end) => {
                    // It did not go by itself: its item is there, or was.
                    if end == Found::Complete || !open.dropped {
                        self.journal.write(Line::Owed { n: open.n }).await;
                    }
                    self.journal.write(Line::Ended { n: open.n }).await;
                }
                Err(Stop::Fault(text)) => faults.push(text),
                Err(gone) => return Err(gone.into()),
            }
        }
        self.end_strangers(&lying).await?;
        if faults.is_empty() {
            Ok(lying)
        } else {
            Err(Wrong::Faults(faults))
        }
    }

    async fn settle(&self, open: &uploads::Open, location: &str) -> Result<Found, Stop> {
        let offset = self.device.offset(location).await?;
        open.judge(offset).map_err(Stop::Fault)?;
        match offset {
            None => Ok(Found::Gone),
            Some(offset) if offset < open.length => Ok(Found::At(offset)),
            Some(_) => self.device.end_of(location).await,
        }
    }

    /// Uploads whose creation was not acknowledged: whole ones become items, the others only take up room. Those that are
    /// not ours are left alone.
    async fn end_strangers(&self, lying: &[String]) -> Result<(), Stop> {
        for upload in self.device.uploads().await? {
            let id = upload["id"].as_str().unwrap_or_default();
            let location = format!("/api/uploads/{id}");
            let is_ours = upload["filename"].as_str().is_some_and(is_ours);
            if !is_ours || lying.contains(&location) {
                continue;
            }
            if let Found::At(_) = self.device.end_of(&location).await? {
                self.device.terminate(&location).await?;
            }
        }
        Ok(())
    }

    /// All there is, downloaded; and what of it is wrong whatever was asked for.
    async fn look(&self) -> Result<(State, Vec<String>), Stop> {
        let said = self.agreed().await?;
        let mut faults = Vec::new();
        let mut state = State {
            order: said.order,
            brightness: said.dashboard["display"]["brightness"].as_u64(),
            mode: text(&said.dashboard["status"]["player"]["loop_mode"]),
            ..State::default()
        };
        for item in &said.media {
            let slug = text(&item["slug"]).unwrap_or_default();
            match self.print_of(item, &slug).await {
                Ok(print) => {
                    let item = described(item, print);
                    if state.items.insert(slug.clone(), item).is_some() {
                        faults.push(format!("{slug} is listed twice"));
                    }
                }
                Err(Stop::Gone(why)) => return Err(Stop::Gone(why)),
                Err(Stop::Fault(why)) => faults.push(format!("{slug}: {why}")),
            }
        }
        Ok((state, faults))
    }

    /// What the device says, once its parts say the same; an item whose loop is the hardware's takes a moment to get there.
    async fn agreed(&self) -> Result<Said, Stop> {
        let mut last = Vec::new();
        for _ in 0..TRIES {
            let dashboard = self.device.get("/api/dashboard").await?.json;
            let media = self.device.get("/api/media").await?.json["data"]["media"].take();
            let order = self.device.get("/api/loop").await?.json["data"]["loop"].take();
            let said = Said {
                media: media.as_array().cloned().unwrap_or_default(),
                order: serde_json::from_value(order.clone()).unwrap_or_default(),
                dashboard,
            };
            last = said.disagreements();
            if last.is_empty() {
                return Ok(said);
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(Stop::Fault(last.join("; ")))
    }

    async fn print_of(&self, item: &Value, slug: &str) -> Result<Print, Stop> {
        let original = match item["url"].as_str() {
            Some(url) => Some(sha256(&self.device.get(url).await?.body)),
            None => None,
        };
        let clip = self.device.get(&format!("/api/media/{slug}/clip")).await?;
        let pixels = self.pixels(clip).map_err(Stop::Fault)?;
        Ok(Print { original, pixels })
    }

    /// The same file shows the same pixels: it is unpacked once.
    fn pixels(&self, clip: Answer) -> Result<String, String> {
        let hash = sha256(&clip.body);
        let mut unpacked = self.unpacked.lock().unwrap();
        if let Some(pixels) = unpacked.get(&hash) {
            return Ok(pixels.clone());
        }
        let pixels = pixels_of(clip.body)?;
        unpacked.insert(hash, pixels.clone());
        Ok(pixels)
    }
}

impl Said {
    fn disagreements(&self) -> Vec<String> {
        let Self {
            media,
            order,
            dashboard,
        } = self;
        let mut faults = Vec::new();
        let slugs = |media: &[Value]| {
            let all = media
                .iter()
                .filter_map(|item| Some((text(&item["slug"])?, ())));
            all.collect::<BTreeMap<_, _>>()
        };
        let shown = dashboard["media"].as_array().map_or(&[][..], Vec::as_slice);
        // The dashboard carries no more than this many.
        if media.len() <= 200 && slugs(shown) != slugs(media) {
            faults.push("the dashboard and the list of media differ".to_owned());
        }
        if dashboard["loop"] != json!(order) {
            faults.push("the dashboard and the loop differ".to_owned());
        }
        if let Some(stray) = order.iter().find(|slug| !slugs(media).contains_key(*slug)) {
            faults.push(format!("{stray} is in the loop and not in the library"));
        }
        let playing = &dashboard["status"]["player"]["total_media"];
        if playing.as_u64() != Some(order.len() as u64) {
            faults.push(format!(
                "{playing} items play and {} are in the loop",
                order.len()
            ));
        }
        faults
    }
}

fn described(item: &Value, print: Print) -> Item {
    let tags = item["tags"].as_array().map(|tags| {
        let tags = tags.iter().filter_map(text);
        tags.collect()
    });
    let settings = item["settings"].as_object();
    Item {
        print,
        title: text(&item["title"]),
        tags,
        repeat: settings
            .map(|settings| settings.get("repeat").and_then(Value::as_u64).unwrap_or(0)),
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}
