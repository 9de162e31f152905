//! Which message is on the glass, and until when. Pure: the time comes in.

use std::time::Duration;

use loop_proto::message::{Message, MessageTime};

/// What was last said.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    message: Option<(Message, Option<Duration>)>,
}

impl Said {
    /// Takes note of another message, or that there is none any more.
    pub(super) fn tell(&mut self, message: Option<Message>, now: Duration) {
        self.message = message.map(|message| {
            let until = message.time.map(|time| now + MessageTime::get(time));
            (message, until)
        });
    }

    /// What to show.
    pub(super) fn now(&self) -> Option<&Message> {
        self.message.as_ref().map(|(message, _)| message)
    }

    /// When it goes by itself.
    pub(super) fn until(&self) -> Option<Duration> {
        self.message.as_ref().and_then(|(_, until)| *until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(5000);

    fn message(seconds: Option<u64>) -> Option<Message> {
        Some(Message {
            text: "hello".parse().unwrap(),
            time: seconds.map(|seconds| Duration::from_secs(seconds).try_into().unwrap()),
            colour: None,
        })
    }

    #[test]
    fn a_message_stays_for_its_time_or_until_another_word() {
        let mut said = Said::default();
        said.tell(message(Some(3)), NOW);
        assert_eq!(said.until(), Some(NOW + Duration::from_secs(3)));
        said.tell(message(None), NOW);
        assert_eq!((said.now(), said.until()), (message(None).as_ref(), None));
        said.tell(None, NOW);
        assert_eq!((said.now(), said.until()), (None, None));
    }
}
