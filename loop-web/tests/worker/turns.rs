//! One at a time, cancelled, timed out: and nothing is left running.

use std::path::Path;
use std::sync::{OnceLock, mpsc};
use std::time::Duration;

use loop_web::convert::{Converter, Error, Progress};
use loop_web::look::Look;

use crate::originals::plain_png;
use crate::workshop::{Workshop, ffmpeg, program, search_path};

/// A film that is long enough to be interrupted, under a path that no other test has.
fn long_film(workshop: &Workshop) -> std::path::PathBuf {
    static FILM: OnceLock<Vec<u8>> = OnceLock::new();
    let path = workshop.folder.path().join("long.mp4");
    let film = FILM.get_or_init(|| {
        let source = "-f lavfi -i testsrc2=s=1280x720:r=30:d=40 -c:v libx264 -preset ultrafast";
        ffmpeg(source, &path);
        std::fs::read(&path).unwrap()
    });
    std::fs::write(&path, film).unwrap();
    path
}

/// Processes that were started with this path.
fn running(path: &Path) -> Vec<String> {
    let wanted = path.to_str().unwrap();
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    let lines = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
    lines.filter(|line| line.contains(wanted)).collect()
}

async fn gone(path: &Path) {
    let ended = async {
        while !running(path).is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let ended = tokio::time::timeout(Duration::from_secs(10), ended).await;
    assert!(ended.is_ok(), "still there: {:?}", running(path));
}

#[tokio::test]
async fn a_conversion_that_nobody_waits_for_ends_with_all_it_started() {
    let workshop = Workshop::new();
    let film = long_film(&workshop);
    let (tell, told) = mpsc::channel();
    let folder = workshop.folder.path().to_owned();
    let (converter, source) = (workshop.converter.clone(), film.clone());
    let conversion = tokio::spawn(async move {
        let progress = move |progress| tell.send(progress).unwrap_or_default();
        converter
            .convert(&source, "video/mp4", Look::default(), &folder, progress)
            .await
    });
    while told.try_recv() != Ok(Progress::Working(1)) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let both = running(&film);
    assert!(
        both.iter().any(|line| line.contains("convert-worker")),
        "{both:?}"
    );
    assert!(
        both.iter()
            .any(|line| line.contains("ffmpeg") && line.contains("showinfo")),
        "{both:?}"
    );
    conversion.abort();
    assert!(conversion.await.unwrap_err().is_cancelled());
    gone(&film).await;
    // The turn has been given back.
    workshop
        .convert(&plain_png(4, 3, [1; 3]), "image/png")
        .await
        .unwrap();
}

#[tokio::test]
async fn a_conversion_that_takes_too_long_ends_in_a_clear_error() {
    let limit = Duration::from_secs(1);
    let workshop = Workshop::with(Converter::with_program(program(), search_path(), limit));
    let film = long_film(&workshop);
    let error = workshop
        .convert_file(&film, "video/mp4", Look::default())
        .await
        .unwrap_err();
    assert!(
        matches!(error, Error::TimedOut { seconds: 1, .. }),
        "{error}"
    );
    assert!(error.to_string().contains("convert_timeout_seconds"));
    gone(&film).await;
}

#[tokio::test]
async fn conversions_take_turns_and_who_waits_is_told() {
    let first = Workshop::new();
    let second = Workshop::with(first.converter.clone());
    let film = long_film(&first);
    let (tell, told) = mpsc::channel();
    let (converter, source) = (first.converter.clone(), film.clone());
    let folder = first.folder.path().to_owned();
    let conversion = tokio::spawn(async move {
        converter
            .convert(
                &source,
                "video/mp4",
                Look::default(),
                &folder,
                move |progress| {
                    tell.send(progress).unwrap_or_default();
                },
            )
            .await
    });
    while told.try_recv().is_err() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let (mut seen, png) = (Vec::new(), second.original(&plain_png(4, 3, [1; 3])));
    let waiting = second.converter.convert(
        &png,
        "image/png",
        Look::default(),
        second.folder.path(),
        |progress| seen.push(progress),
    );
    let early = tokio::time::timeout(Duration::from_millis(300), waiting).await;
    assert!(early.is_err(), "it did not wait");
    assert_eq!(seen, [Progress::Waiting]);
    conversion.abort();
    second
        .convert(&plain_png(4, 3, [1; 3]), "image/png")
        .await
        .unwrap();
}

#[tokio::test]
async fn an_original_that_is_not_there_is_our_own_failure() {
    let workshop = Workshop::new();
    let missing = workshop.folder.path().join("missing");
    let failed = workshop
        .convert_file(&missing, "image/png", Look::default())
        .await;
    let error = failed.unwrap_err();
    assert!(matches!(error, Error::Failed(_)), "{error}");
    assert!(error.to_string().contains("No such file"), "{error}");
}
