//! One of several clients that work at a time: it asks for one thing after the other and takes notes.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::content::{Content, Kind, name};
use super::device::{Device, Features, Stop};
use super::dice::Dice;
use super::journal::{Journal, Line};
use super::model::{Change, Edit};
use super::uploads::Open;
use crate::rig::Answer;

/// Items from which on more are deleted than added; each is downloaded by every check.
const MANY: usize = 16;

/// What the lanes know of the device, which need not be so any more when they act upon it.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Items, with their content if it is ours.
    pub(super) items: BTreeMap<String, Option<Content>>,
    pub(super) order: Vec<String>,
    pub(super) deleted: Vec<String>,
    pub(super) resumable: Vec<Open>,
}

/// What the lanes share.
#[derive(Debug)]
pub(super) struct Yard {
    pub(super) device: Device,
    pub(super) features: Features,
    pub(super) journal: Journal,
    pub(super) known: Mutex<Known>,
    pub(super) next: AtomicU64,
    pub(super) seed: u64,
    pub(super) until: Instant,
    pub(super) stopped: AtomicBool,
}

impl Yard {
    /// Works until the time is over or something stops it, and then stops the others.
    pub(super) async fn work(&self, mut dice: Dice) -> Result<(), Stop> {
        while Instant::now() < self.until && !self.stopped.load(Ordering::Relaxed) {
            let acted = self.act(&mut dice).await;
            if acted.is_err() {
                self.stopped.store(true, Ordering::Relaxed);
                return acted;
            }
        }
        Ok(())
    }

    async fn act(&self, dice: &mut Dice) -> Result<(), Stop> {
        let Features {
            tus,
            edit,
            batch,
            restore,
        } = self.features;
        let is_full = self.known.lock().unwrap().items.len() >= MANY;
        match dice.throw(100) {
            0..20 if is_full => self.delete(dice).await?,
            0..20 => self.add(dice).await?,
            20..27 => self.add_again(dice).await?,
            27..47 if tus && !is_full => self.resume_or_begin(dice).await?,
            47..56 => self.delete(dice).await?,
            56..61 if batch => self.delete_several(dice).await?,
            61..68 if restore => self.restore(dice).await?,
            68..75 => self.reorder(dice).await?,
            75..80 => self.join(dice).await?,
            80..86 => self.leave(dice).await?,
            86..92 if edit => self.edit(dice).await?,
            92..96 => return self.brighten(dice).await,
            96..100 => return self.turn_mode().await,
            _ => return Ok(()),
        }
        self.look().await
    }

    /// Asks for a change, with a note before and after.
    async fn ask(
        &self,
        change: Change,
        content: Option<Content>,
        request: RequestBuilder,
    ) -> Result<Option<Answer>, Stop> {
        let n = self.number();
        let changes = change != Change::Look;
        let begin = Line::Begin {
            n,
            change: change.clone(),
            content,
        };
        if changes {
            self.journal.write(begin).await;
        } else {
            self.journal.note(begin).await;
        }
        let answer = self.answered(n, request).await?;
        let done = answer.status < 300;
        let line = match done {
            true => acknowledged(n, &change, &answer.json),
            false => refused(n, &answer),
        };
        if changes {
            self.journal.write(line).await;
        } else {
            self.journal.note(line).await;
        }
        Ok(done.then_some(answer))
    }

    /// The answer, if it tells for sure what has become of the request.
    pub(super) async fn answered(&self, n: u64, request: RequestBuilder) -> Result<Answer, Stop> {
        let stop = match self.device.send(request).await {
            Ok(answer) => match stop_of(&answer) {
                None => return Ok(answer),
                Some(stop) => stop,
            },
            Err(stop) => stop,
        };
        let why = format!("{stop:?}");
        self.journal.write(Line::Lost { n, why }).await;
        Err(stop)
    }

    pub(super) fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn new_content(&self, dice: &mut Dice) -> Content {
        Content::any(name(self.seed, self.number()), dice)
    }

    pub(super) fn added(&self, content: Content) {
        let mut known = self.known.lock().unwrap();
        known.items.insert(content.slug(), Some(content));
    }

    async fn add(&self, dice: &mut Dice) -> Result<(), Stop> {
        let content = self.new_content(dice);
        self.upload(content).await
    }

    /// The same once more, as after an answer that was lost, or another file under the same name.
    async fn add_again(&self, dice: &mut Dice) -> Result<(), Stop> {
        let contents: Vec<_> = {
            let known = self.known.lock().unwrap();
            known.items.values().flatten().cloned().collect()
        };
        let Some(content) = dice.pick(&contents).cloned() else {
            return Ok(());
        };
        // In a library it would get another name.
        let is_other = dice.chance(50) && content.kind != Kind::Library;
        let edition = content.edition + u32::from(is_other);
        self.upload(Content { edition, ..content }).await
    }

    async fn upload(&self, content: Content) -> Result<(), Stop> {
        let request = self.device.upload(&content);
        let asked = self.ask(add(&content), Some(content.clone()), request);
        if let Some(answer) = asked.await? {
            let failed = &answer.json["data"]["failed"];
            if failed.as_array().is_some_and(|failed| !failed.is_empty()) {
                return Err(Stop::Fault(format!("{content:?} is not taken: {failed}")));
            }
            self.added(content);
        }
        Ok(())
    }

    fn any_item(&self, dice: &mut Dice) -> Option<String> {
        let known = self.known.lock().unwrap();
        let slugs: Vec<_> = known.items.keys().cloned().collect();
        dice.pick(&slugs).cloned()
    }

    async fn delete(&self, dice: &mut Dice) -> Result<(), Stop> {
        let Some(slug) = self.any_item(dice) else {
            return Ok(());
        };
        let path = format!("/api/media/{slug}");
        let slugs = vec![slug];
        let change = Change::Delete {
            slugs: slugs.clone(),
        };
        let request = self.device.request(Method::DELETE, &path);
        if self.ask(change, None, request).await?.is_some() {
            self.deleted(slugs);
        }
        Ok(())
    }

    async fn delete_several(&self, dice: &mut Dice) -> Result<(), Stop> {
        let all = (0..3).filter_map(|_| self.any_item(dice));
        let mut slugs: Vec<_> = all.collect();
        slugs.sort();
        slugs.dedup();
        let change = Change::Delete {
            slugs: slugs.clone(),
        };
        let request = self.device.request(Method::POST, "/api/media/delete");
        let request = request.json(&json!({"slugs": slugs}));
        if self.ask(change, None, request).await?.is_some() {
            self.deleted(slugs);
        }
        Ok(())
    }

    fn deleted(&self, slugs: Vec<String>) {
        let mut known = self.known.lock().unwrap();
        for slug in slugs {
            known.items.remove(&slug);
            known.deleted.push(slug);
        }
    }

    async fn restore(&self, dice: &mut Dice) -> Result<(), Stop> {
        let slugs = {
            let mut known = self.known.lock().unwrap();
            let first = known
                .deleted
                .len()
                .saturating_sub(1 + usize::from(dice.chance(40)));
            known.deleted.split_off(first)
        };
        if slugs.is_empty() {
            return Ok(());
        }
        let change = Change::Restore {
            slugs: slugs.clone(),
        };
        let request = self.device.request(Method::POST, "/api/media/restore");
        let request = request.json(&json!({"slugs": slugs}));
        if let Some(answer) = self.ask(change, None, request).await? {
            let mut known = self.known.lock().unwrap();
            for slug in texts(&answer.json["data"]["restored"]).unwrap_or_default() {
                known.items.insert(slug, None);
            }
        }
        Ok(())
    }

    async fn reorder(&self, dice: &mut Dice) -> Result<(), Stop> {
        let mut order = self.known.lock().unwrap().order.clone();
        if dice.chance(70) {
            dice.shuffle(&mut order);
        } else {
            let first = order.len().min(1);
            order.rotate_left(first);
        }
        let request = self.device.request(Method::PUT, "/api/loop");
        let request = request.json(&json!({"loop": order}));
        self.ask(Change::Order { order }, None, request).await?;
        Ok(())
    }

    async fn join(&self, dice: &mut Dice) -> Result<(), Stop> {
        let Some(slug) = self.any_item(dice) else {
            return Ok(());
        };
        let request = self.device.request(Method::POST, "/api/loop");
        let request = request.json(&json!({"slug": slug}));
        self.ask(Change::Join { slug }, None, request).await?;
        Ok(())
    }

    async fn leave(&self, dice: &mut Dice) -> Result<(), Stop> {
        let Some(slug) = self.any_item(dice) else {
            return Ok(());
        };
        let path = format!("/api/loop/{slug}");
        let request = self.device.request(Method::DELETE, &path);
        self.ask(Change::Leave { slug }, None, request).await?;
        Ok(())
    }

    async fn edit(&self, dice: &mut Dice) -> Result<(), Stop> {
        let Some(slug) = self.any_item(dice) else {
            return Ok(());
        };
        let number = dice.throw(1000);
        let (edit, body) = match dice.throw(4) {
            0 => {
                let title = format!("Käfer 🐞 {number}");
                (Edit::Title(title.clone()), json!({"title": title}))
            }
            1 => {
                let tags = vec![format!("t{number}"), "נסיעה".to_owned()];
                (Edit::Tags(tags.clone()), json!({"tags": tags}))
            }
            2 => (Edit::Repeat(number + 1), json!({"repeat": number + 1})),
            _ => (Edit::Repeat(0), json!({"repeat": null})),
        };
        let path = format!("/api/media/{slug}");
        let request = self.device.request(Method::PATCH, &path).json(&body);
        self.ask(Change::Edit { slug, edit }, None, request).await?;
        Ok(())
    }

    async fn brighten(&self, dice: &mut Dice) -> Result<(), Stop> {
        let percent = dice.throw(101);
        let request = self.device.request(Method::POST, "/api/display/brightness");
        let request = request.json(&json!({"brightness": percent}));
        self.ask(Change::Brightness { percent }, None, request)
            .await?;
        Ok(())
    }

    async fn turn_mode(&self) -> Result<(), Stop> {
        let request = self.device.request(Method::POST, "/api/playback/loop-mode");
        self.ask(Change::Mode { to: None }, None, request).await?;
        Ok(())
    }

    async fn look(&self) -> Result<(), Stop> {
        let request = self.device.request(Method::GET, "/api/loop");
        let answer = self.ask(Change::Look, None, request).await?;
        if let Some(order) = answer.and_then(|answer| texts(&answer.json["data"]["loop"])) {
            self.known.lock().unwrap().order = order;
        }
        Ok(())
    }
}

/// What uploading it asks for.
pub(super) fn add(content: &Content) -> Change {
    Change::Add {
        slug: content.slug(),
        print: content.print(),
        title: content.name.clone(),
    }
}

fn acknowledged(n: u64, change: &Change, json: &Value) -> Line {
    let data = &json["data"];
    let told = match change {
        Change::Mode { .. } => data["loop_mode"].as_str().map(|mode| Change::Mode {
            to: Some(mode.to_owned()),
        }),
        Change::Restore { .. } => texts(&data["restored"]).map(|slugs| Change::Restore { slugs }),
        _ => None,
    };
    // What comes with the answer to a change may be the order after others' changes already.
    let order = match change {
        Change::Look => texts(&data["loop"]),
        _ => None,
    };
    Line::Done {
        n,
        change: told,
        order,
    }
}

pub(super) fn refused(n: u64, answer: &Answer) -> Line {
    Line::Never {
        n,
        status: answer.status,
        message: answer.json["message"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
    }
}

/// An answer that leaves open what has happened, or that must not be.
fn stop_of(answer: &Answer) -> Option<Stop> {
    let code = answer.json["code"].as_str().unwrap_or_default();
    let text = format!("{} {}", answer.status, answer.json);
    match answer.status {
        503 if code.starts_with("HARDWARE") => Some(Stop::Gone(text)),
        503 | 507 => None,
        500.. => Some(Stop::Fault(text)),
        _ => None,
    }
}

fn texts(list: &Value) -> Option<Vec<String>> {
    let list = list.as_array()?;
    let texts = list.iter().filter_map(|text| text.as_str());
    Some(texts.map(str::to_owned).collect())
}
