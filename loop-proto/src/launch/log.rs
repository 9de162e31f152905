//! Where the log goes and what its lines look like.
//!
//! Under systemd each line begins with its priority, `<4>`, which journald takes off and files; it stamps the time itself.

use std::io::{self, Write};

use tracing::{Level, Metadata};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry};

/// What a line looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// For people.
    Text,
    /// An object a line.
    Json,
}

/// Starts the log, as the environment wants it.
pub(super) fn start() {
    let wanted = |name| std::env::var(name).ok();
    let level = wanted("LOOP_LOG").and_then(|level| level.parse().ok());
    // tarpc logs each request at info, and formatting a hostile deadline there panics.
    let filter = Targets::new()
        .with_default(level.unwrap_or(LevelFilter::INFO))
        .with_target("tarpc", LevelFilter::WARN);
    let format = wanted("LOOP_LOG_FORMAT");
    let known = format.as_deref().map_or(Some(Format::Text), parse);
    let lines = Lines {
        prioritised: std::env::var_os("JOURNAL_STREAM").is_some(),
    };
    tracing_subscriber::registry()
        .with(layer(known.unwrap_or(Format::Text), lines))
        .with(filter)
        .init();
    if known.is_none() {
        tracing::warn!(
            format,
            "LOOP_LOG_FORMAT is neither text nor json; the log is text"
        );
    }
}

fn parse(word: &str) -> Option<Format> {
    match word {
        "text" => Some(Format::Text),
        "json" => Some(Format::Json),
        _ => None,
    }
}

fn layer(format: Format, lines: Lines) -> Box<dyn Layer<Registry> + Send + Sync> {
    let coloured = io::IsTerminal::is_terminal(&io::stderr());
    let layer = tracing_subscriber::fmt::layer().with_writer(lines);
    match (format, lines.prioritised) {
        (Format::Json, _) => layer
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .boxed(),
        (Format::Text, true) => layer.with_ansi(false).without_time().boxed(),
        (Format::Text, false) => layer.with_ansi(coloured).boxed(),
    }
}

/// Lines to stderr.
#[derive(Clone, Copy, Debug)]
struct Lines {
    /// Whether each begins with its priority.
    prioritised: bool,
}

/// One line.
#[derive(Debug)]
struct Line(&'static str);

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line("")
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Line {
        Line(match self.prioritised {
            true => priority(*meta.level()),
            false => "",
        })
    }
}

impl Write for Line {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        // At once, so that no other process writes in between.
        let mut whole = Vec::with_capacity(self.0.len() + line.len());
        whole.extend_from_slice(self.0.as_bytes());
        whole.extend_from_slice(line);
        io::stderr().write_all(&whole)?;
        self.0 = "";
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// As syslog numbers them.
fn priority(level: Level) -> &'static str {
    match level {
        Level::ERROR => "<3>",
        Level::WARN => "<4>",
        Level::INFO => "<6>",
        Level::DEBUG | Level::TRACE => "<7>",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_formats_are_known() {
        assert_eq!(parse("text"), Some(Format::Text));
        assert_eq!(parse("json"), Some(Format::Json));
        assert_eq!(parse("JSON "), None);
    }

    #[test]
    fn what_is_worse_has_a_lower_number() {
        let levels = [Level::ERROR, Level::WARN, Level::INFO, Level::DEBUG];
        assert!(levels.map(priority).is_sorted());
    }
}
