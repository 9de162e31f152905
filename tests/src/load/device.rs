//! The device under load, as a client sees it.

use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder, multipart};
use serde_json::json;

use super::archive;
use super::content::{Content, Kind};
use crate::rig::Answer;

/// How long a device may take to answer; one without power never does.
const ANSWER: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(3);

/// How long a device may take to start.
const START: Duration = Duration::from_secs(120);

/// Why the load does not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The device has gone, which is what a restart looks like.
    Gone(String),
    /// The device did what it must not.
    Fault(String),
}

/// What the device can do beyond the original's contract.
#[derive(Clone, Copy, Debug, Default)]
pub struct Features {
    /// Resumable uploads.
    pub tus: bool,
    /// Titles, tags and repeats.
    pub edit: bool,
    /// Several deletions at a time.
    pub batch: bool,
    /// Coming back from the trash.
    pub restore: bool,
}

impl Features {
    /// What is missing, for people.
    #[must_use]
    pub fn missing(self) -> Vec<&'static str> {
        let all = [
            (self.tus, "resumable uploads"),
            (self.edit, "edits of items"),
            (self.batch, "batch deletion"),
            (self.restore, "restoring"),
        ];
        let missing = all.into_iter().filter(|(there, _)| !there);
        missing.map(|(_, name)| name).collect()
    }
}

/// A device, cheap to clone.
#[derive(Clone, Debug)]
pub struct Device {
    url: String,
    http: reqwest::Client,
}

impl Device {
    /// The one at this address.
    #[must_use]
    pub fn at(url: &str) -> Self {
        let http = reqwest::Client::builder()
            .timeout(ANSWER)
            .connect_timeout(CONNECT)
            .build();
        Self {
            url: url.trim_end_matches('/').to_owned(),
            http: http.unwrap(),
        }
    }

    /// A request to a path of it.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    /// An upload in one request: a library for itself, all else as the original's page makes it.
    pub fn upload(&self, content: &Content) -> RequestBuilder {
        if content.kind == Kind::Library {
            let request = self.request(Method::POST, "/api/media/import");
            let request = request.header("Content-Type", "application/x-tar");
            return request.body(archive::pack(content));
        }
        let part = |bytes, name| multipart::Part::bytes(bytes).file_name(name);
        let original = part(content.original(), content.filename());
        let mut form = multipart::Form::new().part("files", original);
        let frames = content.zip();
        if !frames.is_empty() {
            let name = format!("{}_frames.zip", content.name);
            form = form.part("files", part(frames, name));
        }
        self.request(Method::POST, "/api/media").multipart(form)
    }

    /// Sends it.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn send(&self, request: RequestBuilder) -> Result<Answer, Stop> {
        let gone = |error: reqwest::Error| {
            let mut text = error.to_string();
            let mut cause = std::error::Error::source(&error);
            while let Some(error) = cause {
                text = format!("{text}: {error}");
                cause = error.source();
            }
            Stop::Gone(text)
        };
        Answer::to(request).await.map_err(gone)
    }

    /// `GET`, which must succeed.
    ///
    /// # Errors
    /// When nobody answers, or not with success.
    pub async fn get(&self, path: &str) -> Result<Answer, Stop> {
        let answer = self.send(self.request(Method::GET, path)).await?;
        match answer.status {
            200 => Ok(answer),
            status => Err(Stop::Fault(format!("GET {path}: {status} {}", answer.json))),
        }
    }

    /// Waits until both programs are there.
    ///
    /// # Errors
    /// When they do not come.
    pub async fn ready(&self) -> Result<(), String> {
        let start = Instant::now();
        loop {
            let answer = self.get("/health/ready").await;
            match answer {
                Ok(_) => return Ok(()),
                Err(_) if start.elapsed() < START => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(stop) => return Err(format!("the device does not start: {stop:?}")),
            }
        }
    }

    /// Asks once what it can do.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn features(&self) -> Result<Features, Stop> {
        let is_there = async |method, path: &str, body| {
            let answer = self.send(self.request(method, path).json(&body)).await?;
            let message = answer.json["code"].as_str().unwrap_or_default();
            Ok(!matches!(answer.status, 405 | 501) && message != "METHOD_NOT_ALLOWED")
        };
        let nothing = json!({"slugs": []});
        let options = self.request(Method::OPTIONS, "/api/uploads");
        let options = self.send(options).await?;
        Ok(Features {
            tus: options.header("tus-version").contains("1.0.0"),
            edit: is_there(Method::PATCH, "/api/media/_", json!({})).await?,
            batch: is_there(Method::POST, "/api/media/delete", nothing.clone()).await?,
            restore: is_there(Method::POST, "/api/media/restore", nothing).await?,
        })
    }
}
