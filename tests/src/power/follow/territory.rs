//! Which calls have to do with the data folder, and what they name in it.

use crate::power::trace::{Call, descriptor, escape, text, texts};

/// The folder that holds `data`. What else is in it is of no interest.
pub(super) struct Territory {
    root: String,
    /// How the data folder and the one above it are written in the log.
    marks: [String; 2],
}

impl Territory {
    pub(super) fn below(root: &str) -> Self {
        let data = format!("{root}/data");
        Self {
            root: root.to_owned(),
            marks: [escape(&data), escape(root)],
        }
    }

    /// Whether a call has to do with the data folder, or with the folder that holds its name.
    pub(super) fn touches(&self, call: &Call) -> bool {
        let [data, above] = &self.marks;
        let names = |arg: &str, mark: &str, below: bool| {
            arg.match_indices(mark).any(|(at, _)| {
                let behind = &arg[at + mark.len()..];
                behind.starts_with(['"', '>']) || (below && behind.starts_with("\\x2f"))
            })
        };
        let args = match call.name.as_str() {
            // What is written may be anything.
            "write" | "writev" | "pwrite64" | "pwritev" | "sendto" | "sendmsg" => 1,
            _ => call.args.len(),
        };
        let mut args = call.args.iter().take(args);
        args.any(|arg| names(arg, data, true) || names(arg, above, false))
    }

    /// Whether an open file is in the data folder.
    pub(super) fn holds(&self, arg: &str) -> bool {
        let data = format!("{}/data/", self.root);
        descriptor(arg).is_some_and(|(_, path)| path.starts_with(&data))
    }

    /// A path below the root, which may be given from an open folder on.
    pub(super) fn path(&self, call: &Call, folder: Option<usize>, at: usize) -> String {
        let given = String::from_utf8(text(&call.args[at]).unwrap()).unwrap();
        let whole = match folder {
            _ if given.starts_with('/') => given,
            Some(folder) => format!("{}/{given}", descriptor(&call.args[folder]).unwrap().1),
            None => panic!("{call:?} has a relative path"),
        };
        let below = whole.strip_prefix(&self.root);
        let below = below.unwrap_or_else(|| panic!("{call:?} leaves the data folder"));
        below.trim_matches('/').to_owned()
    }
}

/// The status of an HTTP answer that begins with this call.
pub(super) fn answer(call: &Call) -> Option<u16> {
    let sends = matches!(
        call.name.as_str(),
        "write" | "writev" | "sendto" | "sendmsg"
    );
    if !sends || !call.args.first()?.contains("TCP") {
        return None;
    }
    let bytes = texts(call.args.get(1)?);
    let status = bytes.strip_prefix(b"HTTP/1.1 ")?.get(..3)?;
    std::str::from_utf8(status).ok()?.parse().ok()
}
