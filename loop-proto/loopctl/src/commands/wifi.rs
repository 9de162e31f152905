//! What the commands about WiFi do.

use loop_proto::Revision;
use loop_proto::client::HwClient;
use loop_proto::snapshot::HwSnapshot;
use loop_proto::wifi::{Attempt, AttemptId, Course, Join, JoinFault, JoinStep};

use super::{changes, connect, in_time, print, print_json, snapshot};
use crate::arguments::{JoinWords, Reach, Wifi};
use crate::outcome::Error;
use crate::passphrase;
use crate::view::wifi as view;

pub(super) async fn run(reach: &Reach, what: Wifi) -> Result<(), Error> {
    match what {
        Wifi::Status { json } => {
            let state = in_time(reach, async { snapshot(&connect(reach).await?).await }).await?;
            if json {
                print_json(&view::Status::of(&state.wifi))
            } else {
                print(&view::status(&state.wifi))
            }
        }
        Wifi::Scan { json } => {
            let hardware = in_time(reach, connect(reach)).await?;
            // Looking takes longer than an answer may; the call has its own limit.
            let networks = hardware.scan_wifi().await?;
            if json {
                print_json(&view::list(&networks))
            } else {
                print(&view::table(&networks))
            }
        }
        Wifi::Connect(words) => join(reach, words).await,
        Wifi::Forget { ssid } => {
            let forgotten = async {
                let hardware = connect(reach).await?;
                Ok(hardware.forget_wifi(ssid.clone()).await?)
            };
            in_time(reach, forgotten).await?;
            print(&format!("forgot {ssid}\n"))
        }
    }
}

async fn join(reach: &Reach, words: JoinWords) -> Result<(), Error> {
    let JoinWords { ssid, hidden, open } = words;
    // Before the connection, as people take their time.
    let passphrase = if open { None } else { passphrase::read(&ssid)? };
    let begun = async {
        let hardware = connect(reach).await?;
        let known = changes(&hardware, Revision::NONE, None).await?;
        let join = Join {
            ssid,
            passphrase,
            hidden,
        };
        let id = hardware.join_wifi(join).await?;
        Ok((hardware, known, id))
    };
    let (hardware, known, id) = in_time(reach, begun).await?;
    follow(&hardware, known, id).await
}

/// Tells how an attempt goes until it is over; loop-hw lets none go on for ever.
async fn follow(
    hardware: &HwClient,
    known: (Revision, HwSnapshot),
    id: AttemptId,
) -> Result<(), Error> {
    let (mut revision, mut known) = known;
    let mut told = None;
    loop {
        (revision, known) = changes(hardware, revision, Some(known)).await?;
        // Until ours is told of, the one before is.
        let Some(attempt) = known.wifi.attempt.as_ref().filter(|last| last.id >= id) else {
            continue;
        };
        if let Some(step) = on_its_way(attempt, id)? {
            if told.replace(step) != Some(step) {
                print(&format!("{}\n", view::step(step)))?;
            }
        } else {
            return print(&format!("joined {}\n", attempt.ssid));
        }
    }
}

/// How far our attempt is, by the last one that is known; `None` when the network is joined.
fn on_its_way(last: &Attempt, id: AttemptId) -> Result<Option<JoinStep>, Error> {
    let fault = match last.course {
        // Somebody has begun another one, which takes the end of ours.
        _ if last.id != id => JoinFault::Interrupted,
        Course::Trying(step) => return Ok(Some(step)),
        Course::Succeeded => return Ok(None),
        Course::Failed(fault) => fault,
    };
    Err(Error::Join {
        ssid: last.ssid.clone(),
        fault,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_is_followed_to_its_own_end() {
        let of = |course| Attempt {
            id: AttemptId(2),
            ssid: "Home".parse().unwrap(),
            course,
        };
        let step = JoinStep::Checking;
        let trying = on_its_way(&of(Course::Trying(step)), AttemptId(2));
        assert_eq!(trying.unwrap(), Some(step));
        let joined = of(Course::Succeeded);
        assert_eq!(on_its_way(&joined, AttemptId(2)).unwrap(), None);
        let failed = of(Course::Failed(JoinFault::NotInReach));
        let error = on_its_way(&failed, AttemptId(2)).unwrap_err();
        assert_eq!(error.exit_code(), 1);
        assert!(
            error
                .to_string()
                .starts_with("Home is not joined: no network")
        );
        let another = on_its_way(&joined, AttemptId(1)).unwrap_err();
        assert!(another.to_string().contains("meanwhile"), "{another}");
    }
}
