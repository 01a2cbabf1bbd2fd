//! Plugins from a directory: in order, each for itself, and none from outside.

use cap_std::{ambient_authority, fs::Dir};
use inlet_sandbox::load_directory;

use crate::{SANDBOX, bundled};

#[test]
fn each_file_is_loaded_or_refused_for_itself() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret.wasm"), bundled("inlet__hostile")).unwrap();
    let inside = tempfile::tempdir().unwrap();
    let path = |name: &str| inside.path().join(name);
    std::fs::write(path("c.wasm"), bundled("inlet__hostile")).unwrap();
    std::fs::write(path("b.wasm"), "not wasm").unwrap();
    std::fs::write(path("notes.txt"), "ignored").unwrap();
    std::fs::create_dir(path("d.wasm")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("secret.wasm"), path("a.wasm")).unwrap();
    std::os::unix::fs::symlink("c.wasm", path("e.wasm")).unwrap();

    let directory = Dir::open_ambient_dir(inside.path(), ambient_authority()).unwrap();
    let loaded = load_directory(&SANDBOX, &directory).unwrap();
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
fn a_file_that_is_too_large_is_not_read_to_its_end() {
    let inside = tempfile::tempdir().unwrap();
    let file = std::fs::File::create(inside.path().join("huge.wasm")).unwrap();
    file.set_len(1 << 40).unwrap();
    let directory = Dir::open_ambient_dir(inside.path(), ambient_authority()).unwrap();
    let [huge] = <[_; 1]>::try_from(load_directory(&SANDBOX, &directory).unwrap()).unwrap();
    insta::assert_snapshot!(huge.result.unwrap_err(), @r#""huge.wasm": the file is larger than 64 MiB, the most that a plugin may have; build it for size"#);
}
