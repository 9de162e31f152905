//! Figures of the original LOOP, measured on a machine of the same kind: two shared cores, requests over loopback.
//! Only ratios tell something.

/// Memory with 200 media, before any load.
pub(crate) const IDLE_MB: f64 = 67.0;
/// Memory with 200 media and 200 WebSockets: 133 to 135 MB.
pub(crate) const CROWD_MB: f64 = 134.0;
/// Start to the first answer, with an empty library, at its best: it took up to 1.1 s.
pub(crate) const FIRST_ANSWER_S: f64 = 0.64;
/// Upload of one frame.
pub(crate) const ONE_FRAME_MS: f64 = 13.8;
/// Upload of 500 frames.
pub(crate) const UPLOAD_S: f64 = 1.62;
/// Written for it: everything twice.
pub(crate) const UPLOAD_WRITTEN_MB: f64 = 155.0;
/// Its peak memory, 148 MB, less the 72 MB before it.
pub(crate) const UPLOAD_PEAK_MB: f64 = 76.0;
/// Size of the dashboard with 200 media, not packed.
pub(crate) const DASHBOARD_KB: f64 = 79.2;

/// From a toggle to its event: clients, median and 99th percentile in milliseconds, at its best. For more than one client
/// its limit of 12 requests had been raised.
pub(crate) const TOGGLES: [(usize, f64, f64); 3] =
    [(1, 1.8, 4.5), (50, 5.0, 9.4), (200, 11.7, 29.3)];
/// A client that read got 69 of 636 events while eight did not read.
pub(crate) const LOST_PERCENT: u32 = 89;
/// Processor while a clip of 25 pictures a second plays, in percent of a core. Without media, and so without anything to
/// do, it took 6.
pub(crate) const FILM_CPU_PERCENT: f64 = 5.0;
/// Requests a second for the list of 200 media, over 1 and over 8 connections.
pub(crate) const MEDIA_RATE: [(u32, f64); 2] = [(1, 190.0), (8, 253.0)];
/// Of the page's main script, over 1 and over 8 connections, not packed and packed.
pub(crate) const SCRIPT_RATE: [(u32, bool, f64); 4] = [
    (1, false, 223.0),
    (8, false, 212.0),
    (1, true, 117.0),
    (8, true, 111.0),
];

/// How the dashboard with 200 media was served.
pub(crate) struct Served {
    pub(crate) connections: u32,
    pub(crate) gzip: bool,
    /// Requests a second.
    pub(crate) rate: f64,
    pub(crate) median_ms: f64,
    /// The 99th percentile, where it was measured.
    pub(crate) slow_ms: Option<f64>,
}

/// At 64 connections the original answered only after its limit of 12 requests had been raised to 2000.
pub(crate) const DASHBOARD: [Served; 4] = [
    served(1, false, 199.0, 4.75, Some(12.0)),
    served(8, false, 256.0, 28.6, Some(66.0)),
    served(64, false, 254.0, 254.0, Some(283.0)),
    served(8, true, 162.0, 49.0, None),
];

const fn served(
    connections: u32,
    gzip: bool,
    rate: f64,
    median_ms: f64,
    slow_ms: Option<f64>,
) -> Served {
    Served {
        connections,
        gzip,
        rate,
        median_ms,
        slow_ms,
    }
}
