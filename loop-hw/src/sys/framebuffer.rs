//! `/dev/fbN`: ask for its layout, change it, and map its memory.

use std::ffi::c_void;
use std::fs::File;
use std::num::NonZeroUsize;
use std::os::fd::AsRawFd;
use std::ptr::NonNull;

use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};

/// `struct fb_bitfield` of linux/fb.h.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bitfield {
    /// Of its lowest bit, from the lowest of the pixel.
    pub(crate) offset: u32,
    /// In bits.
    pub(crate) length: u32,
    msb_right: u32,
}

impl Bitfield {
    pub(crate) const fn new(offset: u32, length: u32) -> Self {
        Self {
            offset,
            length,
            msb_right: 0,
        }
    }
}

/// `struct fb_var_screeninfo` of linux/fb.h.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
struct Variable {
    xres: u32,
    yres: u32,
    xres_virtual: u32,
    yres_virtual: u32,
    xoffset: u32,
    yoffset: u32,
    bits_per_pixel: u32,
    grayscale: u32,
    red: Bitfield,
    green: Bitfield,
    blue: Bitfield,
    transp: Bitfield,
    nonstd: u32,
    activate: u32,
    rest: [u32; 18],
}

/// `struct fb_fix_screeninfo` of linux/fb.h.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
struct Fixed {
    id: [u8; 16],
    smem_start: usize,
    smem_len: u32,
    kind: u32,
    type_aux: u32,
    visual: u32,
    xpanstep: u16,
    ypanstep: u16,
    ywrapstep: u16,
    line_length: u32,
    mmio_start: usize,
    mmio_len: u32,
    accel: u32,
    capabilities: u16,
    reserved: [u16; 2],
}

nix::ioctl_read_bad!(get_variable, 0x4600, Variable);
nix::ioctl_write_ptr_bad!(put_variable, 0x4601, Variable);
nix::ioctl_read_bad!(get_fixed, 0x4602, Fixed);
nix::ioctl_write_int_bad!(blank, 0x4611);

/// In `activate`: at once, even if nothing changes.
const FORCE: u32 = 0x80;
/// For [`blank`].
const UNBLANK: i32 = 0;

/// What the device says about its pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ScreenInfo {
    /// Of the part that is seen.
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// From the start of the memory to that part.
    pub(crate) left: u32,
    pub(crate) top: u32,
    pub(crate) bits_per_pixel: u32,
    pub(crate) red: Bitfield,
    pub(crate) green: Bitfield,
    pub(crate) blue: Bitfield,
    pub(crate) alpha: Bitfield,
    /// Bytes from row to row.
    pub(crate) stride: usize,
    /// Of the whole memory.
    pub(crate) bytes: usize,
}

/// Asks the device.
pub(crate) fn screen_info(device: &File) -> nix::Result<ScreenInfo> {
    let variable = variable(device)?;
    let mut fixed = Fixed::default();
    // SAFETY: the struct has the kernel's layout and outlives the call, which only fills it in.
    unsafe { get_fixed(device.as_raw_fd(), &raw mut fixed)? };
    Ok(ScreenInfo {
        width: variable.xres,
        height: variable.yres,
        left: variable.xoffset,
        top: variable.yoffset,
        bits_per_pixel: variable.bits_per_pixel,
        red: variable.red,
        green: variable.green,
        blue: variable.blue,
        alpha: variable.transp,
        stride: usize::try_from(fixed.line_length).unwrap_or(0),
        bytes: usize::try_from(fixed.smem_len).unwrap_or(0),
    })
}

fn variable(device: &File) -> nix::Result<Variable> {
    let mut variable = Variable::default();
    // SAFETY: the struct has the kernel's layout and outlives the call, which only fills it in.
    unsafe { get_variable(device.as_raw_fd(), &raw mut variable)? };
    Ok(variable)
}

/// Asks for 16 bits a pixel and this size; what comes of it is in [`screen_info`] then.
pub(crate) fn ask_for_rgb565(device: &File, width: u32, height: u32) -> nix::Result<()> {
    let mut wanted = Variable {
        xres: width,
        yres: height,
        xres_virtual: width,
        yres_virtual: height,
        xoffset: 0,
        yoffset: 0,
        bits_per_pixel: 16,
        grayscale: 0,
        red: Bitfield::new(11, 5),
        green: Bitfield::new(5, 6),
        blue: Bitfield::new(0, 5),
        transp: Bitfield::default(),
        activate: FORCE,
        ..variable(device)?
    };
    // SAFETY: the struct has the kernel's layout and outlives the call, which reads it and writes back what it made of it.
    unsafe { put_variable(device.as_raw_fd(), &raw mut wanted)? };
    Ok(())
}

/// Switches the screen on with the layout it has: kernel drivers for panels send nothing before somebody sets a mode.
pub(crate) fn switch_on(device: &File) -> nix::Result<()> {
    let mut same = Variable {
        activate: FORCE,
        ..variable(device)?
    };
    // SAFETY: as above; the second call takes a number only.
    unsafe {
        put_variable(device.as_raw_fd(), &raw mut same)?;
        blank(device.as_raw_fd(), UNBLANK)?;
    }
    Ok(())
}

/// Memory of a device, unmapped when dropped.
#[derive(Debug)]
pub(crate) struct Mapping {
    start: NonNull<c_void>,
    length: NonZeroUsize,
}

// SAFETY: the mapping belongs to this value alone; nothing about it is tied to a thread.
unsafe impl Send for Mapping {}

impl Mapping {
    /// Maps the first `length` bytes.
    pub(crate) fn new(device: &File, length: NonZeroUsize) -> nix::Result<Self> {
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: a new shared mapping at an address of the kernel's choice aliases no Rust memory.
        let start = unsafe { mmap(None, length, access, MapFlags::MAP_SHARED, device, 0)? };
        Ok(Self { start, length })
    }

    /// The memory.
    pub(crate) fn bytes(&mut self) -> &mut [u8] {
        // SAFETY: the range is mapped readable and writable until drop, and `&mut self` makes this the only reference.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr().cast(), self.length.get()) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: exactly what was mapped in `new`, and no reference outlives `self`.
        let unmapped = unsafe { munmap(self.start, self.length.get()) };
        if let Err(error) = unmapped {
            tracing::warn!("cannot unmap the framebuffer: {error}");
        }
    }
}
