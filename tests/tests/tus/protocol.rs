//! The protocol: what is answered to what.

use loop_tests::media::{film, frames_zip};
use loop_tests::rig::{Answer, Rig};
use loop_tests::tus::{BYTES, Parcel, metadata, sha1, sha256};
use serde_json::json;

/// Headers, and what they are answered with.
type Cases<'a> = &'a [(&'a [(&'a str, &'a str)], u16, &'a str)];

fn assert_refused(answer: &Answer, status: u16, code: &str, what: &dyn std::fmt::Debug) {
    let told = answer.json["code"].as_str();
    assert_eq!((answer.status, told), (status, Some(code)), "{what:?}");
    assert_eq!(answer.header("tus-resumable"), "1.0.0", "{what:?}");
    assert!(!answer.json["message"].as_str().unwrap().is_empty());
}

#[tokio::test]
async fn a_client_learns_what_it_may_do() {
    let rig = Rig::start().await;
    for path in [
        "/api/uploads",
        "/api/uploads/0123456789abcdef0123456789abcdef",
    ] {
        let answer = rig.send("OPTIONS", path, &[], Vec::new()).await.unwrap();
        assert_eq!(answer.status, 204);
        for (name, value) in [
            ("tus-resumable", "1.0.0"),
            ("tus-version", "1.0.0"),
            (
                "tus-extension",
                "creation,creation-with-upload,termination,checksum,expiration",
            ),
            ("tus-checksum-algorithm", "sha1,sha256"),
            ("tus-max-size", "1800000000"),
        ] {
            assert_eq!(answer.header(name), value);
        }
    }
    rig.finish().await;
}

#[tokio::test]
async fn what_cannot_be_begun_is_refused_and_leaves_nothing() {
    let rig = Rig::start_with(&[("LOOP_MEDIA_MAX_FILE_SIZE_MB", "1")]).await;
    let of = |fields: &[(&str, &str)]| metadata(&[&[("filename", "a.gif")], fields].concat());
    let (named, frames) = (of(&[]), of(&[("frames", "8000001")]));
    let too_many = of(&[("frames", "6")]);
    let odd = [
        of(&[("frames", "x")]),
        of(&[("fit", "stretch")]),
        of(&[("quality", "best")]),
        of(&[("sha256", "12")]),
        of(&[("kind", "virus")]),
    ];
    let long = format!("filename {}", "QUFB".repeat(1100));
    let length = ("upload-length", "5");
    let cases: Cases<'_> = &[
        (&[("upload-metadata", &named)], 400, "BAD_HEADER"),
        (&[("upload-length", "-5")], 400, "BAD_HEADER"),
        (
            &[("upload-length", "99999999999999999999")],
            400,
            "BAD_HEADER",
        ),
        (&[("upload-defer-length", "1")], 400, "BAD_HEADER"),
        (&[length, ("upload-concat", "partial")], 400, "BAD_HEADER"),
        (
            &[length, ("upload-metadata", "filename *")],
            400,
            "BAD_HEADER",
        ),
        (
            &[length, ("upload-metadata", "a YQ==,a YQ==")],
            400,
            "BAD_HEADER",
        ),
        (
            &[length, ("upload-metadata", "filename /w==")],
            400,
            "BAD_HEADER",
        ),
        (&[length, ("upload-metadata", &long)], 400, "BAD_HEADER"),
        (&[length], 422, "INVALID_FIELD"),
        (
            &[length, ("upload-metadata", &too_many)],
            422,
            "INVALID_FIELD",
        ),
        (&[length, ("upload-metadata", &odd[0])], 400, "BAD_HEADER"),
        (
            &[length, ("upload-metadata", &odd[1])],
            422,
            "INVALID_FIELD",
        ),
        (
            &[length, ("upload-metadata", &odd[2])],
            422,
            "INVALID_FIELD",
        ),
        (
            &[length, ("upload-metadata", &odd[3])],
            422,
            "INVALID_FIELD",
        ),
        (
            &[length, ("upload-metadata", &odd[4])],
            422,
            "INVALID_FIELD",
        ),
        (
            &[("upload-length", "0"), ("upload-metadata", &named)],
            422,
            "EMPTY_FILE",
        ),
        (
            &[("upload-length", "1000001"), ("upload-metadata", &named)],
            413,
            "FILE_TOO_LARGE",
        ),
        (
            &[("upload-length", "8000001"), ("upload-metadata", &frames)],
            413,
            "FILE_TOO_LARGE",
        ),
        (
            &[
                length,
                ("upload-metadata", &named),
                ("upload-checksum", "md5 AA=="),
            ],
            400,
            "BAD_HEADER",
        ),
    ];
    for (headers, status, code) in cases {
        let answer = rig.tus("POST", "/api/uploads", headers, b"").await;
        assert_refused(&answer, *status, code, headers);
    }
    for version in [&[][..], &[("tus-resumable", "0.2.2")]] {
        for (method, path) in [("POST", "/api/uploads"), ("PATCH", "/api/uploads/x")] {
            let answer = rig
                .send(method, path, version, b"abc".to_vec())
                .await
                .unwrap();
            assert_refused(&answer, 412, "TUS_VERSION", &method);
            assert_eq!(answer.header("tus-version"), "1.0.0");
        }
    }
    let answer = rig.tus("PUT", "/api/uploads", &[], b"").await;
    assert_refused(&answer, 405, "METHOD_NOT_ALLOWED", &"PUT");
    let all = rig.get("/api/uploads").await.unwrap().ok();
    assert_eq!(all["data"]["uploads"], json!([]));
    rig.finish().await;
}

#[tokio::test]
async fn what_does_not_fit_is_refused_and_changes_nothing() {
    let rig = Rig::start().await;
    let parcel = Parcel::film("a", &[1]);
    let upload = rig.tus_create(&parcel).await;
    let kept = &parcel.bytes[..1000];
    assert_eq!(
        rig.tus_patch(&upload, 0, kept)
            .await
            .header("upload-offset"),
        "1000"
    );
    let (at, wrong, right) = (("upload-offset", "1000"), sha1(b"other"), sha256(b"12345"));
    let odd = ("content-type", "text/plain");
    let cases: Cases<'_> = &[
        (&[odd, at], 415, "WRONG_CONTENT_TYPE"),
        (&[at], 415, "WRONG_CONTENT_TYPE"),
        (&[BYTES], 400, "BAD_HEADER"),
        (&[BYTES, ("upload-offset", "x")], 400, "BAD_HEADER"),
        (&[BYTES, at, ("upload-offset", "0")], 400, "BAD_HEADER"),
        (&[BYTES, ("upload-offset", "0")], 409, "WRONG_OFFSET"),
        (&[BYTES, ("upload-offset", "1001")], 409, "WRONG_OFFSET"),
        (
            &[BYTES, at, ("upload-checksum", "crc32 AAAAAA==")],
            400,
            "BAD_HEADER",
        ),
        (
            &[BYTES, at, ("upload-checksum", &wrong)],
            460,
            "CHECKSUM_MISMATCH",
        ),
    ];
    for (headers, status, code) in cases {
        let answer = rig.tus("PATCH", &upload, headers, b"12345").await;
        assert_refused(&answer, *status, code, headers);
        assert_eq!(rig.tus_offset(&upload).await, 1000, "{headers:?}");
    }
    for gone in [
        "/api/uploads/x",
        "/api/uploads/00000000000000000000000000000000",
    ] {
        for method in ["PATCH", "DELETE", "GET"] {
            let answer = rig.tus(method, gone, &[], b"").await;
            assert_refused(&answer, 404, "NOT_FOUND", &method);
        }
        assert_eq!(rig.tus("HEAD", gone, &[], b"").await.status, 404);
    }
    let much = vec![0; parcel.bytes.len()];
    let answer = rig.tus_patch(&upload, 1000, &much).await;
    assert_refused(&answer, 413, "TOO_MANY_BYTES", &"more than announced");
    assert_eq!(rig.tus_offset(&upload).await, 1000);
    // After all that it goes on as if nothing had been.
    let more = [("upload-checksum", right.as_str())];
    let wrong_bytes = rig.tus_patch_with(&upload, 1000, &more, b"54321").await;
    assert_eq!(wrong_bytes.status, 460);
    let rest = &parcel.bytes[1000..];
    for sum in [sha1(rest), sha256(rest)].iter().take(1) {
        let more = [("upload-checksum", sum.as_str())];
        let answer = rig.tus_patch_with(&upload, 1000, &more, rest).await;
        assert_eq!(answer.status, 204, "{}", answer.json);
    }
    rig.tus_item(&upload).await;
    rig.finish().await;
}

#[tokio::test]
async fn an_upload_tells_where_it_goes_on_and_what_it_is() {
    let rig = Rig::start().await;
    let parcel = Parcel::film("a", &[1]);
    let upload = rig.tus_create(&parcel).await;
    let id = upload.rsplit('/').next().unwrap();
    assert_eq!((id.len(), rig.leftovers()), (32, vec![id.to_owned()]));
    let answer = rig.tus_patch(&upload, 0, &parcel.bytes[..77]).await;
    assert_eq!(answer.status, 204);
    assert!(answer.header("upload-expires").ends_with(" GMT"));
    let head = rig.tus("HEAD", &upload, &[], b"").await;
    let length = parcel.bytes.len().to_string();
    for (name, value) in [
        ("upload-offset", "77"),
        ("upload-length", length.as_str()),
        ("upload-metadata", parcel.metadata.as_str()),
        ("cache-control", "no-store"),
        ("tus-resumable", "1.0.0"),
    ] {
        assert_eq!(head.header(name), value);
    }
    let state = rig.get(&upload).await.unwrap().ok()["data"].clone();
    let told = (
        &state["id"],
        &state["state"],
        &state["offset"],
        &state["filename"],
    );
    assert_eq!(
        told,
        (&json!(id), &json!("receiving"), &json!(77), &json!("a.mp4"))
    );
    let all = rig.get("/api/uploads").await.unwrap().ok();
    let all = all["data"]["uploads"].as_array().unwrap();
    assert_eq!((all.len(), &all[0]["id"]), (1, &json!(id)));
    rig.until(|dashboard| dashboard["processing"][id]["stage"] == "receiving")
        .await;
    assert_eq!(rig.tus("DELETE", &upload, &[], b"").await.status, 204);
    assert_eq!(rig.leftovers(), Vec::<String>::new());
    for method in ["HEAD", "DELETE", "PATCH"] {
        assert_eq!(
            rig.tus(method, &upload, &[], b"").await.status,
            410,
            "{method}"
        );
    }
    let ended = rig.get(&upload).await.unwrap().ok();
    assert_eq!(
        (&ended["data"]["state"], &ended["data"]["code"]),
        (&json!("failed"), &json!("CANCELLED"))
    );
    rig.until(|dashboard| dashboard["processing"].is_null())
        .await;
    rig.finish().await;
}

#[tokio::test]
async fn an_upload_may_begin_with_its_first_bytes_and_by_post_alone() {
    let rig = Rig::start().await;
    let parcel = Parcel::film("a", &[1]);
    let length = parcel.bytes.len().to_string();
    let begin = [
        BYTES,
        ("upload-length", length.as_str()),
        ("upload-metadata", &parcel.metadata),
    ];
    let (first, rest) = parcel.bytes.split_at(5000);
    let sum = sha1(b"x");
    let wrong = [&begin[..], &[("upload-checksum", sum.as_str())]].concat();
    let answer = rig.tus("POST", "/api/uploads", &wrong, first).await;
    assert_refused(&answer, 460, "CHECKSUM_MISMATCH", &"creation with upload");
    assert_eq!(rig.leftovers(), Vec::<String>::new());
    let answer = rig.tus("POST", "/api/uploads", &begin, first).await;
    assert_eq!(
        (answer.status, answer.header("upload-offset")),
        (201, "5000")
    );
    let upload = answer.header("location").to_owned();
    let means = |method| ("x-http-method-override", method);
    let head = rig.tus("POST", &upload, &[means("HEAD")], b"").await;
    assert_eq!((head.status, head.header("upload-offset")), (200, "5000"));
    let add = [means("PATCH"), BYTES, ("upload-offset", "5000")];
    let answer = rig.tus("POST", &upload, &add, rest).await;
    assert_eq!(answer.status, 204, "{}", answer.json);
    rig.tus_item(&upload).await;
    // A GET changes nothing, whatever it says that it means.
    let parcel = Parcel::film("b", &[2]);
    let upload = rig.tus_create(&parcel).await;
    rig.tus("GET", &upload, &[means("DELETE")], b"").await.ok();
    assert_eq!(rig.tus_offset(&upload).await, 0);
    let id = upload.rsplit('/').next().unwrap();
    rig.delete(&format!("/api/jobs/{id}")).await.unwrap().ok();
    let again = rig.delete(&format!("/api/jobs/{id}")).await.unwrap();
    assert_eq!(
        (again.status, &again.json["code"]),
        (404, &json!("NOT_FOUND"))
    );
    rig.finish().await;
}

#[tokio::test]
async fn an_upload_that_is_nothing_we_show_ends_with_the_reason() {
    let rig = Rig::start().await;
    let zip = frames_zip("a", &[1]);
    let sum = "0".repeat(64);
    let mut damaged = Parcel::new("a.mp4", &film("a"), &zip);
    let frames = zip.len().to_string();
    damaged.metadata = metadata(&[("filename", "a.mp4"), ("frames", &frames), ("sha256", &sum)]);
    let mut library = Parcel::new("l.tar", b"no archive", b"");
    library.metadata = metadata(&[("filename", "l.tar"), ("kind", "library")]);
    let cases = [
        (Parcel::new("a.gif", b"<html>", &zip), "NOT_MEDIA"),
        (Parcel::new("a.mp4", &film("a"), b"PK"), "BAD_FRAMES"),
        (damaged, "CHECKSUM_MISMATCH"),
        (library, "NOT_A_LIBRARY"),
    ];
    for (parcel, code) in cases {
        let upload = rig.tus_upload(&parcel, 50_000).await;
        let ended = rig.tus_until(&upload, "failed").await;
        assert_eq!(
            (&ended["code"], &ended["slug"]),
            (&json!(code), &json!(null))
        );
        assert_eq!(rig.leftovers(), Vec::<String>::new());
        assert_eq!(rig.tus_offset(&upload).await, parcel.bytes.len());
    }
    rig.until(|dashboard| dashboard["processing"].is_null())
        .await;
    rig.finish().await;
}
