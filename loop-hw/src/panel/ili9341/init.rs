//! What the module's maker sends to a cold controller.

use std::time::Duration;

use crate::bus::{Error, Wire};
use crate::sys::pause;

/// After leaving sleep the supplies settle for this long before the next sleep command (ILI9341 datasheet 8.2.12).
const WAKE: Duration = Duration::from_millis(120);

/// A command and its parameters.
pub(super) type Register<'a> = (u8, &'a [u8]);

const SLEEP_OUT: u8 = 0x11;

/// What turns the display on.
pub(super) const DISPLAY_ON: Register<'static> = (0x29, &[]);

/// 16 bits a pixel.
pub(super) const PIXEL_FORMAT: Register<'static> = (0x3A, &[0x55]);

const FUNCTION_CONTROL: Register<'static> = (0xB6, &[0x0A, 0xA2]); // source shifted
const GAMMA_3_OFF: Register<'static> = (0xF2, &[0x00]);
const GAMMA_CURVE_1: Register<'static> = (0x26, &[0x01]);
const GAMMA_UP: Register<'static> = (0xE0, &GAMMA_POSITIVE);
const GAMMA_DOWN: Register<'static> = (0xE1, &GAMMA_NEGATIVE);

/// What can be sent again while a picture is shown, in this order. The supplies, the timing and what depends on them
/// cannot: setting those anew may be seen.
pub(super) const REFRESHED: [Register<'static>; 10] = [
    (SLEEP_OUT, &[]),
    FUNCTION_CONTROL,
    (0x13, &[]), // normal mode: not partial
    (0x20, &[]), // not inverted
    (0x38, &[]), // not idle: all colours
    GAMMA_3_OFF,
    GAMMA_CURVE_1,
    GAMMA_UP,
    GAMMA_DOWN,
    DISPLAY_ON,
];

/// Commands and their parameters, named as in the datasheet. Display on is not among them: the first picture comes first.
const SEQUENCE: [Register<'static>; 21] = [
    (0xCF, &[0x00, 0xC1, 0x30]),             // power control B
    (0xED, &[0x64, 0x03, 0x12, 0x81]),       // power on sequence control
    (0xE8, &[0x85, 0x00, 0x79]),             // driver timing control A
    (0xCB, &[0x39, 0x2C, 0x00, 0x34, 0x02]), // power control A
    (0xF7, &[0x20]),                         // pump ratio control
    (0xEA, &[0x00, 0x00]),                   // driver timing control B
    (0xC0, &[0x1D]),                         // power control 1: 4.75 V
    (0xC1, &[0x12]),                         // power control 2
    (0xC5, &[0x33, 0x3F]),                   // VCOM control 1
    (0xC7, &[0x92]),                         // VCOM control 2
    PIXEL_FORMAT,
    (0x36, &[0x08]),       // memory access control: BGR
    (0xB1, &[0x00, 0x12]), // frame rate: 106 Hz
    FUNCTION_CONTROL,
    (0x44, &[0x02]), // tear scan line
    GAMMA_3_OFF,
    GAMMA_CURVE_1,
    GAMMA_UP,
    GAMMA_DOWN,
    (0x2A, &[0x00, 0x00, 0x00, 0xEF]), // column address: all
    (0x2B, &[0x00, 0x00, 0x01, 0x3F]), // page address: all
];

const GAMMA_POSITIVE: [u8; 15] = [
    0x0F, 0x22, 0x1C, 0x1B, 0x08, 0x0F, 0x48, 0xB8, 0x34, 0x05, 0x0C, 0x09, 0x0F, 0x07, 0x00,
];
const GAMMA_NEGATIVE: [u8; 15] = [
    0x00, 0x23, 0x24, 0x07, 0x10, 0x07, 0x38, 0x47, 0x4B, 0x0A, 0x13, 0x06, 0x30, 0x38, 0x0F,
];

/// Resets and initialises. Takes about 150 ms.
pub(super) fn run(wire: &mut impl Wire) -> Result<(), Error> {
    wire.reset()?;
    wire.command(SLEEP_OUT, &[])?;
    pause(WAKE);
    SEQUENCE
        .iter()
        .try_for_each(|(op, parameters)| wire.command(*op, parameters))
}

/// Puts a controller that shows a picture into the state it should be in, without anything to be seen of it.
pub(super) fn resume(wire: &mut impl Wire) -> Result<(), Error> {
    let visible = |(op, _): &&Register<'_>| *op == SLEEP_OUT || *op == DISPLAY_ON.0;
    std::iter::once(&PIXEL_FORMAT)
        .chain(REFRESHED.iter().filter(|register| !visible(register)))
        .try_for_each(|(op, parameters)| wire.command(*op, parameters))
}

/// A number that tells this sequence from any other (FNV-1a).
pub(super) fn fingerprint() -> u64 {
    let command = |(op, parameters): &Register<'static>| {
        std::iter::once(*op).chain(parameters.iter().copied())
    };
    SEQUENCE
        .iter()
        .flat_map(command)
        .fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
        })
}
