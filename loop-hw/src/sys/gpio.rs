//! `/dev/gpiochipN`: ask for lines and drive them (character device, version 2 of its interface, Linux 5.10 and later).
//!
//! A line belongs to whoever asked for it until that file is closed; then, in the kernel's words, its state "becomes
//! uncontrolled from the userspace perspective, and may revert to its default state". What it does depends on the driver:
//! Raspberry Pi OS keeps outputs as they are (`persist_gpio_outputs` of pinctrl-bcm2835 and pinctrl-rp1, on by default there,
//! switched off by `dtparam=strict_gpiod`), the mainline driver makes them inputs unless `persist_gpio_outputs=1`.

use std::fs::File;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// Longest name in the interface, with its final zero.
const NAME: usize = 32;
/// Most lines of one request.
const MAX_LINES: usize = 64;
/// Most attributes of one request.
const MAX_ATTRIBUTES: usize = 10;

const USED: u64 = 1 << 0;
const OUTPUT: u64 = 1 << 3;
const OUTPUT_VALUES: u32 = 2;

/// `struct gpiochip_info` of linux/gpio.h.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
struct ChipInfo {
    name: [u8; NAME],
    label: [u8; NAME],
    lines: u32,
}

/// `struct gpio_v2_line_attribute`; the value is a union of which only the 64 bits are used.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
struct Attribute {
    id: u32,
    padding: u32,
    value: u64,
}

/// `struct gpio_v2_line_info`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
struct LineInfo {
    name: [u8; NAME],
    consumer: [u8; NAME],
    offset: u32,
    num_attrs: u32,
    flags: u64,
    attrs: [Attribute; MAX_ATTRIBUTES],
    padding: [u32; 4],
}

/// `struct gpio_v2_line_config_attribute`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
struct ConfigAttribute {
    attr: Attribute,
    mask: u64,
}

/// `struct gpio_v2_line_config`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
struct LineConfig {
    flags: u64,
    num_attrs: u32,
    padding: [u32; 5],
    attrs: [ConfigAttribute; MAX_ATTRIBUTES],
}

/// `struct gpio_v2_line_request`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
struct LineRequest {
    offsets: [u32; MAX_LINES],
    consumer: [u8; NAME],
    config: LineConfig,
    num_lines: u32,
    event_buffer_size: u32,
    padding: [u32; 5],
    fd: i32,
}

/// `struct gpio_v2_line_values`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
struct LineValues {
    bits: u64,
    mask: u64,
}

// The numbers carry the sizes, so that a wrong layout is refused by the kernel instead of misread.
nix::ioctl_read!(get_chip_info, 0xB4, 0x01, ChipInfo);
nix::ioctl_readwrite!(get_line_info, 0xB4, 0x05, LineInfo);
nix::ioctl_readwrite!(get_lines, 0xB4, 0x07, LineRequest);
nix::ioctl_readwrite!(set_config, 0xB4, 0x0D, LineConfig);
nix::ioctl_readwrite!(get_values, 0xB4, 0x0E, LineValues);
nix::ioctl_readwrite!(set_values, 0xB4, 0x0F, LineValues);

/// A chip that can be asked for lines.
#[derive(Debug)]
pub(crate) struct Chip {
    device: File,
    /// What its driver calls it.
    pub(crate) label: String,
    /// How many lines it has.
    pub(crate) lines: u32,
}

/// Who has a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LineUse {
    Free,
    /// By the name it has given itself.
    Taken(String),
}

impl Chip {
    /// Asks an opened device what it is; `ENOTTY` when it is no GPIO chip.
    pub(crate) fn new(device: File) -> nix::Result<Self> {
        let mut info = ChipInfo::default();
        // SAFETY: the struct has the kernel's layout and outlives the call, which only fills it in.
        unsafe { get_chip_info(device.as_raw_fd(), &raw mut info)? };
        Ok(Self {
            device,
            label: text(&info.label),
            lines: info.lines,
        })
    }

    /// Who has this line now.
    pub(crate) fn line_use(&self, offset: u32) -> nix::Result<LineUse> {
        let info = self.line_info(offset)?;
        Ok(if info.flags & USED == 0 {
            LineUse::Free
        } else {
            LineUse::Taken(text(&info.consumer))
        })
    }

    fn line_info(&self, offset: u32) -> nix::Result<LineInfo> {
        let mut info = LineInfo {
            offset,
            ..LineInfo::default()
        };
        // SAFETY: the struct has the kernel's layout and outlives the call, which reads the offset and fills the rest in.
        unsafe { get_line_info(self.device.as_raw_fd(), &raw mut info)? };
        Ok(info)
    }

    /// Takes lines (at most 64) and makes them outputs at these levels, without a moment at another level. An output that
    /// was high stays high until it is [set](Lines::set): a light that is on must not blink at a restart.
    pub(crate) fn request(&self, consumer: &str, lines: &[(u32, bool)]) -> nix::Result<Lines> {
        let mut request = LineRequest {
            offsets: [0; MAX_LINES],
            consumer: [0; NAME],
            // Without a direction the lines stay as they are.
            config: LineConfig::default(),
            num_lines: u32::try_from(lines.len()).unwrap_or(u32::MAX),
            event_buffer_size: 0,
            padding: [0; 5],
            fd: -1,
        };
        let name = consumer.bytes().take(NAME - 1);
        (request.consumer.iter_mut().zip(name)).for_each(|(to, from)| *to = from);
        let offsets = lines.iter().map(|(offset, _)| *offset);
        (request.offsets.iter_mut().zip(offsets)).for_each(|(to, from)| *to = from);
        // SAFETY: the struct has the kernel's layout and outlives the call, which reads it and fills in `fd`.
        unsafe { get_lines(self.device.as_raw_fd(), &raw mut request)? };
        // SAFETY: on success the kernel has opened this descriptor for us; nobody else has it.
        let handle = unsafe { OwnedFd::from_raw_fd(request.fd) };
        let mut taken = Lines {
            handle,
            held_high: 0,
        };
        // Only now: the kernel asks the driver for a line's direction when the line is taken.
        let mut outputs = 0;
        for (place, (offset, _)) in lines.iter().enumerate() {
            let is_output = self.line_info(*offset)?.flags & OUTPUT != 0;
            outputs |= u64::from(is_output) << place;
        }
        taken.held_high = outputs & taken.levels(mask(lines.len()))?;
        taken.make_outputs(lines, taken.held_high)?;
        Ok(taken)
    }
}

/// Lines taken together, known by their place in the request. They are given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Lines {
    handle: OwnedFd,
    /// By place: outputs that were high before they were taken.
    held_high: u64,
}

impl Lines {
    /// Sets one of them.
    pub(crate) fn set(&self, place: u32, high: bool) -> nix::Result<()> {
        let mask = bit(place);
        let mut values = LineValues {
            bits: if high { mask } else { 0 },
            mask,
        };
        // SAFETY: the struct has the kernel's layout and outlives the call, which only reads it.
        unsafe { set_values(self.handle.as_raw_fd(), &raw mut values)? };
        Ok(())
    }

    /// Whether this one was an output and high when it was taken, so that whoever had it last left it so.
    pub(crate) fn was_held_high(&self, place: u32) -> bool {
        self.held_high & bit(place) != 0
    }

    fn levels(&self, mask: u64) -> nix::Result<u64> {
        let mut values = LineValues { bits: 0, mask };
        // SAFETY: the struct has the kernel's layout and outlives the call, which reads the mask and fills in the bits.
        unsafe { get_values(self.handle.as_raw_fd(), &raw mut values)? };
        Ok(values.bits & mask)
    }

    fn make_outputs(&self, lines: &[(u32, bool)], held_high: u64) -> nix::Result<()> {
        let levels = lines.iter().enumerate();
        let bits = levels.fold(held_high, |bits, (place, (_, high))| {
            bits | u64::from(*high) << place
        });
        let mut config = LineConfig {
            flags: OUTPUT,
            num_attrs: 1,
            ..LineConfig::default()
        };
        if let Some(first) = config.attrs.first_mut() {
            first.attr.id = OUTPUT_VALUES;
            first.attr.value = bits;
            first.mask = mask(lines.len());
        }
        // SAFETY: the struct has the kernel's layout and outlives the call, which only reads it.
        unsafe { set_config(self.handle.as_raw_fd(), &raw mut config)? };
        Ok(())
    }
}

fn bit(place: u32) -> u64 {
    1u64.checked_shl(place).unwrap_or(0)
}

/// The bits of this many lines.
fn mask(lines: usize) -> u64 {
    let lines = u32::try_from(lines).unwrap_or(u32::MAX);
    bit(lines).wrapping_sub(1)
}

fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0);
    let bytes = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_structs_have_the_sizes_of_the_kernels_header() {
        assert_eq!(size_of::<ChipInfo>(), 68);
        assert_eq!(size_of::<LineInfo>(), 256);
        assert_eq!(size_of::<LineRequest>(), 592);
        assert_eq!(size_of::<LineConfig>(), 272);
        assert_eq!(size_of::<LineValues>(), 16);
    }

    #[test]
    fn what_is_no_chip_is_told_from_one() {
        let null = File::open("/dev/null").unwrap();
        assert_eq!(Chip::new(null).unwrap_err(), nix::errno::Errno::ENOTTY);
    }

    #[test]
    fn lines_are_told_apart_by_their_bits() {
        assert_eq!([0, 1, 2, 64].map(mask), [0, 1, 3, u64::MAX]);
        assert_eq!([0, 1, 63, 64].map(bit), [1, 2, 1 << 63, 0]);
    }

    #[test]
    fn names_end_at_their_zero() {
        assert_eq!(text(b"pinctrl-rp1\0\0rest"), "pinctrl-rp1");
        assert_eq!(text(b"full"), "full");
    }
}
