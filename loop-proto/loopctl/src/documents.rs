//! Completions and manual, made from the description of the commands.

use std::path::PathBuf;

use clap::CommandFactory;
use clap_complete::generate;
use clap_complete::shells::{Bash, Fish, Zsh};
use clap_mangen::Man;

use crate::arguments::{Arguments, Shell};
use crate::commands::write_out;
use crate::outcome::Error;

pub(crate) fn completions(shell: Shell) -> Result<(), Error> {
    let mut commands = Arguments::command();
    let mut script = Vec::new();
    match shell {
        Shell::Bash => generate(Bash, &mut commands, "loopctl", &mut script),
        Shell::Zsh => generate(Zsh, &mut commands, "loopctl", &mut script),
        Shell::Fish => generate(Fish, &mut commands, "loopctl", &mut script),
    }
    write_out(&script)
}

/// Prints the page about all, or writes it and those about each command into a folder.
pub(crate) fn manual(folder: Option<PathBuf>) -> Result<(), Error> {
    let commands = Arguments::command().disable_help_subcommand(true);
    let Some(folder) = folder else {
        let mut page = Vec::new();
        Man::new(commands)
            .render(&mut page)
            .map_err(Error::Output)?;
        return write_out(&page);
    };
    std::fs::create_dir_all(&folder)
        .and_then(|()| clap_mangen::generate_to(commands, &folder))
        .map_err(|source| Error::File {
            path: folder,
            source,
        })
}
