//! Resumable uploads (tus 1.0.0), as a lane makes them: in pieces, left lying, taken up again.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::archive;
use super::content::{Content, Kind};
use super::device::{Device, Stop};
use super::dice::Dice;
use super::journal::Line;
use super::lane::{Yard, add, refused};
use super::uploads::Open;
use crate::rig::Answer;

/// Uploads that are left lying at a time.
const LYING: usize = 6;

/// How often something is asked again that cannot be had in this moment.
const PATIENCE: u32 = 1500;
const PAUSE: Duration = Duration::from_millis(20);

const BYTES: &str = "application/offset+octet-stream";

/// How far an upload is, as the device tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// It has so many bytes.
    At(u64),
    /// It has become an item.
    Complete,
    /// It has failed, or is not known.
    Gone,
}

impl Device {
    fn tus(&self, method: Method, path: &str) -> RequestBuilder {
        self.request(method, path).header("Tus-Resumable", "1.0.0")
    }

    /// How far an upload is.
    ///
    /// # Errors
    /// When nobody answers, or not as the protocol has it.
    pub(super) async fn offset(&self, location: &str) -> Result<Option<u64>, Stop> {
        let answer = self.send(self.tus(Method::HEAD, location)).await?;
        match (answer.status, answer.header("upload-offset").parse()) {
            (200, Ok(offset)) => Ok(Some(offset)),
            (404 | 410, _) => Ok(None),
            _ => Err(Stop::Fault(format!("HEAD {location}: {answer:?}"))),
        }
    }

    /// Waits until an upload whose bytes are all there is over; an error tells why it failed.
    pub(super) async fn end_of(&self, location: &str) -> Result<Found, Stop> {
        for _ in 0..PATIENCE {
            let answer = self.send(self.request(Method::GET, location)).await?;
            let data = &answer.json["data"];
            match (answer.status, data["state"].as_str()) {
                (404 | 410, _) => return Ok(Found::Gone),
                (200, Some("complete")) => return Ok(Found::Complete),
                (200, Some("failed")) => {
                    return Err(Stop::Fault(format!("{location} failed: {data}")));
                }
                (200, Some("receiving")) if data["offset"] != data["length"] => {
                    return Ok(Found::At(data["offset"].as_u64().unwrap_or(0)));
                }
                (200, Some(_)) => tokio::time::sleep(PAUSE).await,
                _ => return Err(Stop::Fault(format!("GET {location}: {answer:?}"))),
            }
        }
        Err(Stop::Fault(format!("{location} never ends")))
    }

    /// Gives up an upload.
    pub(super) async fn terminate(&self, location: &str) -> Result<Answer, Stop> {
        self.send(self.tus(Method::DELETE, location)).await
    }

    /// Uploads under way.
    pub(super) async fn uploads(&self) -> Result<Vec<Value>, Stop> {
        let answer = self.get("/api/uploads").await?;
        let uploads = answer.json["data"]["uploads"].as_array();
        uploads
            .cloned()
            .ok_or_else(|| Stop::Fault(format!("GET /api/uploads: {}", answer.json)))
    }
}

impl Yard {
    pub(super) async fn resume_or_begin(&self, dice: &mut Dice) -> Result<(), Stop> {
        let (lying, count) = {
            let mut known = self.known.lock().unwrap();
            let count = known.resumable.len();
            let take = count >= LYING || dice.chance(60);
            (if take { known.resumable.pop() } else { None }, count)
        };
        match lying {
            Some(open) => self.resume(open, dice).await,
            None if count < LYING => self.begin(dice).await,
            None => Ok(()),
        }
    }

    async fn begin(&self, dice: &mut Dice) -> Result<(), Stop> {
        let content = self.new_content(dice);
        let bytes = Bytes::of(&content);
        let length = bytes.all.len() as u64;
        let n = self.number();
        let create = Line::Create {
            n,
            content: content.clone(),
            length,
        };
        self.journal.write(create).await;
        let mut request = self
            .device
            .tus(Method::POST, "/api/uploads")
            .header("Upload-Length", length)
            .header("Upload-Metadata", bytes.metadata(&content));
        let mut open = Open {
            n,
            content,
            length,
            location: None,
            kept: 0,
            sent: 0,
            dropped: false,
        };
        if dice.chance(30) {
            let to = if dice.chance(50) {
                length
            } else {
                1 + dice.throw(length)
            };
            self.note_sending(&mut open, to).await;
            request = request
                .header("Content-Type", BYTES)
                .body(bytes.part(0, to));
        }
        let answer = self.answered(n, request).await?;
        if answer.status != 201 {
            self.journal.write(refused(n, &answer)).await;
            return Ok(());
        }
        let location = path_of(answer.header("location"));
        open.location = Some(location.clone());
        self.journal.write(Line::Created { n, location }).await;
        if open.sent > 0 {
            let to = open.sent;
            self.note_kept(&mut open, to, &answer).await?;
        }
        self.send_rest(open, &bytes, dice).await
    }

    async fn resume(&self, mut open: Open, dice: &mut Dice) -> Result<(), Stop> {
        let Some(location) = open.location.clone() else {
            return Ok(());
        };
        let found = self.device.offset(&location).await?;
        open.judge(found).map_err(Stop::Fault)?;
        let Some(offset) = found else {
            self.journal.write(Line::Ended { n: open.n }).await;
            return Ok(());
        };
        self.journal.write(Line::Found { n: open.n, offset }).await;
        (open.kept, open.sent) = (offset, offset);
        let bytes = Bytes::of(&open.content);
        self.send_rest(open, &bytes, dice).await
    }

    async fn send_rest(&self, mut open: Open, bytes: &Bytes, dice: &mut Dice) -> Result<(), Stop> {
        let location = open.location.clone().unwrap_or_default();
        while open.kept < open.length {
            if dice.chance(6) {
                self.known.lock().unwrap().resumable.push(open);
                return Ok(());
            }
            if dice.chance(3) {
                return self.give_up(&open, &location).await;
            }
            let left = open.length - open.kept;
            let size = if dice.chance(40) {
                left
            } else {
                1 + dice.throw(left.min(300_000))
            };
            let to = open.kept + size;
            let part = bytes.part(open.kept, to);
            self.send_part(&mut open, &location, part, dice).await?;
            if dice.chance(15) && open.kept < open.length {
                let found = self.device.offset(&location).await?;
                if found != Some(open.kept) {
                    return Err(Stop::Fault(format!("{location} is at {found:?}: {open:?}")));
                }
            }
        }
        if self.device.end_of(&location).await? == Found::Complete {
            let done = Line::Done {
                n: open.n,
                change: None,
                order: None,
            };
            self.journal.write(done).await;
            self.added(open.content);
        }
        Ok(())
    }

    async fn send_part(
        &self,
        open: &mut Open,
        location: &str,
        part: Vec<u8>,
        dice: &mut Dice,
    ) -> Result<(), Stop> {
        let to = open.kept + part.len() as u64;
        self.note_sending(open, to).await;
        let checksum = dice.chance(30).then(|| base64(&Sha256::digest(&part)));
        for _ in 0..PATIENCE {
            let mut request = self
                .device
                .tus(Method::PATCH, location)
                .header("Upload-Offset", open.kept)
                .header("Content-Type", BYTES);
            if let Some(checksum) = &checksum {
                request = request.header("Upload-Checksum", format!("sha256 {checksum}"));
            }
            let answer = self.answered(open.n, request.body(part.clone())).await?;
            match answer.status {
                204 => return self.note_kept(open, to, &answer).await,
                // Another request still has it, or there is no place in this moment.
                423 | 429 | 503 => tokio::time::sleep(PAUSE).await,
                _ => {
                    return Err(Stop::Fault(format!(
                        "PATCH {location}: {answer:?}: {open:?}"
                    )));
                }
            }
        }
        Err(Stop::Fault(format!("{location} takes no more")))
    }

    /// With the last byte it may become an item.
    async fn note_sending(&self, open: &mut Open, to: u64) {
        open.sent = open.sent.max(to);
        let n = open.n;
        if to == open.length {
            let begin = Line::Begin {
                n,
                change: add(&open.content),
                content: Some(open.content.clone()),
            };
            self.journal.write(begin).await;
        }
        self.journal.write(Line::Sending { n, to }).await;
    }

    /// What was sent before a restart may have been more, and lost.
    async fn note_kept(&self, open: &mut Open, offset: u64, answer: &Answer) -> Result<(), Stop> {
        if answer.header("upload-offset").parse() != Ok(offset) {
            return Err(Stop::Fault(format!("not {offset}: {answer:?} to {open:?}")));
        }
        let n = open.n;
        open.kept = offset;
        if offset == open.length {
            self.journal.write(Line::Owed { n }).await;
        }
        self.journal.write(Line::Kept { n, offset }).await;
        Ok(())
    }

    async fn give_up(&self, open: &Open, location: &str) -> Result<(), Stop> {
        self.journal.write(Line::Drop { n: open.n }).await;
        let answer = self.device.terminate(location).await?;
        if answer.status != 204 {
            return Err(Stop::Fault(format!("DELETE {location}: {answer:?}")));
        }
        self.journal.write(Line::Ended { n: open.n }).await;
        Ok(())
    }
}

/// The body of an upload: the original, then the frames; or a library.
struct Bytes {
    all: Vec<u8>,
    frames: usize,
}

impl Bytes {
    fn of(content: &Content) -> Self {
        if content.kind == Kind::Library {
            return Self {
                all: archive::pack(content),
                frames: 0,
            };
        }
        let frames = content.zip();
        Self {
            frames: frames.len(),
            all: [content.original(), frames].concat(),
        }
    }

    fn part(&self, from: u64, to: u64) -> Vec<u8> {
        let at = |offset: u64| usize::try_from(offset).unwrap();
        self.all[at(from)..at(to)].to_vec()
    }

    fn metadata(&self, content: &Content) -> String {
        let value = |text: &str| base64(text.as_bytes());
        if content.kind == Kind::Library {
            let filename = format!("{}.tar", content.name);
            return format!("filename {},kind {}", value(&filename), value("library"));
        }
        format!(
            "filename {},filetype {},frames {}",
            value(&content.filename()),
            value(content.filetype()),
            value(&self.frames.to_string())
        )
    }
}

/// The path of an address, which may be a whole one.
fn path_of(location: &str) -> String {
    match location.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |at| &rest[at..]).to_owned(),
        None => location.to_owned(),
    }
}

/// RFC 4648, with padding.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let value = usize::try_from(bits >> (18 - 6 * digit) & 63).unwrap();
            let is_there = digit <= three.len();
            text.push(if is_there { DIGITS[value].into() } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{base64, path_of};

    #[test]
    fn base64_is_as_in_its_rfc() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn a_location_may_be_a_path_or_a_whole_address() {
        for location in ["/api/uploads/x", "http://127.0.0.1:80/api/uploads/x"] {
            assert_eq!(path_of(location), "/api/uploads/x");
        }
    }
}
