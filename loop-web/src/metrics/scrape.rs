//! What is asked for when somebody looks, as metrics.

use std::fmt;
use std::time::Duration;

use loop_proto::health::{LATENESS_BOUNDS_US, Lateness, Process};
use loop_proto::snapshot::{Health, Scheduling};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use super::device::Temperature;
use super::{METRICS, PREFIX};
use crate::hw::Breaker;
use crate::store::Usage;

/// What is known at the moment of a scrape.
#[derive(Debug)]
pub(crate) struct Scrape {
    pub(crate) clients: u32,
    pub(crate) rooms: Vec<(&'static str, u32)>,
    pub(crate) jobs: u32,
    pub(crate) items: u32,
    pub(crate) looping: u32,
    /// `None` when the system does not tell.
    pub(crate) disk: Option<Usage>,
    pub(crate) uploads_bytes: u64,
    pub(crate) breaker: Breaker,
    /// `None` while loop-hw is away or does not answer soon.
    pub(crate) hardware: Option<Health>,
    pub(crate) process: Process,
    pub(crate) temperatures: Vec<Temperature>,
}

/// What was counted and what was asked for, as `OpenMetrics` text.
pub(crate) fn text(scrape: Scrape) -> Result<String, fmt::Error> {
    let mut asked = Registry::with_prefix(PREFIX);
    asked.register_collector(Box::new(scrape));
    let mut text = String::new();
    encode_registry(&mut text, &METRICS.registry)?;
    encode_registry(&mut text, &asked)?;
    encode_eof(&mut text)?;
    Ok(text)
}

impl Collector for Scrape {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let mut page = Page(encoder);
        self.web(&mut page)?;
        self.disk(&mut page)?;
        self.processes(&mut page)?;
        let states = Breaker::ALL.map(|state| {
            let is_it = f64::from(u8::from(state == self.breaker));
            ([("state", state.name())], is_it)
        });
        let help = "Whether calls to loop-hw are made (closed), refused (open), or tried again (half_open)";
        page.gauges("ipc_breaker_state", help, states)?;
        let is_up = f64::from(u8::from(self.hardware.is_some()));
        page.gauge("hardware_up", "Whether loop-hw has answered", is_up)?;
        if let Some(health) = &self.hardware {
            hardware(&mut page, health)?;
        }
        let temperatures = self.temperatures.iter().map(|told| {
            let labels = [
                ("sensor", told.sensor.as_str()),
                ("name", told.name.as_str()),
            ];
            (labels, told.celsius)
        });
        if temperatures.len() > 0 {
            page.gauges(
                "temperature_celsius",
                "Of the device, by sensor",
                temperatures,
            )?;
        }
        Ok(())
    }
}

impl Scrape {
    fn web(&self, page: &mut Page<'_>) -> fmt::Result {
        let help = "WebSocket clients that are connected";
        page.gauge("websocket_clients", help, self.clients.into())?;
        let rooms = self.rooms.iter();
        let rooms = rooms.map(|(room, clients)| ([("room", *room)], f64::from(*clients)));
        page.gauges("websocket_room_clients", "WebSocket clients by room", rooms)?;
        page.gauge(
            "jobs",
            "Uploads and conversions under way",
            self.jobs.into(),
        )?;
        page.gauge("library_items", "Items in the library", self.items.into())?;
        page.gauge(
            "library_looping_items",
            "Of them, those that loop",
            self.looping.into(),
        )
    }

    fn disk(&self, page: &mut Page<'_>) -> fmt::Result {
        let Some(disk) = self.disk else {
            return Ok(());
        };
        for (name, help, bytes) in [
            (
                "disk_total_bytes",
                "Of the file system that holds the library",
                disk.total,
            ),
            ("disk_free_bytes", "Of it, what is free for us", disk.free),
            (
                "disk_reserved_bytes",
                "Of what is free, promised to uploads under way",
                disk.promised,
            ),
            (
                "disk_kept_free_bytes",
                "Of what is free, what has to stay so",
                disk.min_free,
            ),
            ("disk_media_bytes", "What the library takes", disk.media),
            (
                "disk_trash_bytes",
                "What was deleted and can still be brought back",
                disk.trash,
            ),
            (
                "disk_uploads_bytes",
                "What uploads under way take",
                self.uploads_bytes,
            ),
        ] {
            page.gauge(name, help, wide(bytes))?;
        }
        Ok(())
    }

    fn processes(&self, page: &mut Page<'_>) -> fmt::Result {
        let hardware = self
            .hardware
            .as_ref()
            .map(|health| ("loop-hw", &health.process));
        let processes: Vec<_> = [("loop-web", &self.process)]
            .into_iter()
            .chain(hardware)
            .collect();
        let each = |figure: fn(&Process) -> f64| {
            let values = processes
                .iter()
                .map(move |(name, process)| ([("daemon", *name)], figure(process)));
            values.collect::<Vec<_>>()
        };
        let cpu = each(|process| seconds(process.cpu_us));
        page.counters("process_cpu_seconds", "Time on a processor", cpu)?;
        let memory = each(|process| wide(process.resident_bytes));
        page.gauges("process_resident_memory_bytes", "Memory in RAM", memory)?;
        let files = each(|process| wide(process.open_files));
        page.gauges("process_open_fds", "Open files, sockets among them", files)?;
        let started = each(|process| wide(process.started_unix_ms) / 1000.0);
        page.gauges(
            "process_start_time_seconds",
            "Unix time of the start",
            started,
        )?;
        let build = [([("version", env!("CARGO_PKG_VERSION"))], 1.0)];
        page.gauges("build_info", "Which version runs", build)
    }
}

fn hardware(page: &mut Page<'_>, health: &Health) -> fmt::Result {
    for (name, help, count) in counts(health) {
        page.counters(name, help, [([("daemon", "loop-hw")], wide(count))])?;
    }
    let worst = seconds(health.worst_lateness_us);
    page.gauge(
        "player_worst_lateness_seconds",
        "Largest delay of a picture since the start",
        worst,
    )?;
    let first = seconds(health.first_frame_us);
    page.gauge(
        "player_first_frame_seconds",
        "From loop-hw's start to its first picture; 0 before it",
        first,
    )?;
    let realtime = f64::from(u8::from(health.scheduling == Scheduling::Realtime));
    page.gauge(
        "player_realtime",
        "Whether the panel's thread runs before all others",
        realtime,
    )?;
    page.lateness(
        "player_lateness_seconds",
        "How late pictures were",
        &health.lateness,
    )
}

/// What loop-hw has counted since it started.
fn counts(health: &Health) -> [(&'static str, &'static str, u64); 8] {
    [
        (
            "player_frames_presented",
            "Pictures sent to the panel",
            health.frames_presented,
        ),
        (
            "player_frames_dropped",
            "Pictures whose time was over before they could be shown",
            health.frames_dropped,
        ),
        (
            "player_clip_errors",
            "Clips that could not be read or decoded",
            health.clip_errors,
        ),
        (
            "panel_wire_bytes",
            "Bytes sent to the panel, commands included",
            health.wire_bytes,
        ),
        (
            "panel_wire_writes",
            "Writes to the panel",
            health.wire_writes,
        ),
        (
            "panel_errors",
            "Attempts to drive the panel that failed",
            health.panel_errors,
        ),
        (
            "panel_mismatches",
            "Simulated panel: pictures that read back differently",
            health.mismatches,
        ),
        (
            "panel_violations",
            "Simulated panel: breaches of the controller's protocol",
            health.violations,
        ),
    ]
}

/// Where metrics are written.
struct Page<'a>(DescriptorEncoder<'a>);

impl Page<'_> {
    fn gauge(&mut self, name: &str, help: &str, value: f64) -> fmt::Result {
        let mut metric = self
            .0
            .encode_descriptor(name, help, None, MetricType::Gauge)?;
        metric.encode_gauge(&value)
    }

    fn gauges<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (L, f64)>,
    ) -> fmt::Result {
        let write = |mut metric: MetricEncoder<'_>, value| metric.encode_gauge(&value);
        self.family(name, help, MetricType::Gauge, values, write)
    }

    fn counters<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (L, f64)>,
    ) -> fmt::Result {
        let write = |mut metric: MetricEncoder<'_>, value| {
            metric.encode_counter::<NoLabelSet, f64, u64>(&value, None)
        };
        self.family(name, help, MetricType::Counter, values, write)
    }

    fn family<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        kind: MetricType,
        values: impl IntoIterator<Item = (L, f64)>,
        write: impl Fn(MetricEncoder<'_>, f64) -> fmt::Result,
    ) -> fmt::Result {
        let mut metric = self.0.encode_descriptor(name, help, None, kind)?;
        for (labels, value) in values {
            write(metric.encode_family(&labels)?, value)?;
        }
        Ok(())
    }

    fn lateness(&mut self, name: &str, help: &str, lateness: &Lateness) -> fmt::Result {
        let bounds = LATENESS_BOUNDS_US
            .into_iter()
            .map(seconds)
            .chain([f64::MAX]);
        let buckets: Vec<(f64, u64)> = bounds.zip(lateness.counts).collect();
        let count = lateness.counts.iter().sum();
        let mut metric = self
            .0
            .encode_descriptor(name, help, None, MetricType::Histogram)?;
        metric.encode_histogram::<NoLabelSet>(seconds(lateness.sum_us), count, &buckets, None)
    }
}

fn seconds(micros: u64) -> f64 {
    Duration::from_micros(micros).as_secs_f64()
}

/// As the format has it: exact up to 9 petabytes.
#[expect(
    clippy::cast_precision_loss,
    reason = "there is no other way, and nothing is that large"
)]
fn wide(value: u64) -> f64 {
    value as f64
}
