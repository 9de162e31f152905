//! Judges answers by the document the device serves of itself: whatever a test gets from below `/api` must be described.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use flate2::read::GzDecoder;
use jsonschema::Validator;
use reqwest::header::{ALLOW, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use reqwest::{Method, Url};
use serde_json::{Value, json};

/// As this build describes itself. That it is what is served is a test of its own.
static DOCUMENT: LazyLock<Document> = LazyLock::new(|| {
    let document = loop_web::http::openapi::document();
    Document::new(serde_json::to_value(document).unwrap())
});

/// What may be answered to any request, also to one for which there is no operation.
const EVERYWHERE: [u16; 4] = [403, 429, 503, 504];

struct Document {
    json: Value,
    /// By where their schema is in the document; each is made when it is first needed.
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

/// An answer, as far as it can be judged.
pub struct Given<'a> {
    /// Of the request.
    pub method: &'a Method,
    /// Of the request.
    pub url: &'a Url,
    /// Of the answer.
    pub status: u16,
    /// Of the answer.
    pub headers: &'a HeaderMap,
    /// Of the answer.
    pub body: &'a [u8],
}

/// Judges an answer.
///
/// # Panics
/// When it is not as the document says.
pub fn judge(given: &Given<'_>) {
    if !given.url.path().starts_with("/api/") {
        return;
    }
    if let Err(fault) = DOCUMENT.judge(given) {
        let body = String::from_utf8_lossy(&given.body[..given.body.len().min(2000)]);
        panic!(
            "{} {} was answered with {}, and {fault}: {body}",
            given.method, given.url, given.status
        );
    }
}

impl Document {
    fn new(json: Value) -> Self {
        Self {
            json,
            validators: Mutex::default(),
        }
    }

    fn judge(&self, given: &Given<'_>) -> Result<(), String> {
        let Some((path, operations)) = self.path(given.url.path()) else {
            return self.refusal(given, 404);
        };
        let method = given.method.as_str().to_lowercase();
        let described = match (operations.get(&method), method.as_str()) {
            (Some(_), _) => method.as_str(),
            (None, "head") if operations.get("get").is_some() => "get",
            // A browser's question before a request of another page.
            (None, "options") if given.status == 204 => return Ok(()),
            (None, _) => {
                self.refusal(given, 405)?;
                let names = given.headers.get(ALLOW);
                return names.map(|_| ()).ok_or("it has no Allow".to_owned());
            }
        };
        let place = format!(
            "/paths/{}/{described}/responses/{}",
            path.replace('~', "~0").replace('/', "~1"),
            given.status
        );
        let response = self.json.pointer(&place);
        let response = response.ok_or("this status is not described")?;
        let (place, response) = match response["$ref"].as_str() {
            Some(name) => {
                let place = name.trim_start_matches('#').to_owned();
                (place.clone(), self.json.pointer(&place).unwrap())
            }
            None => (place, response),
        };
        self.content(given, &place, &response["content"])
    }

    /// The entry of a path; one that is written out goes before one with parameters.
    fn path(&self, asked: &str) -> Option<(&str, &Value)> {
        let fits = |described: &str| {
            let (mut asked, mut described) = (asked.split('/'), described.split('/'));
            let same = described
                .by_ref()
                .zip(asked.by_ref())
                .all(|(wanted, part)| {
                    wanted == part || (wanted.starts_with('{') && !part.is_empty())
                });
            same && described.next().is_none() && asked.next().is_none()
        };
        let is_longer = asked.split('/').count();
        let paths = self.json["paths"].as_object().unwrap();
        let mut all: Vec<_> = paths
            .iter()
            .filter(|(path, _)| path.split('/').count() == is_longer && fits(path))
            .collect();
        all.sort_by_key(|(path, _)| path.matches('{').count());
        all.first().map(|(path, entry)| (path.as_str(), *entry))
    }

    /// What is no operation must be refused.
    fn refusal(&self, given: &Given<'_>, status: u16) -> Result<(), String> {
        if given.status != status && !EVERYWHERE.contains(&given.status) {
            return Err(format!("without an operation it must be {status}"));
        }
        let place = "/components/responses/NotFound";
        let content = self.json.pointer(place).unwrap();
        self.content(given, place, &content["content"])
    }

    fn content(&self, given: &Given<'_>, place: &str, described: &Value) -> Result<(), String> {
        let kind = given.headers.get(CONTENT_TYPE);
        let kind = kind.map_or("", |kind| kind.to_str().unwrap());
        let kind = kind.split(';').next().unwrap();
        let Some(kinds) = described.as_object() else {
            return match given.body {
                [] => Ok(()),
                _ => Err("it is described without a body".to_owned()),
            };
        };
        if !kinds.contains_key(kind) {
            return Err(format!("its content is {kind:?}, which is not described"));
        }
        if given.method == Method::HEAD || kind != "application/json" {
            return Ok(());
        }
        let body: Value = unpacked(given).map_err(|error| error.to_string())?;
        let place = format!("{place}/content/application~1json/schema");
        let validator = self.validator(&place);
        let faults = validator.iter_errors(&body);
        let faults: Vec<_> = faults
            .map(|fault| format!("at {:?} {fault}", fault.instance_path().to_string()))
            .collect();
        match faults.is_empty() {
            true => Ok(()),
            false => Err(faults.join("; ")),
        }
    }

    fn validator(&self, place: &str) -> Arc<Validator> {
        // Each entry is whole when it is put in.
        let mut all = self
            .validators
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let validator = all.entry(place.to_owned()).or_insert_with(|| {
            // The references in it are from the document's root.
            let schema = json!({
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "components": self.json["components"],
                "allOf": [self.json.pointer(place).unwrap()],
            });
            Arc::new(jsonschema::validator_for(&schema).unwrap())
        });
        Arc::clone(validator)
    }
}

fn unpacked(given: &Given<'_>) -> serde_json::Result<Value> {
    let coding = given.headers.get(CONTENT_ENCODING);
    match coding.is_some_and(|coding| coding == "gzip") {
        true => serde_json::from_reader(GzDecoder::new(given.body)),
        false => serde_json::from_slice(given.body),
    }
}
