//! A row of the contract's tables of requests.

use loop_tests::rig::{Answer, Rig};
use serde_json::Value;

use crate::shape::check;
use crate::types::{A, envelope, refusal};

/// Name of the field, name of the file, content.
pub(crate) type Files = Vec<(&'static str, &'static str, Vec<u8>)>;

/// What is sent along.
pub(crate) enum Sent {
    Nothing,
    Json(Value),
    Files(Files),
}

/// What must come back.
pub(crate) enum Wanted {
    Json(Value),
    /// Of this type; it begins like this.
    Bytes(&'static str, &'static [u8]),
    Empty,
}

/// A request, and the answer its senders live on.
pub(crate) struct Row {
    pub(crate) id: &'static str,
    /// Method and path as the contract writes them.
    pub(crate) route: (&'static str, &'static str),
    path: String,
    sent: Sent,
    status: u16,
    wanted: Wanted,
    headers: Vec<(&'static str, &'static str)>,
    original: &'static str,
    /// Why ours does something else.
    differs: Option<&'static str>,
}

/// What the original did at this address.
pub(crate) fn row(
    id: &'static str,
    route: (&'static str, &'static str),
    original: &'static str,
) -> Row {
    Row {
        id,
        route,
        path: route.1.replace("{slug}", A),
        sent: Sent::Nothing,
        status: 200,
        wanted: Wanted::Empty,
        headers: Vec::new(),
        original,
        differs: None,
    }
}

impl Row {
    /// Another address than the one that follows from the route.
    pub(crate) fn at(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    pub(crate) fn sends(mut self, body: Value) -> Self {
        self.sent = Sent::Json(body);
        self
    }

    pub(crate) fn uploads(mut self, files: Files) -> Self {
        self.sent = Sent::Files(files);
        self
    }

    /// An answer in the envelope.
    pub(crate) fn gets(self, message: impl Into<Value>, data: Value) -> Self {
        let body = envelope(message.into(), data);
        self.gets_bare(body)
    }

    pub(crate) fn gets_bare(mut self, body: Value) -> Self {
        self.wanted = Wanted::Json(body);
        self
    }

    pub(crate) fn refuses(mut self, status: u16, code: &str) -> Self {
        self.status = status;
        self.gets_bare(refusal(code))
    }

    pub(crate) fn gets_file(mut self, kind: &'static str, beginning: &'static [u8]) -> Self {
        self.wanted = Wanted::Bytes(kind, beginning);
        self
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(crate) fn differs(mut self, reason: &'static str) -> Self {
        self.differs = Some(reason);
        self
    }

    /// Asks, and compares; the error tells all there is to know of the row.
    pub(crate) async fn hold(&self, rig: &Rig) -> Result<(), String> {
        let answer = self.ask(rig).await;
        self.compare(&answer).map_err(|fault| {
            let (method, _) = self.route;
            format!(
                "row {}: {method} {}: {fault}\n  original: {}\n  ours differs: {}\n  answer: {} {}",
                self.id,
                self.path,
                self.original,
                self.differs.unwrap_or("no"),
                answer.status,
                answer.json
            )
        })
    }

    async fn ask(&self, rig: &Rig) -> Answer {
        let (method, _) = self.route;
        let json = [("content-type", "application/json")];
        let answer = match &self.sent {
            Sent::Files(files) => rig.upload_files(files.clone()).await,
            Sent::Json(body) => {
                rig.send(method, &self.path, &json, body.to_string().into())
                    .await
            }
            // The original's page says of every POST that it is JSON, also of those without a body.
            Sent::Nothing => {
                let headers = if method == "POST" { &json[..] } else { &[] };
                rig.send(method, &self.path, headers, Vec::new()).await
            }
        };
        answer.unwrap()
    }

    fn compare(&self, answer: &Answer) -> Result<(), String> {
        if answer.status != self.status {
            return Err(format!("{} instead of {}", answer.status, self.status));
        }
        for (name, value) in &self.headers {
            if answer.header(name) != *value {
                return Err(format!("{name} is {:?}", answer.header(name)));
            }
        }
        match &self.wanted {
            Wanted::Json(shape) => check(&answer.json, shape),
            Wanted::Bytes(kind, beginning) => {
                let found = answer.header("content-type");
                let fits = found == *kind && answer.body.starts_with(beginning);
                fits.then_some(())
                    .ok_or_else(|| format!("{} bytes of {found}", answer.body.len()))
            }
            Wanted::Empty => {
                let length = answer.body.len();
                (length == 0)
                    .then_some(())
                    .ok_or_else(|| format!("{length} bytes instead of none"))
            }
        }
    }
}
