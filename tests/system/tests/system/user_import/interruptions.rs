//! Imports that stop, and continue.

use std::{
    fs::File,
    io::Write as _,
    process::{Child, Stdio},
};

use inlet_system_tests::{Server, ServerOptions};
use serde_json::json;

use super::{Importer, MANY, Run, expect_many, many_csv};

/// The progress of an import of standard input.
const PROGRESS: &str = "progress.json";

/// Starts an import of standard input that has no more than the first 13,500 users, and waits until 13,000 are done.
async fn half_done(importer: &Importer, csv: &str) -> Child {
    let arguments = ["-", "--format", "csv", "--progress", PROGRESS, "--retry-seconds", "10"];
    let mut child = importer.command(&arguments).stdin(Stdio::piped()).spawn().unwrap();
    let half: Vec<&str> = csv.split_inclusive('\n').take(13_501).collect();
    child.stdin.as_mut().unwrap().write_all(half.concat().as_bytes()).unwrap();
    assert!(importer.wait_for(&mut child, PROGRESS, 13_000).await);
    child
}

/// Imports the whole of standard input.
fn import_all(importer: &Importer, more: &[&str]) -> Run {
    let arguments = [&["-", "--format", "csv", "--progress", PROGRESS], more].concat();
    let file = File::open(importer.path("users.csv")).unwrap();
    Run::of(importer.command(&arguments).stdin(Stdio::from(file)).output().unwrap())
}

#[tokio::test]
async fn an_importer_that_was_killed_continues_where_it_was() {
    let server = Server::start().await;
    let importer = Importer::of(&server).await;
    let csv = many_csv();
    importer.file("users.csv", &csv);
    let mut child = half_done(&importer, &csv).await;
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(importer.progress(PROGRESS)["counts"], json!({"identified": 13_000, "failed": 0}));

    let run = import_all(&importer, &[]);
    assert_eq!((run.code, run.stderr.lines().next()), (0, Some("continuing behind line 13001, after 13000 rows")));
    assert_eq!(run.stdout, "standard input: 25000 identified, 0 failed\n");
    expect_many(&server, &importer.key).await;
    let logged = server.all_logs("$api").await.len();
    assert_eq!(logged, MANY, "no user was sent twice");
}

#[tokio::test]
async fn a_killed_importer_finds_the_bulk_operation_that_was_under_way() {
    let server = Server::start().await;
    let importer = Importer::of(&server).await;
    importer.file("users.csv", many_csv());
    let progress = "users.csv.import-progress";
    let mut was_under_way = 0;
    let mut is_done = false;
    // Wherever it is killed, it continues.
    for users in (0..).map(|n| n * 3000) {
        let mut child = importer.command(&["users.csv"]).spawn().unwrap();
        is_done = !importer.wait_for(&mut child, progress, users).await;
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        if is_done {
            let run = Run::of(output);
            assert!(run.stdout.contains("25000 identified"), "{}", run.text());
            break;
        }
        was_under_way += usize::from(!importer.progress(progress)["under_way"].is_null());
    }
    assert!(is_done);
    expect_many(&server, &importer.key).await;
    // A chunk is sent again only if the importer was killed between the server's answer and its own note of it.
    let logged = server.all_logs("$api").await.len();
    assert!((MANY..MANY + 9000).contains(&logged), "{logged} entries, {was_under_way} kills amid a bulk operation");
}

#[tokio::test]
async fn an_importer_goes_on_after_the_server_was_killed() {
    let server = Server::start().await;
    let listen = server.base.trim_start_matches("http://").to_owned();
    let importer = Importer::of(&server).await;
    importer.file("users.csv", many_csv());
    let mut child = importer.command(&["users.csv"]).spawn().unwrap();
    importer.wait_for(&mut child, "users.csv.import-progress", 3000).await;
    let (server, _directory) = restarted(server, &listen).await;
    let run = Run::of(child.wait_with_output().unwrap());
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(run.stdout, "users.csv: 25000 identified, 0 failed\n");
    expect_many(&server, &importer.key).await;
}

#[tokio::test]
async fn a_server_that_stays_away_stops_the_import_until_the_next_run() {
    let server = Server::start().await;
    let listen = server.base.trim_start_matches("http://").to_owned();
    let importer = Importer::of(&server).await;
    let csv = many_csv();
    importer.file("users.csv", &csv);
    let mut child = half_done(&importer, &csv).await;
    let mut server = server;
    server.kill();
    let rest: Vec<&str> = csv.split_inclusive('\n').skip(13_501).collect();
    // The importer may have stopped reading by then.
    let _ = child.stdin.take().unwrap().write_all(rest.concat().as_bytes());
    let run = Run::of(child.wait_with_output().unwrap());
    assert_eq!(run.code, 75, "{}", run.stderr);
    let last = run.stderr.lines().last().unwrap();
    assert!(
        last.starts_with(
            "inlet: standard input: stopped behind line 13001, after 13000 identified and 0 failed: the server is away or overloaded"
        ),
        "{last}"
    );
    assert!(last.ends_with("; run the same command again to continue"), "{last}");

    let (server, _directory) = restarted(server, &listen).await;
    let run = import_all(&importer, &[]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    expect_many(&server, &importer.key).await;
    assert_eq!(server.all_logs("$api").await.len(), MANY, "no user was sent twice");
}

#[tokio::test]
async fn only_the_same_import_continues() {
    let server = Server::start().await;
    let importer = Importer::of(&server).await;
    let csv = many_csv();
    let mut child = half_done(&importer, &csv).await;
    child.kill().unwrap();
    child.wait().unwrap();

    importer.file("users.csv", csv.replace("User 12999,", "User X,"));
    let changed = import_all(&importer, &[]);
    insta::assert_snapshot!(changed.text(), @"
    1
    inlet: standard input: it changed since the earlier run, whose progress is in progress.json; bring back the file of that run, or --restart begins from the first row
    ");
    importer.file("users.csv", "id,name,number\nu_1,Ana,1\n");
    assert_eq!(import_all(&importer, &[]).stderr, changed.stderr);
    let other = Importer { key: server.api_key("production").await, directory: importer.directory, ..importer };
    insta::assert_snapshot!(import_all(&other, &[]).text(), @"
    1
    inlet: standard input: progress.json is the progress with another key, perhaps of another environment; --restart begins from the first row
    ");
    assert_eq!(server.get_with_key(&other.key, "/v1/users/u_1").await.0, 404);

    let run = import_all(&other, &["--restart"]);
    assert_eq!(run.stdout, "standard input: 1 identified, 0 failed\n");
    assert!(!other.path(PROGRESS).exists());
    let (_, user) = server.get_with_key(&other.key, "/v1/users/u_1").await;
    assert_eq!(user["name"], "Ana");
}

#[tokio::test]
async fn an_overloaded_server_stops_the_import_until_the_next_run() {
    let options = ServerOptions::default().env("INLET_MAX_IN_FLIGHT_BYTES", "400000");
    let server = Server::start_with(options).await;
    let listen = server.base.trim_start_matches("http://").to_owned();
    let importer = Importer::of(&server).await;
    // The second chunk is larger than what this server takes at once.
    let name = "n".repeat(1000);
    let small = (0..1000).map(|n| json!({"id": n}));
    let large = (1000..1100).map(|n| json!({"id": n, "name": name, "more": name, "still": name, "again": name}));
    importer.file("users.ndjson", small.chain(large).map(|user| format!("{user}\n")).collect::<String>());
    let run = importer.run(&["users.ndjson", "--retry-seconds", "10"]);
    assert_eq!(run.code, 75, "{}", run.stderr);
    let last = run.stderr.lines().last().unwrap();
    let expected = "inlet: users.ndjson: stopped behind line 1000, after 1000 identified and 0 failed: the server is away or overloaded";
    assert!(last.starts_with(expected), "{last}");

    let (_server, _directory) = restarted(server, &listen).await;
    let run = importer.run(&["users.ndjson"]);
    assert_eq!((run.code, run.stdout.as_str()), (0, "users.ndjson: 1100 identified, 0 failed\n"), "{}", run.stderr);
}

/// Kills a server and starts it again at the same address.
async fn restarted(mut server: Server, listen: &str) -> (Server, Option<tempfile::TempDir>) {
    server.kill();
    let (directory, data_dir) = server.take_data_dir();
    let options = ServerOptions { data_dir: Some(data_dir), ..ServerOptions::default() };
    (Server::start_with(options.arg("--listen").arg(listen)).await, directory)
}
