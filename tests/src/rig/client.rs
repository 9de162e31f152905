//! What a client does: requests, uploads, the WebSocket.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::RequestBuilder;
use reqwest::header::HeaderMap;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::Rig;
use crate::described::{Given, judge};
use crate::media::{film, frames_zip};

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its body; null if that is no JSON.
    pub json: Value,
    /// Its body as it came.
    pub body: Vec<u8>,
    headers: HeaderMap,
}

impl Answer {
    /// The answer to a request, which must be as it is described.
    ///
    /// # Errors
    /// While nobody answers.
    pub async fn to(request: RequestBuilder) -> reqwest::Result<Self> {
        let (http, request) = request.build_split();
        let request = request?;
        let (method, url) = (request.method().clone(), request.url().clone());
        let response = http.execute(request).await?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = response.bytes().await?.to_vec();
        judge(&Given {
            method: &method,
            url: &url,
            status,
            headers: &headers,
            body: &body,
        });
        Ok(Self {
            status,
            json: serde_json::from_slice(&body).unwrap_or_default(),
            body,
            headers,
        })
    }

    /// A header; empty if there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    /// The answer, which must be a success.
    pub fn ok(self) -> Value {
        assert!(
            (200..300).contains(&self.status),
            "{} {}",
            self.status,
            self.json
        );
        self.json
    }
}

impl Rig {
    /// `GET`
    ///
    /// # Errors
    /// While nobody answers.
    pub async fn get(&self, path: &str) -> reqwest::Result<Answer> {
        self.get_with(path, &[]).await
    }

    /// `GET` with headers of our own.
    ///
    /// # Errors
    /// While nobody answers.
    pub async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> reqwest::Result<Answer> {
        let mut request = self.http.get(format!("{}{path}", self.url()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::to(request).await
    }

    /// Any request.
    ///
    /// # Errors
    /// While nobody answers.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> reqwest::Result<Answer> {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.http.request(method, format!("{}{path}", self.url()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::to(request.body(body)).await
    }

    /// `POST` with a JSON body.
    ///
    /// # Errors
    /// While nobody answers.
    pub async fn post(&self, path: &str, body: &Value) -> reqwest::Result<Answer> {
        let url = format!("{}{path}", self.url());
        Answer::to(self.http.post(url).json(body)).await
    }

    /// `PUT` with a JSON body.
    ///
    /// # Errors
    /// While nobody answers.
    pub async fn put(&self, path: &str, body: &Value) -> reqwest::Result<Answer> {
        let url = format!("{}{path}", self.url());
        Answer::to(self.http.put(url).json(body)).await
    }

    /// `PATCH` with a JSON body.
    ///
    /// # Errors
    /// While nobody answers.
    pub async fn patch(&self, path: &str, body: &Value) -> reqwest::Result<Answer> {
        let url = format!("{}{path}", self.url());
        Answer::to(self.http.patch(url).json(body)).await
    }

    /// `DELETE`
    ///
    /// # Errors
    /// While nobody answers.
    pub async fn delete(&self, path: &str) -> reqwest::Result<Answer> {
        let url = format!("{}{path}", self.url());
        Answer::to(self.http.delete(url)).await
    }

    /// Uploads files as a form: name of the field, name of the file, content.
    ///
    /// # Errors
    /// While nobody answers.
    pub async fn upload_files(&self, files: Vec<(&str, &str, Vec<u8>)>) -> reqwest::Result<Answer> {
        let mut form = Form::new();
        for (field, name, content) in files {
            form = form.part(
                field.to_owned(),
                Part::bytes(content).file_name(name.to_owned()),
            );
        }
        let request = self
            .http
            .post(format!("{}/api/media", self.url()))
            .multipart(form);
        Answer::to(request).await
    }

    /// Uploads a film with a frame for each shade, as the original's page does; gives its slug.
    pub async fn upload(&self, name: &str, shades: &[u8]) -> String {
        let original = format!("{name}.mp4");
        let zip = format!("{name}_frames.zip");
        let files = vec![
            (
                "files",
                original.as_str(),
                film(&format!("{name}{shades:?}")),
            ),
            ("files", zip.as_str(), frames_zip(name, shades)),
        ];
        let answer = self.upload_files(files).await.unwrap().ok();
        answer["data"]["slug"].as_str().unwrap().to_owned()
    }

    /// What the glass shows, as RGB.
    pub async fn snapshot(&self) -> Vec<u8> {
        let answer = self.get("/api/display/snapshot.png").await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.json);
        let mut reader = png::Decoder::new(std::io::Cursor::new(answer.body))
            .read_info()
            .unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        pixels
    }

    /// A WebSocket whose first message is still to come.
    pub async fn websocket_ungreeted(&self) -> Socket {
        let (stream, _) = connect_async(format!("{}/ws", self.url().replace("http", "ws")))
            .await
            .unwrap();
        Socket { stream }
    }

    /// A WebSocket that has been greeted.
    pub async fn websocket(&self) -> Socket {
        let mut socket = self.websocket_ungreeted().await;
        assert_eq!(socket.next("connection").await["status"], "connected");
        socket.next("initial_dashboard").await;
        socket
    }

    /// Waits until the device has noticed that all WebSockets have ended: who left while it still reads what he had sent is
    /// only missed at the next ping.
    pub async fn until_nobody_listens(&self) {
        let mut status = Value::Null;
        for _ in 0..4000 {
            status = self.get("/api/websocket/status").await.unwrap().ok();
            let connections = &status["data"]["connections"];
            if connections["total_connections"] == 0 && connections["healthy_connections"] == 0 {
                assert_eq!(status["data"]["detailed_rooms"], json!({}));
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("somebody stays: {status}");
    }
}

/// A WebSocket.
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Socket {
    /// The next message of this type; others are passed over.
    pub async fn next(&mut self, kind: &str) -> Value {
        self.find(kind, |_| true).await
    }

    /// The next message of this type that is as wanted.
    pub async fn find(&mut self, kind: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let search = async {
            loop {
                let message = self.stream.next().await.unwrap().unwrap();
                let Message::Text(text) = message else {
                    continue;
                };
                let value: Value = serde_json::from_str(&text).unwrap();
                if value["type"] == kind && wanted(&value) {
                    return value;
                }
            }
        };
        let limit = tokio::time::timeout(Duration::from_secs(20), search);
        limit.await.unwrap_or_else(|_| panic!("no {kind} came"))
    }

    /// The next message that is text, whatever its type.
    pub async fn next_text(&mut self) -> Value {
        let search = async {
            loop {
                if let Message::Text(text) = self.stream.next().await.unwrap().unwrap() {
                    return serde_json::from_str(&text).unwrap();
                }
            }
        };
        let limit = tokio::time::timeout(Duration::from_secs(20), search);
        limit.await.expect("a message")
    }

    /// The next binary message.
    pub async fn next_binary(&mut self) -> Vec<u8> {
        loop {
            if let Message::Binary(bytes) = self.stream.next().await.unwrap().unwrap() {
                return bytes.to_vec();
            }
        }
    }

    /// Sends a text as it is.
    pub async fn send_text(&mut self, text: &str) {
        self.stream.send(Message::Text(text.into())).await.unwrap();
    }

    /// Sends bytes.
    pub async fn send_binary(&mut self, bytes: Vec<u8>) {
        self.stream
            .send(Message::Binary(bytes.into()))
            .await
            .unwrap();
    }

    /// Enters a room.
    pub async fn subscribe(&mut self, room: &str) {
        let request = json!({"type": "subscribe", "room": room}).to_string();
        self.stream
            .send(Message::Text(request.into()))
            .await
            .unwrap();
        assert_eq!(self.next("subscribe_response").await["success"], true);
    }
}
