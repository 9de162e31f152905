//! Resumable uploads that are not over, from the journal. Pure.

use std::collections::BTreeMap;

use super::content::Content;
use super::journal::Line;

/// An upload that is not over.
#[derive(Clone, Debug, PartialEq)]
pub struct Open {
    /// Its number in the journal.
    pub n: u64,
    /// Its bytes.
    pub content: Content,
    /// How many.
    pub length: u64,
    /// Where it is; unknown if its creation was not acknowledged.
    pub location: Option<String>,
    /// Acknowledged.
    pub kept: u64,
    /// Sent, acknowledged or not.
    pub sent: u64,
    /// Whether it was being given up.
    pub dropped: bool,
}

impl Open {
    /// Whether it may be as the device says: so far, or gone.
    ///
    /// # Errors
    /// With what is wrong.
    pub fn judge(&self, found: Option<u64>) -> Result<(), String> {
        let what = format!("upload {} of {}", self.n, self.content.filename());
        match found {
            Some(offset) if offset < self.kept => Err(format!(
                "{what}: {} bytes were acknowledged and {offset} are there",
                self.kept
            )),
            Some(offset) if offset > self.sent => Err(format!(
                "{what}: {} bytes were sent and {offset} are there",
                self.sent
            )),
            None if !self.dropped && self.sent < self.length => Err(format!(
                "{what} is gone, with {} of {} bytes acknowledged",
                self.kept, self.length
            )),
            _ => Ok(()),
        }
    }
}

/// All that are not over.
#[must_use]
pub fn open(lines: &[Line]) -> BTreeMap<u64, Open> {
    let mut all = BTreeMap::new();
    for line in lines {
        if let Line::Create { n, content, length } = line {
            let open = Open {
                n: *n,
                content: content.clone(),
                length: *length,
                location: None,
                kept: 0,
                sent: 0,
                dropped: false,
            };
            all.insert(*n, open);
        }
        let Some(open) = line.number().and_then(|n| all.get_mut(&n)) else {
            continue;
        };
        match line {
            Line::Created { location, .. } => open.location = Some(location.clone()),
            Line::Sending { to, .. } => open.sent = open.sent.max(*to),
            Line::Kept { offset, .. } => open.kept = *offset,
            Line::Found { offset, .. } => (open.kept, open.sent) = (*offset, *offset),
            Line::Drop { .. } => open.dropped = true,
            Line::Ended { n } | Line::Never { n, .. } | Line::Done { n, .. } => {
                all.remove(n);
            }
            _ => {}
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::content::Kind;

    fn begun() -> Vec<Line> {
        let content = Content {
            name: "a".to_owned(),
            edition: 0,
            bytes: 1,
            frames: 1,
            kind: Kind::Film,
        };
        vec![
            Line::Create {
                n: 7,
                content,
                length: 100,
            },
            Line::Created {
                n: 7,
                location: "/api/uploads/x".to_owned(),
            },
            Line::Sending { n: 7, to: 40 },
            Line::Kept { n: 7, offset: 40 },
            Line::Sending { n: 7, to: 70 },
        ]
    }

    #[test]
    fn acknowledged_bytes_must_be_there_and_sent_ones_may_be() {
        let all = open(&begun());
        for (found, is_right) in [
            (Some(40), true),
            (Some(41), true),
            (Some(70), true),
            (Some(39), false),
            (Some(71), false),
            (None, false),
        ] {
            assert_eq!(all[&7].judge(found).is_ok(), is_right, "{found:?}");
        }
    }

    #[test]
    fn one_that_was_found_with_less_than_was_sent_may_not_be_gone_as_if_all_had_come() {
        let (sent, found) = (
            Line::Sending { n: 7, to: 100 },
            Line::Found { n: 7, offset: 50 },
        );
        let all = open(&[begun(), vec![sent, found]].concat());
        assert_eq!((all[&7].kept, all[&7].sent), (50, 50));
        assert!(all[&7].judge(None).is_err() && all[&7].judge(Some(51)).is_err());
    }

    #[test]
    fn it_may_be_gone_when_all_was_sent_or_it_was_given_up() {
        for last in [Line::Sending { n: 7, to: 100 }, Line::Drop { n: 7 }] {
            let lines = [begun(), vec![last]].concat();
            assert_eq!(open(&lines)[&7].judge(None), Ok(()));
        }
    }

    #[test]
    fn one_that_ended_is_asked_for_no_more() {
        for last in [
            Line::Ended { n: 7 },
            Line::Done {
                n: 7,
                change: None,
                order: None,
            },
        ] {
            assert!(open(&[begun(), vec![last]].concat()).is_empty());
        }
    }
}
