//! What the device says of its own interface. That each answer is as it says is judged wherever a test asks the device: see
//! `loop_tests::described`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use loop_tests::rig::Rig;
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

const DOCUMENT: &str = "/api/openapi.json";

const METHODS: [&str; 6] = ["GET", "PUT", "POST", "DELETE", "PATCH", "TRACE"];

fn document() -> Value {
    let written = serde_json::to_string(&loop_web::http::openapi::document()).unwrap();
    serde_json::from_str(&written).unwrap()
}

fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap().to_owned()
}

#[tokio::test]
async fn the_document_is_served_as_it_is_made_and_only_once() {
    let rig = Rig::start().await;
    let served = rig.get(DOCUMENT).await.unwrap();
    assert_eq!(served.header("content-type"), "application/json");
    assert!(served.json == document(), "something else is served");
    assert_eq!(served.json["openapi"], "3.1.0");
    let etag = served.header("etag").to_owned();
    let again = rig.get_with(DOCUMENT, &[("if-none-match", &etag)]).await;
    assert_eq!(again.unwrap().status, 304);
    let packed = rig.get_with(DOCUMENT, &[("accept-encoding", "gzip")]).await;
    let packed = packed.unwrap();
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert!(packed.body.len() * 5 < served.body.len());
    rig.finish().await;
}

/// All values of a key, wherever it is.
fn all<'a>(key: &str, value: &'a Value, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get(key));
            fields.values().for_each(|value| all(key, value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| all(key, value, found)),
        _ => {}
    }
}

#[test]
fn what_the_document_refers_to_is_in_it_and_no_two_operations_have_one_name() {
    let document = document();
    let (mut references, mut names) = (Vec::new(), Vec::new());
    all("$ref", &document, &mut references);
    all("operationId", &document["paths"], &mut names);
    assert!(references.len() > 100 && names.len() > 40);
    for reference in references {
        let place = reference.as_str().unwrap().trim_start_matches('#');
        assert!(document.pointer(place).is_some(), "{reference}");
    }
    let different: BTreeSet<_> = names.iter().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(different.len(), names.len());
}

#[tokio::test]
async fn what_is_described_is_answered_and_no_other_method_is() {
    let rig = Rig::start().await;
    rig.upload("a", &[1]).await;
    let document = document();
    for (path, operations) in document["paths"].as_object().unwrap() {
        let asked = path.replace("{slug}", "a_0123456789abcdef");
        let asked = asked.replace("{id}", &"0".repeat(32));
        for method in METHODS {
            let answer = rig.send(method, &asked, &[], Vec::new()).await.unwrap();
            // Where nothing is described, 405 is what is judged to be right.
            let described = operations.get(method.to_lowercase()).is_some();
            // Alone it does not say what it means.
            let means_another = (method, path.as_str()) == ("POST", "/api/uploads/{id}");
            assert_eq!(
                answer.status == 405,
                means_another || !described,
                "{method} {path}"
            );
        }
    }
    rig.finish().await;
}

/// Where the page's types come from.
#[test]
fn the_copy_that_the_pages_types_are_made_of_is_fresh() {
    let place = root().join("spa/openapi.json");
    let made = format!("{:#}\n", document());
    if std::env::var_os("LOOP_REFRESH").is_some() {
        std::fs::write(&place, &made).unwrap();
    }
    let kept = std::fs::read_to_string(place).unwrap_or_default();
    assert!(
        kept == made,
        "spa/openapi.json is not what the handlers say: run `make api-types` and commit what it changes"
    );
}

/// Asks everything schemathesis can think of, with every check; the device must be well afterwards.
#[tokio::test]
#[ignore = "needs what `make api-fuzz` installs"]
async fn schemathesis_finds_nothing() {
    let rig = Rig::start_with(&[
        // What it uploads has a few bytes; what it announces must not fill the disk.
        ("LOOP_MEDIA_MAX_FILE_SIZE_MB", "2"),
        ("LOOP_MEDIA_MAX_PENDING_MB", "20"),
        ("LOOP_MEDIA_UNDO_SECONDS", "1"),
    ])
    .await;
    let set = |name, otherwise: &str| std::env::var(name).unwrap_or(otherwise.to_owned());
    let (ours, folder) = (root().join("tests/api"), TempDir::new().unwrap());
    let asked = Command::new(root().join("target/schemathesis/bin/schemathesis"))
        .arg("--config-file")
        .arg(ours.join("schemathesis.toml"))
        .args(["run", "--checks", "all", "--warnings", "off"])
        .args(["--max-examples", &set("LOOP_API_EXAMPLES", "50")])
        .args(["--seed", &set("LOOP_API_SEED", "1")])
        .arg(format!("{}{DOCUMENT}", rig.url()))
        .env("SCHEMATHESIS_HOOKS", ours.join("hooks.py"))
        .current_dir(folder.path())
        .status()
        .await
        .unwrap();
    assert!(asked.success(), "schemathesis has found something");
    remove_uploads(&rig).await;
    rig.upload("a", &[1]).await;
    rig.finish().await;
}

async fn remove_uploads(rig: &Rig) {
    let under_way = rig.get("/api/uploads").await.unwrap().ok();
    for upload in under_way["data"]["uploads"].as_array().unwrap() {
        let path = format!("/api/uploads/{}", upload["id"].as_str().unwrap());
        let tus = [("tus-resumable", "1.0.0")];
        let removed = rig.send("DELETE", &path, &tus, Vec::new()).await;
        assert_eq!(removed.unwrap().status, 204);
    }
}
