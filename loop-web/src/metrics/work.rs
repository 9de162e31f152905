//! Calls to loop-hw, WebSockets, uploads and conversions.

use std::time::Duration;

use loop_proto::client::Outcome;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::{Labels, counters};
use crate::convert;

/// A call takes 20 microseconds; one that waits for news up to 20 s.
const SECONDS: [f64; 9] = [0.0001, 0.00025, 0.0005, 0.001, 0.005, 0.025, 0.1, 1.0, 20.0];

/// Calls to loop-hw.
#[derive(Debug)]
pub(crate) struct Ipc {
    calls: Family<Labels<2>, Counter>,
    seconds: Family<Labels<1>, Histogram, fn() -> Histogram>,
    pub(crate) connections: Counter,
}

impl Ipc {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let seconds: fn() -> Histogram = || Histogram::new(SECONDS);
        let ipc = Self {
            calls: Family::default(),
            seconds: Family::new_with_constructor(seconds),
            connections: Counter::default(),
        };
        registry.register(
            "ipc_calls",
            "Calls to loop-hw that have ended",
            ipc.calls.clone(),
        );
        let help = "How long they took; changes_since and glass_after wait for news";
        registry.register_with_unit(
            "ipc_call_duration",
            help,
            Unit::Seconds,
            ipc.seconds.clone(),
        );
        let help = "Connections to loop-hw that were made: all but the first are reconnects";
        registry.register("ipc_connections", help, ipc.connections.clone());
        ipc
    }

    pub(crate) fn ended(&self, method: &'static str, outcome: Outcome, took: Duration) {
        let outcome = match outcome {
            Outcome::Answered => "answered",
            Outcome::Refused => "refused",
            Outcome::Timeout => "timeout",
            Outcome::Lost => "lost",
        };
        let labels = [("method", method), ("outcome", outcome)];
        self.calls.get_or_create(&labels).inc();
        let [method, _] = labels;
        self.seconds
            .get_or_create(&[method])
            .observe(took.as_secs_f64());
    }
}

/// Messages to WebSockets; who is connected is asked for.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) messages: Counter,
    pub(crate) bytes: Counter,
    pub(crate) resyncs: Counter,
    pub(crate) dropped: Counter,
}

impl Live {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let live = Self {
            messages: Counter::default(),
            bytes: Counter::default(),
            resyncs: Counter::default(),
            dropped: Counter::default(),
        };
        let help = "Messages sent to WebSocket clients";
        registry.register("websocket_messages", help, live.messages.clone());
        let help = "Bytes of those messages";
        registry.register("websocket_message_bytes", help, live.bytes.clone());
        let help = "Times that a WebSocket client was too slow and got the whole state instead of messages";
        registry.register("websocket_resyncs", help, live.resyncs.clone());
        let help = "WebSocket clients dropped because they took nothing or did not answer";
        registry.register("websocket_clients_dropped", help, live.dropped.clone());
        live
    }
}

/// How files come in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// By a form.
    Form,
    /// In parts.
    Tus,
}

/// Uploads and their bytes.
#[derive(Debug)]
pub(crate) struct Uploads {
    ended: Family<Labels<2>, Counter>,
    bytes: [Counter; 2],
}

impl Uploads {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let bytes = Family::default();
        let uploads = Self {
            ended: Family::default(),
            bytes: counters(&bytes, "kind", [Kind::Form.name(), Kind::Tus.name()]),
        };
        for kind in [Kind::Form, Kind::Tus] {
            for outcome in ["complete", "failed"] {
                let labels = [("kind", kind.name()), ("outcome", outcome)];
                drop(uploads.ended.get_or_create(&labels));
            }
        }
        let help = "Uploads that became part of the library, or did not";
        registry.register("uploads", help, uploads.ended.clone());
        registry.register("upload_bytes", "Bytes received for uploads", bytes);
        uploads
    }

    pub(crate) fn ended(&self, kind: Kind, is_complete: bool) {
        let outcome = if is_complete { "complete" } else { "failed" };
        let labels = [("kind", kind.name()), ("outcome", outcome)];
        self.ended.get_or_create(&labels).inc();
    }

    pub(crate) fn received(&self, kind: Kind, bytes: u64) {
        let [form, tus] = &self.bytes;
        let counter = match kind {
            Kind::Form => form,
            Kind::Tus => tus,
        };
        counter.inc_by(bytes);
    }
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Tus => "tus",
        }
    }
}

/// Conversions on the device.
#[derive(Debug)]
pub(crate) struct Conversions([Counter; 4]);

impl Conversions {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let family = Family::default();
        let outcomes = ["converted", "refused", "cancelled", "failed"];
        let conversions = Self(counters(&family, "outcome", outcomes));
        let help = "Originals converted on the device, refused for what they are, or failed for a fault of ours";
        registry.register("conversions", help, family);
        conversions
    }

    pub(crate) fn ended<T>(&self, result: &Result<T, convert::Error>) {
        use convert::Error;
        let Self([converted, refused, cancelled, failed]) = self;
        let counter = match result {
            Ok(_) => converted,
            Err(Error::Cancelled) => cancelled,
            Err(Error::Failed(_)) => failed,
            Err(_) => refused,
        };
        counter.inc();
    }
}
