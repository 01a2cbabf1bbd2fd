//! The program itself. Its integration test is also why `cargo test` builds it, with the features of all tests, instead of
//! a second time with its own.

use std::process::Command;

#[test]
fn a_wrong_call_says_the_right_one() {
    for (arguments, problem) in [
        (&[][..], "usage: inlet-pack bundle"),
        (&["bundle", "--out", "target"], "usage: inlet-pack bundle"),
        (&["bundle", "--release"], "unknown option --release"),
        (&["component", "--out", "target"], "usage: inlet-pack bundle"),
        (&["catalog", "--out", "target"], "usage: inlet-pack bundle"),
        (&["catalog", "--out", "x", "no-such.wasm"], "cannot make x: cannot read no-such.wasm"),
        (&["component", "--out", "x", "--declarative", "y", "z"], "unknown option --declarative"),
    ] {
        let said = Command::new(env!("CARGO_BIN_EXE_inlet-pack")).args(arguments).output().expect("the program runs");
        let explained = String::from_utf8_lossy(&said.stderr);
        assert_eq!(said.status.code(), Some(1), "{arguments:?}");
        assert!(explained.starts_with("inlet-pack: ") && explained.contains(problem), "{arguments:?}: {explained}");
    }
}
