//! Inputs that are larger than the memory.

use std::{io::Write as _, process::Stdio};

use inlet_system_tests::memory_peak;

use super::{Importer, Run};

const MIB: usize = 1 << 20;

/// Returns rows of about this many bytes together, of ids that differ from all others.
fn rows(from: usize, bytes: usize) -> (String, usize) {
    let name = "n".repeat(2000);
    let count = bytes / 2010;
    ((from..from + count).map(|id| format!("{id},{name}\n")).collect(), count)
}

#[test]
fn the_memory_does_not_grow_with_the_input_and_a_dry_run_needs_no_server() {
    let directory = tempfile::tempdir().unwrap();
    let importer = Importer { directory, server: "http://127.0.0.1:1".to_owned(), key: String::new() };
    let mut command = importer.command(&["-", "--format", "csv", "--dry-run"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"id,name\n").unwrap();
    let (text, first) = rows(0, 8 * MIB);
    stdin.write_all(text.as_bytes()).unwrap();
    let peak = memory_peak(child.id());
    let (text, second) = rows(first, 40 * MIB);
    // The pipe holds 64 KiB: what is written is read.
    stdin.write_all(text.as_bytes()).unwrap();
    // The kernel's counts are not exact.
    let grown = memory_peak(child.id()).saturating_sub(peak);
    assert!(grown < 16 * MIB as u64, "{grown} bytes more for 40 MiB more of input");
    drop(stdin);
    let run = Run::of(child.wait_with_output().unwrap());
    let all = first + second;
    assert_eq!(
        run.stdout,
        format!("standard input: {all} good, 0 bad, 0 with an id that came before; nothing was sent\n")
    );
}
