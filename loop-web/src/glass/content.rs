//! Whether it is a clip, and where in it, or something that only pixels can tell.

use std::sync::Arc;
use std::time::Duration;

use loop_proto::snapshot::{NowPlaying, Playback};
use serde_json::{Value, json};

use crate::hw::LinkState;

/// What is on the glass.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Content {
    /// This clip, at a position that goes on unless it is paused.
    Clip(NowPlaying, Playback),
    /// A screen, or whatever else is in no clip.
    Live,
    /// Nobody knows: loop-hw is away, for this reason.
    Away(Arc<str>),
}

impl Content {
    pub(crate) fn of(state: &LinkState) -> Self {
        match state {
            LinkState::Away(reason) => Self::Away(Arc::clone(reason)),
            // The clip's file does not have it.
            LinkState::Connected(snapshot) if snapshot.player.showing_message => Self::Live,
            LinkState::Connected(snapshot) => match &snapshot.player.current {
                Some(now) => Self::Clip(now.clone(), snapshot.player.playback),
                None => Self::Live,
            },
        }
    }

    /// Whether it moves by itself, so that who follows it by a clock of his own must compare clocks now and then.
    pub(crate) fn is_running(&self) -> bool {
        matches!(self, Self::Clip(now, Playback::Playing) if now.frame_count > 1)
    }

    /// As clients get it; `now` is the time at which it is sent, of the clock all processes share.
    ///
    /// The position was that when the message is `age_ms` younger; a client adds the time since it came.
    pub(crate) fn to_json(&self, now: Duration) -> Value {
        match self {
            Self::Clip(playing, playback) => json!({
                "mode": "clip",
                "slug": playing.slug,
                "clip": playing.clip.to_string(),
                "frame_count": playing.frame_count,
                "duration_ms": millis(playing.duration),
                "position_ms": millis(playing.position),
                "as_of_ms": millis(playing.as_of),
                "age_ms": millis(now.saturating_sub(playing.as_of)),
                "paused": *playback == Playback::Paused,
            }),
            Self::Live => json!({"mode": "live"}),
            Self::Away(reason) => json!({"mode": "away", "reason": &**reason}),
        }
    }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use loop_proto::{ClipId, Slug};

    use super::*;

    #[test]
    fn a_clip_is_told_with_the_age_of_its_position() {
        let playing = NowPlaying {
            slug: Slug::nearest("dance"),
            clip: ClipId::from_sha256(&[0xAB; 32]),
            index: 1,
            frame_count: 12,
            duration: Duration::from_millis(600),
            position: Duration::from_micros(40_250),
            as_of: Duration::from_secs(100),
        };
        let content = Content::Clip(playing, Playback::Playing);
        assert!(content.is_running());
        let told = content.to_json(Duration::from_millis(100_375));
        assert_eq!(
            told,
            json!({"mode": "clip", "slug": "dance", "clip": "ab".repeat(16), "frame_count": 12, "duration_ms": 600.0,
                "position_ms": 40.25, "as_of_ms": 100_000.0, "age_ms": 375.0, "paused": false})
        );
    }
}
