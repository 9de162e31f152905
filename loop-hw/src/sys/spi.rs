//! `/dev/spidevB.C`: how its transfers go. The transfers themselves are plain writes.

use std::fs::File;
use std::os::fd::AsRawFd;

/// Clock idle low, data taken at the rising edge.
static MODE_0: u8 = 0;
static BITS_PER_WORD: u8 = 8;

// SPI_IOC_WR_MODE, SPI_IOC_WR_BITS_PER_WORD and SPI_IOC_WR_MAX_SPEED_HZ of linux/spi/spidev.h.
nix::ioctl_write_ptr!(write_mode, b'k', 1, u8);
nix::ioctl_write_ptr!(write_bits_per_word, b'k', 3, u8);
nix::ioctl_write_ptr!(write_max_speed, b'k', 4, u32);

/// Sets mode 0, 8 bits and the clock of every later write; the controller takes the next clock it can make below.
pub(crate) fn configure_spi(device: &File, clock_hz: u32) -> nix::Result<()> {
    let fd = device.as_raw_fd();
    // SAFETY: each call only reads the one number it is given a pointer to, which outlives the call.
    unsafe {
        write_mode(fd, &raw const MODE_0)?;
        write_bits_per_word(fd, &raw const BITS_PER_WORD)?;
        write_max_speed(fd, &raw const clock_hz)?;
    }
    Ok(())
}
