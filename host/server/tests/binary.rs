//! The program itself. Its integration test is also why `cargo test` builds it, with the features of all tests, instead of
//! a second time with its own.

use std::process::Command;

#[test]
fn the_program_says_its_version() {
    let said = Command::new(env!("CARGO_BIN_EXE_inlet")).arg("--version").output().expect("the program runs");
    assert!(said.status.success());
    assert_eq!(String::from_utf8_lossy(&said.stdout), format!("inlet {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn an_unknown_command_is_a_usage_error() {
    let said = Command::new(env!("CARGO_BIN_EXE_inlet")).arg("srve").output().expect("the program runs");
    assert_eq!(said.status.code(), Some(2));
    let explained = String::from_utf8_lossy(&said.stderr);
    assert!(explained.contains("'srve'") && explained.contains("'serve'"), "{explained}");
}
