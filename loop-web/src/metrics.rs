//! What happens, counted where it happens; `http/metrics.rs` shows it.
//!
//! There is one of it in a process, as there is one table of its open files: whoever counts something need not be given it.
//! What can be asked for when somebody looks is not counted here, see [`scrape`].

pub(crate) mod device;
mod http;
pub(crate) mod scrape;
mod work;

use std::sync::LazyLock;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

pub(crate) use http::{Counted, Http, Refusal, method_name};
pub(crate) use work::{Conversions, Ipc, Kind, Live, Uploads};

/// Names with values.
type Labels<const N: usize> = [(&'static str, &'static str); N];

/// Begins every name.
pub(crate) const PREFIX: &str = "loop";

pub(crate) static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);

/// All that is counted.
#[derive(Debug)]
pub(crate) struct Metrics {
    pub(crate) http: Http,
    pub(crate) ipc: Ipc,
    pub(crate) live: Live,
    pub(crate) uploads: Uploads,
    pub(crate) conversions: Conversions,
    pub(crate) registry: Registry,
}

impl Metrics {
    fn new() -> Self {
        let mut registry = Registry::with_prefix(PREFIX);
        Self {
            http: Http::register(&mut registry),
            ipc: Ipc::register(&mut registry),
            live: Live::register(&mut registry),
            uploads: Uploads::register(&mut registry),
            conversions: Conversions::register(&mut registry),
            registry,
        }
    }
}

/// One for each value of a label, there from the start: a rate needs a 0 to begin with.
fn counters<const N: usize>(
    family: &Family<Labels<1>, Counter>,
    label: &'static str,
    values: [&'static str; N],
) -> [Counter; N] {
    values.map(|value| family.get_or_create_owned(&[(label, value)]))
}
