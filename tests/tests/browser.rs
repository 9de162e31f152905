//! The page in Chromium on a running device: `make browser`. It needs the page's modules, Chromium and ffmpeg.

use std::path::Path;

use loop_tests::rig::Rig;
use tokio::process::Command;

#[tokio::test]
#[ignore = "needs what `make browser` installs"]
async fn the_page_does_what_it_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let media = tempfile::TempDir::new().unwrap();
    let made = Command::new(root.join("tests/media/make.sh"))
        .arg(media.path())
        .status()
        .await
        .unwrap();
    assert!(made.success(), "tests/media/make.sh");
    let page = root.join("spa/dist").display().to_string();
    let rig = Rig::start_with(&[
        ("LOOP_WEB_PAGE_DIR", &page),
        ("LOOP_PLAYBACK_STATIC_IMAGE_DURATION_SEC", "2"),
    ])
    .await;
    let tests = Command::new("npx")
        .args(["playwright", "test"])
        .current_dir(root.join("spa"))
        .env("LOOP_URL", rig.url())
        .env("LOOP_MEDIA", media.path())
        .status()
        .await
        .unwrap();
    assert!(tests.success(), "npx playwright test");
    rig.finish().await;
}
