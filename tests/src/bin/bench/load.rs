//! Many requests, made by `wrk`.

use std::process::Command;

use loop_tests::rig::Rig;

/// What `wrk` saw.
pub(crate) struct Seen {
    /// Requests a second.
    pub(crate) rate: f64,
    pub(crate) median_ms: f64,
    /// The 99th percentile.
    pub(crate) slow_ms: f64,
}

/// Four seconds of requests for this path over this many connections; `None` without `wrk`.
pub(crate) fn get(rig: &Rig, path: &str, connections: u32, gzip: bool) -> Option<Seen> {
    let mut command = Command::new("wrk");
    command.args(["--latency", "-t1", &format!("-c{connections}"), "-d4s"]);
    if gzip {
        command.args(["-H", "Accept-Encoding: gzip"]);
    }
    let output = command.arg(format!("{}{path}", rig.url())).output().ok()?;
    let text = String::from_utf8(output.stdout).unwrap();
    // Refusals are quick: they must not count.
    assert!(!text.contains("Non-2xx"), "{text}");
    assert!(!text.contains("Socket errors"), "{text}");
    let after = |label: &str| {
        let line = text
            .lines()
            .find_map(|line| line.trim().strip_prefix(label));
        line.unwrap_or_else(|| panic!("wrk says no {label}: {text}"))
            .trim()
            .to_owned()
    };
    Some(Seen {
        rate: after("Requests/sec:").parse().unwrap(),
        median_ms: milliseconds(&after("50%")),
        slow_ms: milliseconds(&after("99%")),
    })
}

fn milliseconds(text: &str) -> f64 {
    let units = [("us", 0.001), ("ms", 1.0), ("s", 1000.0)];
    let found = units
        .iter()
        .find_map(|(unit, factor)| Some(text.strip_suffix(unit)?.parse::<f64>().ok()? * factor));
    found.unwrap()
}
