//! Loading a directory: files load in order, independently of each other, and none from outside.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    time::Duration,
};

use cap_std::{ambient_authority, fs::Dir};
use inlet_sandbox::{FileError, load_directory};
use rustix::fs::{CWD, FileType, Mode, RenameFlags, mknodat, renameat_with};

use crate::{SANDBOX, test_plugin};

#[test]
fn each_file_is_loaded_or_refused_independently() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret.wasm"), test_plugin("inlet__hostile")).unwrap();
    let inside = tempfile::tempdir().unwrap();
    let path = |name: &str| inside.path().join(name);
    std::fs::write(path("c.wasm"), test_plugin("inlet__hostile")).unwrap();
    std::fs::write(path("b.wasm"), "not wasm").unwrap();
    std::fs::write(path("notes.txt"), "ignored").unwrap();
    std::fs::create_dir(path("d.wasm")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("secret.wasm"), path("a.wasm")).unwrap();
    std::os::unix::fs::symlink("c.wasm", path("e.wasm")).unwrap();

    let directory = Dir::open_ambient_dir(inside.path(), ambient_authority()).unwrap();
    let loaded = load_directory(&SANDBOX, &directory, |_| None).unwrap();
    let lines: Vec<String> = loaded
        .into_iter()
        .map(|file| match file.result {
            Ok(plugin) => format!("{} is {}", file.name, plugin.manifest().key),
            Err(error) => error.to_string(),
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    cannot read "a.wasm": a path led outside of the filesystem; it must be readable and lie inside the plugin directory
    "b.wasm": the file is not WebAssembly: it begins with 6e6f7420; expected a component (0061736d); build it with `inlet plugin build`
    c.wasm is inlet/hostile
    "d.wasm" is not a file; expected a component; move it out of the plugin directory
    e.wasm is inlet/hostile
    "#);
}

#[test]
fn a_file_that_is_too_large_is_not_read_completely() {
    let inside = tempfile::tempdir().unwrap();
    let file = std::fs::File::create(inside.path().join("huge.wasm")).unwrap();
    file.set_len(1 << 40).unwrap();
    let directory = Dir::open_ambient_dir(inside.path(), ambient_authority()).unwrap();
    let [huge] = <[_; 1]>::try_from(load_directory(&SANDBOX, &directory, |_| None).unwrap()).unwrap();
    insta::assert_snapshot!(huge.result.unwrap_err(), @r#""huge.wasm": the file is larger than 64 MiB, the most that a plugin may have; build it for size"#);
}

/// Reading a pipe could wait forever. The test also covers a pipe that replaces a file between two checks.
#[test]
fn a_pipe_is_refused_and_not_waited_for() {
    const MANY: u32 = 200;
    let inside = tempfile::tempdir().unwrap();
    let path = |name: &str| inside.path().join(name);
    mknodat(CWD, path("pipe.wasm"), FileType::Fifo, Mode::RWXU, 0).unwrap();
    std::fs::write(path("other"), "not wasm").unwrap();
    let directory = Dir::open_ambient_dir(inside.path(), ambient_authority()).unwrap();
    let is_done = Arc::new(AtomicBool::new(false));
    let swapping = std::thread::spawn({
        let (is_done, pipe, other) = (is_done.clone(), path("pipe.wasm"), path("other"));
        move || {
            while !is_done.load(Ordering::Relaxed) {
                renameat_with(CWD, &pipe, CWD, &other, RenameFlags::EXCHANGE).unwrap();
            }
        }
    });
    // Runs on its own thread, so that the test can time out if the load waits for the pipe.
    let (seen, sees) = mpsc::channel();
    std::thread::spawn(move || {
        let (mut pipes, mut files) = (0, 0);
        while pipes < MANY || files < MANY {
            let [file] = <[_; 1]>::try_from(load_directory(&SANDBOX, &directory, |_| None).unwrap()).unwrap();
            match file.result.unwrap_err() {
                error @ FileError::NotAFile { .. } => {
                    pipes += 1;
                    seen.send(error.to_string()).unwrap();
                }
                FileError::Load { .. } => files += 1,
                error @ (FileError::Read { .. } | FileError::Panicked { .. }) => panic!("{error}"),
            }
        }
    });
    let mut refusals = Vec::new();
    loop {
        match sees.recv_timeout(Duration::from_secs(60)) {
            Ok(refusal) => refusals.push(refusal),
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => panic!("it waits for the pipe's other end"),
        }
    }
    is_done.store(true, Ordering::Relaxed);
    swapping.join().unwrap();
    assert!(refusals.len() >= MANY as usize, "{}", refusals.len());
    insta::assert_snapshot!(refusals[0], @r#""pipe.wasm" is not a file; expected a component; move it out of the plugin directory"#);
}
