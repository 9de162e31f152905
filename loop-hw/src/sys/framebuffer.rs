//! `/dev/fbN`: ask for its layout and map its memory.

use std::ffi::c_void;
use std::fs::File;
use std::num::NonZeroUsize;
use std::os::fd::AsRawFd;
use std::ptr::NonNull;

use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};

/// `struct fb_bitfield` of linux/fb.h.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
struct Bitfield {
    offset: u32,
    length: u32,
    msb_right: u32,
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
    rest: [u32; 20],
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
nix::ioctl_read_bad!(get_fixed, 0x4602, Fixed);

/// What the device says about its pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ScreenInfo {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) bits_per_pixel: u32,
    pub(crate) red_offset: u32,
    pub(crate) stride: usize,
    pub(crate) bytes: usize,
}

/// Asks the device.
pub(crate) fn screen_info(device: &File) -> nix::Result<ScreenInfo> {
    let (mut variable, mut fixed) = (Variable::default(), Fixed::default());
    // SAFETY: both structs have the kernel's layout and outlive the calls, which only fill them in.
    unsafe {
        get_variable(device.as_raw_fd(), &raw mut variable)?;
        get_fixed(device.as_raw_fd(), &raw mut fixed)?;
    }
    Ok(ScreenInfo {
        width: variable.xres,
        height: variable.yres,
        bits_per_pixel: variable.bits_per_pixel,
        red_offset: variable.red.offset,
        stride: usize::try_from(fixed.line_length).unwrap_or(0),
        bytes: usize::try_from(fixed.smem_len).unwrap_or(0),
    })
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
