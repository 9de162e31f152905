//! What a limited process can still do, asked of one: this test program, started anew.

use std::fs::File;
use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::process::Command;

use loop_web::worker::limits::{Landlock, Limits, Reach, apply};

/// Set for the process that limits itself.
const ASKED: &str = "LOOP_TEST_LIMITED";

const LIMITS: Limits = Limits {
    cpu_seconds: 60,
    file_bytes: 1000,
};

fn ask(what: &str) -> std::process::Output {
    let program = std::env::current_exe().unwrap();
    Command::new(program)
        .args([
            "--exact",
            "limited::the_limited_one",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(ASKED, what)
        .output()
        .unwrap()
}

/// Does nothing unless it is asked.
#[test]
fn the_limited_one() {
    let Ok(what) = std::env::var(ASKED) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, "content").unwrap();
    let (open, shell) = (
        File::open(&path).unwrap(),
        std::fs::canonicalize("/bin/sh").unwrap(),
    );
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let reach = (what == "reach").then_some(Reach {
        program: &shell,
        source: &open,
    });
    let protections = apply(LIMITS, reach).unwrap();
    assert_eq!(protections.memory_mb, 256);
    let locked = protections.landlock != Landlock::None;
    if what == "memory" {
        let taken = vec![1u8; 300 * 1024 * 1024];
        assert!(taken.is_empty(), "there was memory");
    }
    if !locked {
        eprintln!("this kernel has no Landlock");
        return;
    }
    let can_read = |path: &str| File::open(path).is_ok();
    assert!(!can_read("/etc/passwd") && !can_read("/proc/self/status"));
    assert!(std::fs::read_dir("/").is_err());
    assert!(File::create(folder.path().join("other")).is_err());
    assert!(std::fs::remove_file(&path).is_err());
    let connected = TcpStream::connect(address);
    if protections.landlock == Landlock::Full {
        assert!(connected.is_err());
    }
    let runs = |program: &std::path::Path| {
        Command::new(program)
            .args(["-c", "exit 7"])
            .status()
            .ok()
            .and_then(|status| status.code())
    };
    assert_eq!(runs(&shell), (what == "reach").then_some(7));
    assert_eq!(File::open(&path).is_ok(), what == "reach");
    // What was opened before stays open.
    let mut content = String::new();
    (&open).read_to_string(&mut content).unwrap();
    assert_eq!(content, "content");
}

#[test]
fn a_limited_process_reaches_nothing_but_what_is_open() {
    let output = ask("nothing");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}

#[test]
fn with_a_program_it_reaches_the_program_and_the_original() {
    let output = ask("reach");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}

#[test]
fn memory_beyond_the_limit_is_refused() {
    let output = ask("memory");
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("memory allocation of 314572800 bytes failed"),
        "{said}"
    );
}
