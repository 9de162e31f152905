//! What needs the kernel directly. Only here is unsafe code.

#[expect(unsafe_code, reason = "the futex system call")]
mod alarm;
#[expect(
    unsafe_code,
    reason = "memory mapping and ioctls of a framebuffer device"
)]
mod framebuffer;
#[expect(unsafe_code, reason = "ioctls of a GPIO chip and its lines")]
mod gpio;
#[expect(unsafe_code, reason = "the call that nix has no wrapper for")]
mod sched;
#[expect(unsafe_code, reason = "ioctls of an SPI device")]
mod spi;

pub(crate) use alarm::Alarm;
#[cfg(test)]
pub(crate) use framebuffer::Bitfield;
pub(crate) use framebuffer::{Mapping, ScreenInfo, ask_for_rgb565, screen_info, switch_on};
pub(crate) use gpio::{Chip, LineUse, Lines};
pub(crate) use sched::become_realtime;
pub(crate) use spi::configure_spi;

use std::time::Duration;

/// Lets a controller settle. Only for the panel's own thread, which has nothing else to do meanwhile.
#[expect(
    clippy::disallowed_methods,
    reason = "a controller's settling time cannot be cut short"
)]
pub(crate) fn pause(duration: Duration) {
    std::thread::sleep(duration);
}
