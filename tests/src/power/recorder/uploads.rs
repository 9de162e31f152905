//! Uploads that can be resumed, request by request.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Recorder, paths_in};
use crate::media::{film, frames_zip, still};
use crate::power::content::hash_of;
use crate::power::script::{Cargo, Tus};
use crate::rig::Daemon;
use crate::tus::{BYTES, Parcel, metadata, sha256};

/// An upload of the script.
pub(super) struct Upload {
    pub(super) filename: String,
    pub(super) parcel: Parcel,
    location: String,
    /// Sent and acknowledged.
    sent: usize,
}

impl Recorder {
    pub(super) async fn tus(&mut self, name: &'static str, tus: Tus) {
        let to = match tus {
            Tus::Create(cargo, to) => return self.begin(name, cargo, to).await,
            Tus::Send(to) | Tus::SendChecked(to) | Tus::SendDamaged(to) | Tus::CutOff(to) => to,
            Tus::Terminate => 0,
        };
        let upload = &self.uploads[name];
        let (location, from) = (upload.location.clone(), upload.sent);
        let to = to.min(upload.parcel.bytes.len());
        let bytes = upload.parcel.bytes[from.min(to)..to].to_vec();
        let checksum = sha256(&bytes);
        let told = [("upload-checksum", checksum.as_str())];
        let (wanted, answer) = match tus {
            Tus::SendChecked(_) => {
                let answer = self.rig.tus_patch_with(&location, from, &told, &bytes);
                (204, answer.await)
            }
            Tus::SendDamaged(_) => {
                let others: Vec<_> = bytes.iter().map(|byte| !byte).collect();
                let answer = self.rig.tus_patch_with(&location, from, &told, &others);
                (460, answer.await)
            }
            Tus::CutOff(_) => return self.cut_off_upload(name, &bytes).await,
            Tus::Terminate => (204, self.rig.tus("DELETE", &location, &[], b"").await),
            _ => (204, self.rig.tus_patch(&location, from, &bytes).await),
        };
        assert_eq!(answer.status, wanted, "{tus:?} {}", answer.json);
        if matches!(tus, Tus::Send(_) | Tus::SendChecked(_)) {
            self.uploads.get_mut(name).unwrap().sent = to;
        }
    }

    async fn begin(&mut self, name: &'static str, cargo: Cargo, to: usize) {
        let (filename, parcel) = match cargo {
            // Its original ends in the middle of a block.
            Cargo::Film(shades) => {
                let filename = format!("{name}.mp4");
                let original = film(&format!("{name}{shades:?}").repeat(1000));
                let frames = frames_zip(name, shades);
                let parcel = Parcel::new(&filename, &original, &frames);
                (filename, parcel)
            }
            Cargo::Still(shade) => {
                let filename = format!("{name}.png");
                let parcel = Parcel::new(&filename, &still(shade), b"");
                (filename, parcel)
            }
            Cargo::Library => {
                let filename = format!("{name}.tar");
                let parcel = Parcel {
                    metadata: metadata(&[("filename", &filename), ("kind", "library")]),
                    bytes: self.exported.clone(),
                };
                (filename, parcel)
            }
        };
        let to = to.min(parcel.bytes.len());
        let length = parcel.bytes.len().to_string();
        let mut headers = vec![
            ("upload-length", length.as_str()),
            ("upload-metadata", &parcel.metadata),
        ];
        if to > 0 {
            headers.push(BYTES);
        }
        let sent = &parcel.bytes[..to];
        let answer = self.rig.tus("POST", "/api/uploads", &headers, sent).await;
        assert_eq!(answer.status, 201, "{}", answer.json);
        let upload = Upload {
            location: answer.header("location").to_owned(),
            filename,
            parcel,
            sent: to,
        };
        self.uploads.insert(name, upload);
    }

    /// Sends only a part of what it announces, and kills loop-web when that has come.
    async fn cut_off_upload(&mut self, name: &'static str, bytes: &[u8]) {
        use tokio::io::AsyncWriteExt;
        let upload = &self.uploads[name];
        let address = self.rig.url().replace("http://", "");
        let head = format!(
            "PATCH {} HTTP/1.1\r\nHost: {address}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: {}\r\n\
             Content-Type: {}\r\nContent-Length: {}\r\n\r\n",
            upload.location,
            upload.sent,
            BYTES.1,
            bytes.len() + 1
        );
        let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let seen = (upload.sent + bytes.len()) as u64;
        loop {
            let answer = self.rig.get(&upload.location).await.unwrap().ok();
            if answer["data"]["offset"] == seen {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.rig.kill(Daemon::Web).await;
        self.rig.launch(Daemon::Web).await;
        let location = upload.location.clone();
        let offset = self.rig.tus_offset(&location).await;
        self.uploads.get_mut(name).unwrap().sent = offset;
    }

    /// Waits until nothing is left of uploads that have all their bytes but what they have become.
    pub(super) async fn uploads_end(&self) {
        loop {
            let answer = self.rig.get("/api/uploads").await.unwrap().ok();
            let mut uploads = answer["data"]["uploads"].as_array().unwrap().iter();
            if uploads.all(|upload| upload["state"] == "receiving") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// What has arrived of the uploads under way: all of it was acknowledged.
    pub(super) async fn arrived(&self) -> BTreeMap<String, BTreeMap<String, (usize, u64)>> {
        let answer = self.rig.get("/api/uploads").await.unwrap();
        let uploads = answer.json["data"]["uploads"].as_array();
        let uploads = uploads.into_iter().flatten();
        let receiving = uploads.filter(|upload| upload["state"] == "receiving");
        let with_files = receiving.map(|upload| {
            let id = upload["id"].as_str().unwrap();
            let files = paths_in(&self.rig.data.join("incoming").join(id)).into_iter();
            // Its description tells of more than what has arrived, and may change.
            let content = files.filter(|(name, _)| !name.ends_with(".json"));
            let measured = content.map(|(name, path)| {
                let bytes = std::fs::read(path).unwrap();
                (name, (bytes.len(), hash_of(&bytes)))
            });
            let files: BTreeMap<_, _> = measured.collect();
            let arrived: usize = files.values().map(|(length, _)| length).sum();
            assert_eq!(Some(arrived as u64), upload["offset"].as_u64(), "{upload}");
            (id.to_owned(), files)
        });
        with_files.collect()
    }
}
