//! How long a disturbance stays on the glass: something else drives the wire for a moment, behind the driver's back, while
//! a film plays and while a still picture stays.

use std::time::Duration;

use loop_hw::backlight::NoBacklight;
use loop_hw::bus::{Wire, WireCost};
use loop_hw::panel::{Damage, Ili9341, Mounting, Panel};
use loop_proto::geometry::{Rect, Rotation};
use loop_proto::pixel::Frame;
use serde_json::Value;

use crate::rounded;
use crate::wire::Metered;

/// The pace of film, and of the player's healing while a still stays.
const STEP: Duration = Duration::from_millis(40);

/// What the player gives at most at a time.
const SLICE: Duration = Duration::from_millis(4);

/// Longer than any disturbance may last.
const PATIENCE: Duration = Duration::from_secs(10);

/// A command with what follows it.
type Order = (u8, &'static [u8]);

/// What nobody should have sent.
const DISTURBANCES: [(&str, &[Order]); 5] = [
    (
        "pixels somewhere",
        &[
            (0x2A, &[0, 100, 0, 140]),
            (0x2B, &[0, 50, 0, 90]),
            (0x2C, &[0x5A; 3000]),
        ],
    ),
    ("another scan direction", &[(0x36, &[0xE8])]),
    ("another pixel format", &[(0x3A, &[0x66])]),
    ("a narrower window", &[(0x2A, &[0, 10, 0, 12])]),
    ("display off", &[(0x28, &[])]),
];

/// The longest time until the glass is right again and stays so, in seconds.
pub(crate) fn report() -> Value {
    println!("\n| disturbed by | while | right again after s |\n|---|---|---|");
    let mut longest = Duration::ZERO;
    for (name, commands) in DISTURBANCES {
        for film in [true, false] {
            let took = heal(commands, film);
            let content = if film {
                "a film plays"
            } else {
                "a still stays"
            };
            println!("| {name} | {content} | {:.2} |", took.as_secs_f64());
            longest = longest.max(took);
        }
    }
    rounded(longest.as_secs_f64())
}

fn heal(commands: &[Order], film: bool) -> Duration {
    let mut glass = Metered::new(WireCost::spidev(crate::SPIDEV_HZ));
    let mut panel = Ili9341::new(
        glass.clone(),
        NoBacklight,
        Mounting::new(Rotation::Deg270, false),
    );
    let mut frame = Frame::black();
    for (at, byte) in frame.as_bytes_mut().iter_mut().enumerate() {
        *byte = u8::try_from(at * 31 % 253).unwrap();
    }
    panel.present(&frame, Damage::Unknown).unwrap();
    for (op, parameters) in commands {
        glass.command(*op, parameters).unwrap();
    }
    let (mut now, mut wrong_until) = (Duration::ZERO, Duration::ZERO);
    while now < PATIENCE {
        glass.take_account();
        if film {
            let number = u16::try_from(now.as_millis() / STEP.as_millis()).unwrap();
            let square = Rect {
                x: number * 3 % 200,
                y: number * 5 % 280,
                width: 40,
                height: 40,
            };
            frame
                .rows_mut(square)
                .for_each(|row| row.fill(number.to_be_bytes()[1]));
            panel.present(&frame, Damage::Rects(&[square])).unwrap();
        }
        let spare = STEP.saturating_sub(glass.take_account().time);
        panel.heal(SLICE.min(spare / 2)).unwrap();
        now += STEP;
        if !(glass.shows(&frame) && glass.is_on()) {
            wrong_until = now;
        }
    }
    assert!(wrong_until < PATIENCE, "it does not heal");
    wrong_until
}
