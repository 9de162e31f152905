//! The door to loop-hw.

use std::process::ExitCode;

use loop_proto::launch::{About, launch};

fn main() -> ExitCode {
    let about = About {
        name: "loop-hw",
        version: env!("CARGO_PKG_VERSION"),
        purpose: "drives LOOP's panel and plays the loop",
    };
    launch(about, loop_hw::run)
}
