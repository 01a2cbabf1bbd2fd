//! The cache of compiled plugins: files are used only if they are unchanged.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use inlet_sandbox::{Compilation, CompiledCache, EngineConfig, Plugin, Sandbox, Wiping};
use tempfile::TempDir;

use crate::{bundled, forge::changed, relaxed_limits, request, test_plugin};

const COUNTING: EngineConfig = EngineConfig {
    max_instances: 1,
    max_memory: 64 << 20,
    tick: std::time::Duration::from_millis(5),
    count_instructions: true,
    wiping: Wiping::Auto,
};

fn load(directory: &Path, config: EngineConfig, max_bytes: u64, wasm: &[u8]) -> Plugin {
    let cache = CompiledCache::open(directory, max_bytes).unwrap();
    Sandbox::with_cache(config, cache).unwrap().load(wasm).unwrap()
}

fn small() -> EngineConfig {
    EngineConfig { count_instructions: false, ..COUNTING }
}

fn files(directory: &Path) -> Vec<PathBuf> {
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[tokio::test]
async fn a_second_load_reads_the_code_of_the_first() {
    let parent = TempDir::new().unwrap();
    let directory = parent.path().join("compiled");
    let load = |config| load(&directory, config, CompiledCache::MAX_BYTES, &test_plugin("inlet__hostile"));
    let first = load(small());
    assert_eq!(first.compilation(), &Compilation::Compiled);
    assert_eq!(fs::metadata(&directory).unwrap().permissions().mode() & 0o777, 0o700);
    let second = load(small());
    assert_eq!(second.compilation(), &Compilation::Cached);
    let translated = second.translate(&request("/echo", "{}"), &relaxed_limits()).await.result;
    assert_eq!(translated, first.translate(&request("/echo", "{}"), &relaxed_limits()).await.result);
    assert!(translated.is_ok());
    assert_eq!(load(COUNTING).compilation(), &Compilation::Compiled, "another engine runs other code");
    assert_eq!(files(&directory).len(), 2);
}

#[tokio::test]
async fn a_changed_file_is_compiled_again() {
    let directory = TempDir::new().unwrap();
    let load = || load(directory.path(), small(), CompiledCache::MAX_BYTES, &test_plugin("inlet__hostile"));
    let compiled = load();
    let file = files(directory.path()).remove(0);
    let whole = fs::read(&file).unwrap();
    let spoiled = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = whole.clone();
        change(&mut bytes);
        bytes
    };
    for bytes in [
        spoiled(&|bytes| bytes[whole.len() / 2] ^= 1),
        spoiled(&|bytes| bytes[0] ^= 1),
        spoiled(&|bytes| bytes.truncate(whole.len() - 1)),
        spoiled(&|bytes| bytes.truncate(3)),
        Vec::new(),
    ] {
        fs::write(&file, bytes).unwrap();
        let again = load();
        assert_eq!(again.compilation(), &Compilation::Compiled);
        assert!(again.translate(&request("/ok", "{}"), &relaxed_limits()).await.result.is_ok());
        assert_eq!(fs::read(&file).unwrap().len(), whole.len(), "it was written again");
    }
    // A valid file under the name of another plugin.
    let other = self::load(directory.path(), small(), CompiledCache::MAX_BYTES, &bundled("http"));
    let of_other = files(directory.path()).into_iter().find(|path| *path != file).unwrap();
    fs::copy(&of_other, &file).unwrap();
    assert_eq!(load().compilation(), &Compilation::Compiled);
    assert_ne!(other.digest(), compiled.digest());
}

#[test]
fn the_least_recently_used_file_is_removed_first() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let load = |max_bytes, name| load(path, small(), max_bytes, &bundled(name)).compilation().clone();
    for name in ["segment", "http"] {
        assert_eq!(load(CompiledCache::MAX_BYTES, name), Compilation::Compiled);
    }
    assert_eq!(load(CompiledCache::MAX_BYTES, "segment"), Compilation::Cached);
    let bytes: u64 = files(path).iter().map(|file| fs::metadata(file).unwrap().len()).sum();
    // Enough for two of the three; `http` is the least recently used.
    let max_bytes = bytes + bytes / 4;
    assert_eq!(load(max_bytes, "census"), Compilation::Compiled);
    assert_eq!(load(max_bytes, "segment"), Compilation::Cached);
    assert_eq!(load(CompiledCache::MAX_BYTES, "http"), Compilation::Compiled);
}

#[test]
fn a_directory_that_others_can_write_is_refused() {
    let directory = TempDir::new().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let error = CompiledCache::open(directory.path(), 1).unwrap_err().to_string();
    let sentence = error.replace(&directory.path().display().to_string(), "DIR");
    insta::assert_snapshot!(sentence, @"DIR can be written by others (mode 777); what is in it would be run; remove it");
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(CompiledCache::open(&file, 1).unwrap_err().to_string().contains("expected a directory"));
}

#[test]
fn a_file_that_others_could_have_written_is_compiled_again() {
    let directory = TempDir::new().unwrap();
    let load = || load(directory.path(), small(), CompiledCache::MAX_BYTES, &bundled("http")).compilation().clone();
    assert_eq!(load(), Compilation::Compiled);
    let file = files(directory.path()).remove(0);
    let mode = || fs::metadata(&file).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    for writable in [0o620, 0o602] {
        fs::set_permissions(&file, fs::Permissions::from_mode(writable)).unwrap();
        assert_eq!(load(), Compilation::Compiled);
        assert_eq!(mode(), 0o600, "it was written again");
        assert_eq!(load(), Compilation::Cached);
    }
}

#[tokio::test]
async fn a_plugin_that_cannot_be_cached_runs_and_leaves_no_file() {
    let directory = TempDir::new().unwrap();
    let load = || load(directory.path(), small(), CompiledCache::MAX_BYTES, &bundled("http"));
    load();
    let file = files(directory.path()).remove(0);
    fs::remove_file(&file).unwrap();
    // A directory with the file's name prevents writing it.
    fs::create_dir(&file).unwrap();
    let plugin = load();
    assert!(matches!(plugin.compilation(), Compilation::NotCached { .. }), "{:?}", plugin.compilation());
    assert!(plugin.translate(&request("/", "{}"), &relaxed_limits()).await.result.is_ok());
    assert_eq!(files(directory.path()), [file]);
}

/// The other threads wait for the first one and use its result.
#[test]
fn two_at_the_same_time_compile_once() {
    let directory = TempDir::new().unwrap();
    let cache = CompiledCache::open(directory.path(), CompiledCache::MAX_BYTES).unwrap();
    let sandbox = Sandbox::with_cache(small(), cache).unwrap();
    let wasm = bundled("segment");
    let begin = std::sync::Barrier::new(3);
    let compiled = std::thread::scope(|scope| {
        let load = || {
            begin.wait();
            sandbox.load(&wasm).unwrap().compilation().clone()
        };
        let loading: Vec<_> = (0..3).map(|_| scope.spawn(load)).collect();
        loading.into_iter().map(|load| load.join().unwrap()).filter(|found| *found == Compilation::Compiled).count()
    });
    assert_eq!(compiled, 1);
}

/// Reads the plugins of the catalogue that have no code.
fn without_code() -> Vec<Vec<u8>> {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../platforms");
    let plugins = files(&directory).into_iter().map(|file| fs::read(file).unwrap());
    plugins.filter(|wasm| inlet_sandbox::read_manifest(wasm).unwrap().rules.is_some()).collect()
}

#[tokio::test]
async fn plugins_without_code_are_compiled_once() {
    let plugins = without_code();
    assert!(plugins.len() > 30, "{}; run `make platforms`", plugins.len());
    let directory = TempDir::new().unwrap();
    let load_all = || {
        let cache = CompiledCache::open(directory.path(), CompiledCache::MAX_BYTES).unwrap();
        let sandbox = Sandbox::with_cache(small(), cache).unwrap();
        let begun = std::time::Instant::now();
        let loaded: Vec<Plugin> = plugins.iter().map(|wasm| sandbox.load(wasm).unwrap()).collect();
        println!("{} plugins without code loaded in {:?}", loaded.len(), begun.elapsed());
        loaded
    };
    let loaded = load_all();
    assert_eq!(loaded[0].compilation(), &Compilation::Compiled);
    for other in &loaded[1..] {
        assert_eq!(other.compilation(), &Compilation::Shared, "{}", other.manifest().key);
        assert!(other.shares_code_with(&loaded[0]) && other.digest() != loaded[0].digest());
    }
    assert_eq!(files(directory.path()).len(), 1, "one file for all");
    // After a restart one of them is read.
    let again = load_all();
    assert_eq!(again[0].compilation(), &Compilation::Cached);
    assert!(again[1..].iter().all(|other| other.compilation() == &Compilation::Shared));
    // Each goes by its own rules.
    let paddle = |plugins: &[Plugin]| {
        let found = plugins.iter().position(|plugin| plugin.manifest().key == "inlet/paddle");
        found.unwrap()
    };
    let body = r#"{"event_id":"evt_1","event_type":"customer.created","occurred_at":"2026-01-02T03:04:05Z","data":{"id":"c"}}"#;
    let by = async |plugin: &Plugin| plugin.translate(&request("/", body), &relaxed_limits()).await.result.unwrap();
    let of_paddle = by(&again[paddle(&again)]).await;
    let of_others = again.iter().filter(|plugin| plugin.manifest().key != "inlet/paddle");
    let mut differ = 0;
    for other in of_others {
        differ += usize::from(by(other).await != of_paddle);
    }
    assert_eq!(differ, again.len() - 1, "no other plugin reads a request of this one as it does");
}

/// Code is kept in memory as long as a plugin with it is loaded.
#[test]
fn code_is_shared_until_no_plugin_has_it() {
    let sandbox = Sandbox::new(small()).unwrap();
    let load = |version: &str| sandbox.load(&changed(|manifest| manifest["version"] = version.into())).unwrap();
    let (first, second) = (load("1.0.0"), load("1.0.1"));
    assert_eq!((first.compilation(), second.compilation()), (&Compilation::Compiled, &Compilation::Shared));
    let other = sandbox.load(&bundled("http")).unwrap();
    assert!(second.shares_code_with(&first) && !other.shares_code_with(&first));
    drop((first, second));
    assert_eq!(load("1.0.2").compilation(), &Compilation::Compiled);
}
