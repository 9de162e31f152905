//! Requests under load of other kinds, and what the programs take while nobody asks.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use loop_tests::media::{film, noisy_zip};
use loop_tests::rig::{Daemon, Rig};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::{SysconfVar, sysconf};
use reqwest::multipart::{Form, Part};
use serde_json::Value;

use super::load::{Seen, get};
use super::{original, report_memory, row, sockets};

const HALF_OPEN: usize = 1000;
const SOCKETS: usize = 256;
const UPLOADS: usize = 16;

/// For how long the processor's time is counted.
const IDLE: Duration = Duration::from_secs(60);

/// The head of a request, but for its end.
const HALF: &[u8] = b"GET /api/dashboard HTTP/1.1\r\nHost: localhost\r\nX-Slow: ";

/// With 200 media.
pub(crate) async fn all(rig: &mut Rig) {
    let (_, files) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, files, files).unwrap();
    for daemon in [Daemon::Web, Daemon::Hw] {
        rig.kill(daemon).await;
        rig.launch(daemon).await;
    }
    rig.until(|dashboard| dashboard["active"].is_string()).await;
    idle(rig, "stills, ten seconds each", None).await;
    packed(rig);
    lists(rig);
    script(rig).await;
    besieged(rig).await;
    beside_uploads(rig).await;
    let film: Vec<u8> = (0..50).collect();
    let slug = rig.upload("film", &film).await;
    let choice = serde_json::json!({"slug": slug});
    rig.post("/api/playback/select", &choice)
        .await
        .unwrap()
        .ok();
    rig.post("/api/playback/loop-mode", &serde_json::json!({}))
        .await
        .unwrap()
        .ok();
    idle(
        rig,
        "a film of 50 pictures",
        Some(original::FILM_CPU_PERCENT),
    )
    .await;
}

/// The processor's time of both programs while nobody asks, in percent of a core.
async fn idle(rig: &Rig, what: &str, original: Option<f64>) {
    report_memory(rig, &format!("idle, {what}"), None);
    let before = [Daemon::Web, Daemon::Hw].map(|daemon| seconds_of(rig, daemon));
    tokio::time::sleep(IDLE).await;
    let after = [Daemon::Web, Daemon::Hw].map(|daemon| seconds_of(rig, daemon));
    let [web, hw] = [0, 1].map(|at| (after[at] - before[at]) / IDLE.as_secs_f64() * 100.0);
    row(
        &format!("processor of loop-web, {what}"),
        web,
        None,
        "%",
        true,
    );
    row(
        &format!("processor of loop-hw, {what}"),
        hw,
        None,
        "%",
        true,
    );
    row(
        &format!("processor of both, {what}"),
        web + hw,
        original,
        "%",
        true,
    );
}

/// What a program has had of the processor, by itself and by the system for it.
fn seconds_of(rig: &Rig, daemon: Daemon) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{}/stat", rig.pid(daemon))).unwrap();
    // Behind the name, which may have spaces in it, the user's time is the 12th field.
    let (_, fields) = text.rsplit_once(") ").unwrap();
    let fields: Vec<&str> = fields.split(' ').collect();
    let ticks: f64 = [fields[11], fields[12]]
        .map(|ticks| ticks.parse::<f64>().unwrap())
        .iter()
        .sum();
    let a_second = sysconf(SysconfVar::CLK_TCK).unwrap().unwrap();
    ticks / f64::from(u32::try_from(a_second).unwrap())
}

fn tell(what: &str, seen: Option<Seen>, original: Option<f64>) {
    let Some(seen) = seen else {
        println!("| {what}: `wrk` is not installed | - | - | - |");
        return;
    };
    row(what, seen.rate, original, "req/s", false);
    row(&format!("{what}: median"), seen.median_ms, None, "ms", true);
    row(
        &format!("{what}: 99th percentile"),
        seen.slow_ms,
        None,
        "ms",
        true,
    );
}

fn packed(rig: &Rig) {
    for (connections, original) in [(1, Some(142.0)), (64, None)] {
        let what = format!("dashboard, {connections} connections, gzip");
        tell(
            &what,
            get(rig, "/api/dashboard", connections, true),
            original,
        );
    }
}

fn lists(rig: &Rig) {
    for (connections, before) in original::MEDIA_RATE {
        let what = format!("list of media, {connections} connections");
        tell(
            &what,
            get(rig, "/api/media", connections, false),
            Some(before),
        );
    }
}

async fn script(rig: &Rig) {
    let page = rig.get("/").await.unwrap().body;
    let page = String::from_utf8(page).unwrap();
    let Some((_, path)) = page.split_once("src=\"/assets/") else {
        println!("| the page's script: the program was built without its page | - | - | - |");
        return;
    };
    let (name, _) = path.split_once('"').unwrap();
    let path = format!("/assets/{name}");
    let size = rig.get(&path).await.unwrap().body.len() / 1000;
    for (connections, gzip, before) in original::SCRIPT_RATE {
        let packed = if gzip { ", gzip" } else { "" };
        let what =
            format!("script of {size} KB (the original's: 119), {connections} connections{packed}");
        tell(&what, get(rig, &path, connections, gzip), Some(before));
    }
}

/// A thousand connections whose requests have no end, and as many WebSockets as there may be.
async fn besieged(rig: &Rig) {
    let mut sockets = Vec::new();
    for number in 0..SOCKETS {
        sockets.push(sockets::guest(rig, number).await);
    }
    let address = rig.address();
    let half = |_| {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.write_all(HALF).unwrap();
        stream
    };
    let held: Vec<TcpStream> = (0..HALF_OPEN).map(half).collect();
    let what = "dashboard, 8 connections, beside 1000 half-open ones and 256 WebSockets";
    tell(what, get(rig, "/api/dashboard", 8, false), None);
    report_memory(rig, "1000 half-open connections, 256 WebSockets", None);
    drop((held, sockets));
}

/// Whether who reads has to wait for those who upload.
async fn beside_uploads(rig: &Rig) {
    tell(
        "dashboard, 8 connections, before uploads",
        get(rig, "/api/dashboard", 8, false),
        None,
    );
    let over = Arc::new(AtomicBool::new(false));
    let zip = Arc::new(noisy_zip("busy", 20));
    let mut senders = tokio::task::JoinSet::new();
    for number in 0..UPLOADS {
        let (over, zip, url) = (Arc::clone(&over), Arc::clone(&zip), rig.url());
        senders.spawn(async move {
            let http = reqwest::Client::new();
            while !over.load(Ordering::Relaxed) {
                upload_and_delete(&http, &format!("{url}/api/media"), number, &zip).await;
            }
        });
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let seen = tokio::task::block_in_place(|| get(rig, "/api/dashboard", 8, false));
    tell("dashboard, 8 connections, beside 16 uploads", seen, None);
    over.store(true, Ordering::Relaxed);
    while senders.join_next().await.is_some() {}
}

async fn upload_and_delete(http: &reqwest::Client, url: &str, number: usize, zip: &[u8]) {
    let name = format!("busy{number}");
    let file = |name: String, content| Part::bytes(content).file_name(name);
    let form = Form::new()
        .part("files", file(format!("{name}.mp4"), film(&name)))
        .part("files", file(format!("{name}_frames.zip"), zip.to_vec()));
    let answer = http.post(url).multipart(form).send().await.unwrap();
    // That there is no turn for it now is an answer, too.
    if let Ok(answer) = answer.error_for_status() {
        let answer: Value = answer.json().await.unwrap();
        let slug = answer["data"]["slug"].as_str().unwrap();
        http.delete(format!("{url}/{slug}")).send().await.unwrap();
    }
}
