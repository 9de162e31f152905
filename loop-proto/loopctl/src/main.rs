//! LOOP's command line. It talks to loop-hw alone, over the socket that loop-web uses too.

#![forbid(unsafe_code)]

mod arguments;
mod commands;
mod documents;
mod outcome;
mod passphrase;
mod view;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use loop_proto::fault::report;

use arguments::Arguments;
use outcome::Error;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Nobody reads it: the exit code remains.
            error.print().unwrap_or_default();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(outcome::USAGE));
        }
    };
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is_nobody_reading() => ExitCode::SUCCESS,
        Err(error) => {
            let text = format!("loopctl: {}\n", report(&error));
            std::io::stderr()
                .write_all(text.as_bytes())
                .unwrap_or_default();
            ExitCode::from(error.exit_code())
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime
        .map_err(Error::Start)?
        .block_on(commands::run(arguments))
}
