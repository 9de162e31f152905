//! What the program drives, and what its state says about it.

use loop_proto::snapshot::{HwSnapshot, PanelKind, WireKind};

use crate::daemon::Daemon;

#[tokio::test]
async fn the_state_tells_how_the_panels_thread_is_run() {
    let daemon = Daemon::start().await;
    let told = |state: &HwSnapshot| state.panel.bus.is_some();
    daemon.follow().until(told).await;
    // Realtime where that is permitted: whatever the kernel has said, the state says so too.
    let scheduling = daemon.client.health().await.unwrap().scheduling;
    let same = |state: &HwSnapshot| state.panel.scheduling == scheduling;
    daemon.follow().until(same).await;
    daemon.finish().await;
}

#[tokio::test]
async fn a_panel_that_is_not_there_is_replaced_and_the_state_says_so() {
    let daemon = Daemon::start_with(&[("LOOP_PANEL_KIND", "ili9341")]).await;
    let mut follower = daemon.follow();
    let state = follower.until(|_| true).await;
    assert!(
        state
            .panel
            .trouble
            .unwrap()
            .contains("shown in the browser only")
    );
    daemon.finish().await;
}

#[tokio::test]
async fn the_state_tells_the_wire_and_its_measured_clock() {
    let environment = [
        ("LOOP_PANEL_KIND", "simulated"),
        ("LOOP_PANEL_SPI_SPEED_HZ", "62500000"),
    ];
    let daemon = Daemon::start_with(&environment).await;
    let told = |state: &HwSnapshot| state.panel.bus.is_some();
    let bus = daemon.follow().until(told).await.panel.bus.unwrap();
    assert_eq!(bus.wire, WireKind::Simulated);
    assert_eq!(
        (bus.requested_hz, bus.effective_hz),
        (62_500_000, 62_500_000)
    );
    daemon.finish().await;
}

#[tokio::test]
async fn a_panel_that_is_not_there_is_replaced_with_a_word_and_its_wire_is_told_all_the_same() {
    let environment = [
        ("LOOP_PANEL_KIND", "ili9341"),
        ("LOOP_PANEL_WIRE", "spidev"),
        ("LOOP_PANEL_SPI_DEVICE", "/nowhere/spidev0.0"),
    ];
    let daemon = Daemon::start_with(&environment).await;
    let told = |state: &HwSnapshot| state.panel.bus.is_some();
    let panel = daemon.follow().until(told).await.panel;
    assert_eq!(panel.kind, PanelKind::Simulated);
    assert!(panel.trouble.unwrap().contains("dtparam=spi=on"));
    daemon.finish().await;
}
