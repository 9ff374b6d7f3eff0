//! `dial-stdio`, and the way through `ssh`, with the real binary.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Output, Stdio};

use rackhand_core::view::questions::Counts;
use rackhand_rpc::codec::transport;
use rackhand_rpc::hello::greet;
use rackhand_rpc::{ConsoleClient, MAX_EVENTS};
use rackhand_tui::link::call;
use rackhand_tui::link::connect::DIALLED;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::fake::Fake;

const BINARY: &str = env!("CARGO_BIN_EXE_rackhand");

fn dial(socket: &Path) -> Child {
    Command::new(BINARY)
        .args(["dial-stdio", "--socket"])
        .arg(socket)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

#[tokio::test]
async fn a_console_speaks_through_it_as_through_the_socket() {
    let fake = Fake::start();
    let mut child = dial(&fake.socket);
    let mut stream = tokio::io::join(child.stdout.take().unwrap(), child.stdin.take().unwrap());
    assert_eq!(greet(&mut stream).await.unwrap().epoch, 7);
    let client = ConsoleClient::new(tarpc::client::Config::default(), transport(stream)).spawn();
    for _ in 0..MAX_EVENTS {
        assert_eq!(client.ask(call(), Counts).await.unwrap().as_of, 4);
    }
    // The far end goes when the near end does.
    drop(client);
    assert!(child.wait().await.unwrap().success());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).await.unwrap();
    assert_eq!(said.trim_end(), DIALLED);
}

#[tokio::test]
async fn it_ends_when_the_daemon_does_though_nobody_closed_its_input() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("d.sock");
    let listener = tokio::net::UnixListener::bind(&socket).unwrap();
    let mut child = dial(&socket);
    drop(listener.accept().await.unwrap());
    let mut rest = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut rest).await.unwrap();
    assert!(child.wait().await.unwrap().success() && rest.is_empty());
}

#[tokio::test]
async fn files_and_nothing_at_all_do_as_streams_too() {
    let fake = Fake::start();
    let path = fake.dir.path().join("request");
    let line = r#"{"magic":"rackhand","proto":1,"min":1,"build":"x"}"#;
    tokio::fs::write(&path, format!("{line}\n")).await.unwrap();
    let mut child = Command::new(BINARY)
        .args(["dial-stdio", "--socket"])
        .arg(&fake.socket)
        .stdin(std::fs::File::open(&path).unwrap())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next_line().await.unwrap().unwrap().contains("\"site\":\"fra1\""));
    assert!(child.wait().await.unwrap().success());
}

#[tokio::test]
async fn without_a_socket_it_ends_with_three() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = dial(&dir.path().join("none.sock"));
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).await.unwrap();
    assert_eq!(child.wait().await.unwrap().code(), Some(3));
    assert!(said.contains("rackhandd does not run here") && !said.contains(DIALLED), "{said}");
}

/// Runs the binary with this script as `ssh`.
async fn with_ssh(dir: &Path, script: &str, args: &[&str]) -> Output {
    let ssh = dir.join("ssh");
    tokio::fs::write(&ssh, format!("#!/bin/sh\n{script}\n")).await.unwrap();
    std::fs::set_permissions(&ssh, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", dir.display(), std::env::var("PATH").unwrap_or_default());
    Command::new(BINARY).args(args).env("PATH", path).stdin(Stdio::null()).output().await.unwrap()
}

#[tokio::test]
async fn a_remote_daemon_is_reached_through_ssh() {
    let fake = Fake::start();
    let (dir, socket) = (fake.dir.path(), fake.socket.display());
    // As sshd does: a banner, then the command by way of a shell. `rackhand` there is this one.
    let script = format!(
        "echo \"$@\" >{dir}/arguments; echo 'Authorised use only' >&2\n\
         while [ \"$1\" != rackhand ]; do shift; done; shift\n\
         exec {BINARY} \"$@\" --socket {socket}",
        dir = dir.display()
    );
    let ran = with_ssh(dir, &script, &["--host", "ssh://anna@fra1:2222", "--json", "status"]).await;
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let status: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(status["head"], 4);
    let arguments = std::fs::read_to_string(dir.join("arguments")).unwrap();
    let expected = "-o ServerAliveInterval=15 -o ServerAliveCountMax=3 -p 2222 -- anna@fra1 rackhand dial-stdio\n";
    assert_eq!(arguments, expected);
}

#[tokio::test]
async fn what_ssh_says_when_it_fails_is_shown_cleaned_and_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let script = "i=0; while [ $i -lt 9000 ]; do echo 'noise noise noise' >&2; i=$((i+1)); done\n\
                  printf 'anna@fra1: \\033[2JPermission denied (publickey).\\n' >&2; exit 255";
    let ran = with_ssh(dir.path(), script, &["--host", "ssh://anna@fra1", "status"]).await;
    let said = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(3));
    assert!(said.contains("no way to rackhandd at anna@fra1"), "{said}");
    assert!(said.contains("Permission denied (publickey).") && !said.contains('\u{1b}'), "{said}");
    assert!(said.len() < 2_000, "{}", said.len());
    let ran = with_ssh(dir.path(), "exit 127", &["--host", "ssh://fra1", "status"]).await;
    assert!(String::from_utf8(ran.stderr).unwrap().contains("is `rackhand` on the PATH there?"));
}
