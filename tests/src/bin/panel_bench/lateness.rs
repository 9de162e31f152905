//! How late frames come while others want the processor, beside the original's way of sleeping.

use std::time::Duration;

use loop_hw::player::pacing::{Hogs, Method, Trial, measure, simulated_drift};
use serde_json::{Map, Value};

use crate::rounded;

/// Ten seconds of film over a wire that is busy for a fifth of the time.
const TRIAL: Trial = Trial {
    frames: 250,
    period: Duration::from_millis(40),
    work: Duration::from_millis(8),
};

/// As many as keep two cores busy and have one wait.
const HOGS: usize = 3;

pub(crate) fn report(figures: &mut Map<String, Value>) {
    println!(
        "\n| lateness | p50 us | p99 us | most us | drift us | dropped |\n|---|---|---|---|---|---|"
    );
    let methods = [
        ("original: relative sleep", Method::RelativeSleep),
        ("LOOP, not real-time", Method::Normal),
        ("LOOP", Method::Realtime),
    ];
    for busy in [false, true] {
        let hogs = busy.then(|| Hogs::start(HOGS).unwrap());
        for (name, method) in methods {
            let seen = measure(TRIAL, method).unwrap();
            let load = if busy { "3 busy threads" } else { "idle" };
            let micros = |time: Duration| time.as_secs_f64() * 1e6;
            println!(
                "| {name}, {load} ({:?}) | {:.0} | {:.0} | {:.0} | {:.0} | {} |",
                seen.scheduling,
                micros(seen.p50),
                micros(seen.p99),
                micros(seen.max),
                micros(seen.drift),
                seen.dropped
            );
            if busy && method == Method::Realtime {
                figures.insert("lateness_p99_us".to_owned(), rounded(micros(seen.p99)));
                figures.insert("lateness_max_us".to_owned(), rounded(micros(seen.max)));
                let scheduling = format!("{:?}", seen.scheduling).to_lowercase();
                figures.insert("lateness_scheduling".to_owned(), scheduling.into());
            }
        }
        drop(hogs);
    }
    let drift = simulated_drift(Duration::from_secs(3600), TRIAL.period);
    figures.insert(
        "drift_us_per_hour".to_owned(),
        rounded(drift.as_secs_f64() * 1e6),
    );
}
