//! The door to loop-web.

use std::process::ExitCode;

use loop_proto::launch::{About, launch};

fn main() -> ExitCode {
    if let Some(code) = loop_web::worker::run_if_asked(std::env::args_os()) {
        return code;
    }
    let about = About {
        name: "loop-web",
        version: env!("CARGO_PKG_VERSION"),
        purpose: "serves LOOP's page and API and keeps its media",
    };
    launch(about, loop_web::run)
}
