//! A connection from the first byte to the last, over a real socket.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::os::unix::process::CommandExt;
use std::process::Command;

use loop_proto::client::{Error, HwClient};
use loop_proto::message::Message;
use loop_proto::progress::Progress;
use loop_proto::server::{Peers, Refusal, serve_connection};
use loop_proto::service::{Hardware, Hello, PROTO_VERSION, Step, Switch};
use loop_proto::snapshot::{Entry, Glass, Health, News, Playback, PlayerState, Repeat};
use loop_proto::units::Brightness;
use loop_proto::wifi::{AttemptId, Join, Network, Ssid};
use loop_proto::{Fault, FaultCode, FrameSerial, Revision, Slug};
use tarpc::context::Context;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

/// A stand-in for loop-hw: what travels is under test here, not what it does.
#[derive(Clone)]
struct Fake {
    proto: u32,
}

impl Hardware for Fake {
    async fn hello(self, _: Context, _: Hello) -> Result<Hello, Fault> {
        Ok(Hello {
            proto: self.proto,
            ..Hello::ours()
        })
    }

    async fn changes_since(self, _: Context, _: Revision) -> Result<News, Fault> {
        std::future::pending().await
    }

    async fn set_playlist(self, _: Context, _: Vec<Entry>) -> Result<(), Fault> {
        Ok(())
    }

    async fn select(self, _: Context, slug: Slug) -> Result<PlayerState, Fault> {
        Err(Fault::new(
            FaultCode::NotFound,
            format!("{slug} is not in the playlist"),
        ))
    }

    async fn step(self, _: Context, _: Step) -> Result<PlayerState, Fault> {
        Err(Fault::new(FaultCode::Busy, "busy"))
    }

    async fn set_playback(self, _: Context, _: Switch<Playback>) -> Result<PlayerState, Fault> {
        Err(Fault::new(FaultCode::Busy, "busy"))
    }

    async fn set_repeat(self, _: Context, _: Switch<Repeat>) -> Result<PlayerState, Fault> {
        Err(Fault::new(FaultCode::Busy, "busy"))
    }

    async fn set_brightness(self, _: Context, _: Brightness) -> Result<(), Fault> {
        Ok(())
    }

    async fn show_progress(self, _: Context, _: Option<Progress>) -> Result<(), Fault> {
        Ok(())
    }

    async fn show_message(self, _: Context, _: Option<Message>) -> Result<(), Fault> {
        Ok(())
    }

    async fn glass_after(self, _: Context, _: Option<FrameSerial>) -> Result<Glass, Fault> {
        Ok(Glass {
            serial: FrameSerial(1),
            pixels: Some(vec![7; 153_600]),
        })
    }

    async fn scan_wifi(self, _: Context) -> Result<Vec<Network>, Fault> {
        Ok(Vec::new())
    }

    async fn join_wifi(self, _: Context, _: Join) -> Result<AttemptId, Fault> {
        Ok(AttemptId(1))
    }

    async fn leave_wifi(self, _: Context) -> Result<(), Fault> {
        Ok(())
    }

    async fn keep_wifi(self, _: Context) -> Result<Ssid, Fault> {
        Err(Fault::new(FaultCode::NotFound, "no network is joined"))
    }

    async fn forget_wifi(self, _: Context, _: Ssid) -> Result<(), Fault> {
        Ok(())
    }

    async fn health(self, _: Context) -> Result<Health, Fault> {
        Ok(Health {
            frames_presented: 42,
            ..Health::default()
        })
    }
}

/// A listening socket in a folder of its own.
struct Socket {
    dir: TempDir,
}

impl Socket {
    fn serving() -> Self {
        Self::serving_version(PROTO_VERSION)
    }

    fn serving_version(proto: u32) -> Self {
        let socket = Self {
            dir: TempDir::new().unwrap(),
        };
        let listener = UnixListener::bind(socket.path()).unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve_connection(stream, Fake { proto }));
            }
        });
        socket
    }

    fn path(&self) -> std::path::PathBuf {
        self.dir.path().join("hw.sock")
    }
}

/// Writes raw bytes as a peer that is up to no good, and waits until it is hung up on.
async fn send_until_closed(socket: &Socket, bytes: &[u8]) {
    let mut stream = UnixStream::connect(socket.path()).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut rest = Vec::new();
    // Closed with our bytes unread, the kernel may report a reset: also an end.
    drop(stream.read_to_end(&mut rest).await);
}

/// `hello` as it travels; see `wire/tests.rs` for the layout.
fn hello_bytes(seconds: u64, proto: u32) -> Vec<u8> {
    use bincode::Options;
    let context = ((seconds, 0u32), ([0u8; 16], 0u64, 0u32));
    let message = (0u32, context, 7u64, 0u32, (proto, "test"));
    let body = bincode::DefaultOptions::new()
        .with_varint_encoding()
        .serialize(&message)
        .unwrap();
    [&u32::try_from(body.len()).unwrap().to_be_bytes()[..], &body].concat()
}

#[tokio::test]
async fn calls_faults_and_pictures_travel() {
    let socket = Socket::serving();
    let client = HwClient::connect(&socket.path()).await.unwrap();
    assert_eq!(client.health().await.unwrap().frames_presented, 42);
    assert_eq!(
        client
            .glass_after(None)
            .await
            .unwrap()
            .pixels
            .unwrap()
            .len(),
        153_600
    );
    let refused = client.select("cat".parse().unwrap()).await.unwrap_err();
    assert_eq!(refused.to_string(), "cat is not in the playlist");
}

#[tokio::test]
async fn nothing_is_answered_before_hello() {
    let socket = Socket::serving();
    let stream = UnixStream::connect(socket.path()).await.unwrap();
    let transport = tokio_util::codec::Framed::new(stream, loop_proto::wire::Codec::default());
    let rude =
        loop_proto::service::HardwareClient::new(tarpc::client::Config::default(), transport);
    let answer = rude
        .spawn()
        .health(tarpc::context::current())
        .await
        .unwrap();
    assert_eq!(answer.unwrap_err().code, FaultCode::Version);
}

#[tokio::test]
async fn a_client_of_another_version_is_told_ours_and_gets_nothing_else() {
    let socket = Socket::serving();
    let mut stream = UnixStream::connect(socket.path()).await.unwrap();
    stream
        .write_all(&hello_bytes(5, PROTO_VERSION + 1))
        .await
        .unwrap();
    let mut answer = [0; 64];
    let length = stream.read(&mut answer).await.unwrap();
    let build = env!("CARGO_PKG_VERSION").as_bytes();
    assert!(
        answer[..length]
            .windows(build.len())
            .any(|part| part == build)
    );
}

#[tokio::test]
async fn a_server_of_another_version_is_named_with_both_versions() {
    let socket = Socket::serving_version(99);
    let error = HwClient::connect(&socket.path()).await.unwrap_err();
    assert!(matches!(error, Error::Version { theirs: 99, .. }));
    assert!(error.to_string().contains("install matching versions"));
}

#[tokio::test]
async fn hostile_bytes_cost_only_their_own_connection() {
    let socket = Socket::serving();
    let bystander = HwClient::connect(&socket.path()).await.unwrap();
    send_until_closed(&socket, b"GET / HTTP/1.1\r\n\r\n").await;
    send_until_closed(&socket, &[0xFF; 64]).await;
    send_until_closed(&socket, &[0, 0, 0, 1, 0xFF]).await;
    send_until_closed(&socket, &hello_bytes(u64::MAX, PROTO_VERSION)).await;
    assert_eq!(bystander.health().await.unwrap().frames_presented, 42);
}

#[tokio::test]
async fn a_deadline_ten_years_away_is_served_like_any_other() {
    let socket = Socket::serving();
    let mut stream = UnixStream::connect(socket.path()).await.unwrap();
    stream
        .write_all(&hello_bytes(10 * 365 * 86_400, PROTO_VERSION))
        .await
        .unwrap();
    let mut answer = [0; 64];
    assert!(stream.read(&mut answer).await.unwrap() > 4);
}

#[tokio::test]
async fn a_client_learns_that_nobody_listens_and_that_the_other_side_went_away() {
    let dir = TempDir::new().unwrap();
    let nowhere = HwClient::connect(&dir.path().join("hw.sock")).await;
    assert!(matches!(nowhere, Err(Error::Connect(_))));

    let path = dir.path().join("once.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let (client, server) = tokio::join!(HwClient::connect(&path), async {
        let (stream, _) = listener.accept().await.unwrap();
        let server = tokio::spawn(serve_connection(
            stream,
            Fake {
                proto: PROTO_VERSION,
            },
        ));
        Ok::<_, ()>(server)
    });
    let (client, server) = (client.unwrap(), server.unwrap());
    server.abort();
    assert!(matches!(
        client.changes_since(Revision::NONE).await,
        Err(Error::Lost)
    ));
}

/// Set for the copy of this program that plays the stranger.
const STRANGER: &str = "LOOP_TEST_STRANGER_SOCKET";

#[tokio::test]
async fn a_process_of_another_user_is_not_admitted() {
    if let Some(path) = std::env::var_os(STRANGER) {
        let mut stream = UnixStream::connect(path).await.unwrap();
        stream.read_to_end(&mut Vec::new()).await.unwrap();
        return;
    }
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("hw.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let mut stranger = stranger(dir.path(), &path);
    let (stream, _) = listener.accept().await.unwrap();
    let uid = stream.peer_cred().unwrap().uid();
    assert!(matches!(Peers::new([]).admit(&stream), Err(Refusal::User(refused)) if refused == uid));
    assert!(Peers::new([uid]).admit(&stream).is_ok());
    drop(stream);
    assert!(stranger.wait().unwrap().success());
}

/// Runs this test again as somebody who is not root: the user `nobody`, or ourselves if we are not root.
fn stranger(dir: &std::path::Path, socket: &std::path::Path) -> std::process::Child {
    use std::os::unix::fs::PermissionsExt;
    let open_to_all = |path: &std::path::Path| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777)).unwrap();
    };
    let program = dir.join("stranger");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    [dir, socket, &program].into_iter().for_each(open_to_all);
    let mut command = Command::new(&program);
    command
        .args(["--exact", "a_process_of_another_user_is_not_admitted"])
        .env(STRANGER, socket);
    let owner = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(&program).unwrap());
    if owner == 0 {
        command.uid(65_534).gid(65_534);
    }
    command.spawn().unwrap()
}
