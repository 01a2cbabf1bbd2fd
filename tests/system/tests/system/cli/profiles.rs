//! Profiles: servers by name, and which token goes to which server.

use std::{fs, io::Write as _, os::unix::fs::PermissionsExt as _, process::Stdio};

use inlet_system_tests::{MANAGEMENT_TOKEN, Server};

use super::Shell;

#[tokio::test]
async fn servers_are_called_by_name() {
    let server = Server::start().await;
    let mut shell = Shell::of(&server);
    let bare = |shell: &mut Shell, arguments: &[&str]| {
        let command = shell.bare(arguments);
        shell.record(arguments, command)
    };
    bare(&mut shell, &["profile", "list"]);
    bare(&mut shell, &["profile", "use", "eu"]);
    let add = ["profile", "add", "eu", "--url", &server.admin, "--token-stdin", "--env", "development"];
    let mut child = shell.bare(&add).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(format!("{MANAGEMENT_TOKEN}\n").as_bytes()).unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
    let kept = shell.path("config/inlet/eu.token");
    assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    bare(&mut shell, &["profile", "list"]);
    bare(&mut shell, &["profile", "list", "--json"]);
    // The address, the token and the environment are those of the profile.
    bare(&mut shell, &["env", "list", "--json"]);
    bare(&mut shell, &["target", "list"]);
    bare(&mut shell, &["source", "list", "--profile", "us"]);
    bare(&mut shell, &["source", "list", "--profile", "eu", "--server", "http://127.0.0.1:1"]);
    // Another server does not get the token.
    bare(&mut shell, &["source", "list", "--server", "http://127.0.0.1:1"]);
    let command = format!("cat {}", kept.display());
    bare(&mut shell, &["profile", "add", "us", "--url", "http://127.0.0.1:1", "--token-command", &command]);
    bare(&mut shell, &["source", "list", "--profile", "us"]);
    bare(&mut shell, &["profile", "add", "Us", "--url", "http://127.0.0.1:1"]);
    bare(&mut shell, &["profile", "add", "as", "--url", "127.0.0.1:1"]);
    fs::set_permissions(&kept, fs::Permissions::from_mode(0o644)).unwrap();
    bare(&mut shell, &["source", "list"]);
    fs::set_permissions(&kept, fs::Permissions::from_mode(0o600)).unwrap();
    bare(&mut shell, &["profile", "remove", "eu"]);
    bare(&mut shell, &["profile", "remove", "eu", "--yes"]);
    assert!(!kept.exists());
    fs::set_permissions(shell.path("config/inlet/config.toml"), fs::Permissions::from_mode(0o666)).unwrap();
    bare(&mut shell, &["profile", "list"]);
    let transcript = shell.transcript();
    assert!(!transcript.contains(MANAGEMENT_TOKEN), "{transcript}");
    insta::assert_snapshot!(transcript);
}
