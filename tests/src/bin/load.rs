//! A load that remembers what was acknowledged, for devices that lose power.
//!
//!   load run URL JOURNAL [--seed N] [--seconds N]   works the device; each time it goes away, waits for it and checks it
//!   load check URL JOURNAL                          checks it

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use loop_tests::load::{End, Load};

/// How long a load runs if nobody says.
const SECONDS: u64 = 60;

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let done = match words.as_slice() {
        ["run", url, journal, options @ ..] => match numbers(options) {
            Ok((seed, seconds)) => runtime.block_on(run(url, journal, seed, seconds)),
            Err(text) => Err(text),
        },
        ["check", url, journal] => runtime.block_on(check(url, journal)),
        _ => Err(
            "usage: load run URL JOURNAL [--seed N] [--seconds N] | load check URL JOURNAL"
                .to_owned(),
        ),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}

/// The seed and the seconds.
fn numbers(options: &[&str]) -> Result<(u64, u64), String> {
    let (mut seed, mut seconds) = (1, SECONDS);
    for option in options.chunks(2) {
        let number = option.get(1).and_then(|number| number.parse().ok());
        match (option[0], number) {
            ("--seed", Some(number)) => seed = number,
            ("--seconds", Some(number)) => seconds = number,
            _ => return Err(format!("{option:?} is no option with its number")),
        }
    }
    Ok((seed, seconds))
}

async fn run(url: &str, journal: &str, seed: u64, seconds: u64) -> Result<(), String> {
    let until = Instant::now() + Duration::from_secs(seconds);
    let load = open(url, journal).await?;
    for round in 0.. {
        tell(&load).await?;
        let time = until.saturating_duration_since(Instant::now());
        if time.is_zero() {
            break;
        }
        match load.work(seed.wrapping_add(round), time).await? {
            End::Time => println!("the time is over"),
            End::Gone(why) => println!("the device has gone: {why}"),
        }
    }
    Ok(())
}

async fn check(url: &str, journal: &str) -> Result<(), String> {
    let load = open(url, journal).await?;
    tell(&load).await
}

async fn open(url: &str, journal: &str) -> Result<Load, String> {
    let load = Load::open(url, Path::new(journal)).await?;
    for missing in load.features.missing() {
        println!("not there yet, and left out: {missing}");
    }
    Ok(load)
}

async fn tell(load: &Load) -> Result<(), String> {
    match load.check().await {
        Ok(report) => {
            println!(
                "right: {} items, {} in the loop, {} uploads lying; {} states would have been",
                report.items,
                report.looping,
                report.uploads.len(),
                report.possible
            );
            Ok(())
        }
        Err(faults) => Err(format!("WRONG:\n  {}", faults.join("\n  "))),
    }
}
