//! Reads a password from where nobody else sees it.

use std::io::{BufRead, BufReader, IsTerminal, Read, Write, stderr, stdin};
use std::os::fd::AsFd;

use loop_proto::wifi::{Passphrase, Ssid};
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};

use crate::outcome::Error;

/// More than any password with the end of its line, so that a longer one is seen to be too long.
const MOST_BYTES: u64 = 80;

/// The password of a network: asked for at a terminal, else the first line of the input. `None` for an empty one.
pub(crate) fn read(ssid: &Ssid) -> Result<Option<Passphrase>, Error> {
    let input = stdin();
    if !input.is_terminal() {
        return first_line(input.lock());
    }
    let ask = format!("Password of {ssid} (none if it is open or saved): ");
    stderr().write_all(ask.as_bytes()).map_err(Error::Output)?;
    let hush = Hush::begin(&input).map_err(Error::Input)?;
    let line = first_line(input.lock());
    drop(hush);
    // The end of the line was not seen either.
    stderr().write_all(b"\n").map_err(Error::Output)?;
    line
}

fn first_line(input: impl Read) -> Result<Option<Passphrase>, Error> {
    let mut line = Vec::new();
    BufReader::new(input.take(MOST_BYTES))
        .read_until(b'\n', &mut line)
        .map_err(Error::Input)?;
    let line = line.strip_suffix(b"\n").unwrap_or(&line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.is_empty() {
        return Ok(None);
    }
    let text = String::from_utf8(line.to_vec()).map_err(|_| Error::PassphraseText)?;
    Ok(Some(Passphrase::try_from(text)?))
}

/// A terminal that does not show what is typed, until this is dropped. Nor does Ctrl-C end the program meanwhile, which
/// would leave the terminal like that: it makes the password one that is refused.
struct Hush<'a, T: AsFd> {
    terminal: &'a T,
    before: Termios,
}

impl<'a, T: AsFd> Hush<'a, T> {
    fn begin(terminal: &'a T) -> std::io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut hushed = before.clone();
        hushed
            .local_flags
            .remove(LocalFlags::ECHO | LocalFlags::ISIG);
        tcsetattr(terminal, SetArg::TCSAFLUSH, &hushed)?;
        Ok(Self { terminal, before })
    }
}

impl<T: AsFd> Drop for Hush<'_, T> {
    fn drop(&mut self) {
        // A terminal that is gone shows nothing anyway.
        tcsetattr(self.terminal, SetArg::TCSAFLUSH, &self.before).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_the_password_however_it_ends() {
        for input in [
            "correct horse",
            "correct horse\n",
            "correct horse\r\nmore\n",
        ] {
            let passphrase = first_line(input.as_bytes()).unwrap().unwrap();
            assert_eq!(passphrase.reveal(), "correct horse", "{input:?}");
        }
        let key = "a0".repeat(32) + "\r\n";
        assert!(first_line(key.as_bytes()).unwrap().is_some());
        for input in ["", "\n", "\r\n"] {
            assert!(first_line(input.as_bytes()).unwrap().is_none(), "{input:?}");
        }
    }

    #[test]
    fn what_is_no_password_is_refused_and_not_repeated() {
        let endless = std::io::repeat(b'x');
        let refused = [
            first_line(&b"short77\n"[..]),
            first_line(&b"battery\x03staple\n"[..]),
            first_line(&b"battery \xff staple"[..]),
            first_line(endless),
        ];
        for refused in refused {
            let error = refused.unwrap_err();
            assert_eq!(error.exit_code(), crate::outcome::USAGE);
            let text = format!("{error} {error:?}");
            assert!(
                !text.contains("short77") && !text.contains("battery"),
                "{text}"
            );
        }
    }
}
