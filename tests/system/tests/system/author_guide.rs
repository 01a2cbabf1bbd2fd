//! The author's tool as the guide describes it: from `inlet plugin new` to a plugin whose cases pass in the sandbox.

use std::{
    path::Path,
    process::{Command, Output},
};

use inlet_system_tests::{MANAGEMENT_TOKEN, Server, binary, bundled_plugin};

fn inlet(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(binary());
    command.current_dir(directory).args(["plugin"]).args(arguments);
    // A persistent directory, so that the SDK's dependencies are built once, without flags of the tests' own build.
    command.env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("author"));
    command.env("XDG_CACHE_HOME", Path::new(env!("CARGO_TARGET_TMPDIR")).join("caches"));
    command.output().unwrap()
}

/// Runs the tool, expects success, and returns its output.
fn printed(directory: &Path, arguments: &[&str]) -> String {
    let output = inlet(directory, arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "inlet plugin {arguments:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs the tool, expects failure, and returns the sentence.
fn refused(directory: &Path, arguments: &[&str]) -> String {
    let output = inlet(directory, arguments);
    assert!(!output.status.success(), "inlet plugin {arguments:?} succeeded");
    String::from_utf8(output.stderr).unwrap().trim_end().to_owned()
}

#[test]
fn from_new_to_cases_that_pass() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    assert!(printed(here, &["new", "acme/orders"]).starts_with("acme/orders is in ./orders."));
    let project = here.join("orders");
    let built = printed(&project, &["build"]);
    assert!(built.starts_with("./orders.wasm: acme/orders 0.1.0, "), "{built}");

    let checked = printed(&project, &["check", "orders.wasm"]);
    assert!(
        checked.starts_with("acme/orders 0.1.0 is a plugin that Inlet loads (contract 0.2.0).\nsha256:"),
        "{checked}"
    );
    let tested = printed(&project, &["test", "orders.wasm"]);
    assert!(tested.contains("acme/orders: must 24 passed, 0 failed"), "{tested}");

    let request = ["run", "orders.wasm", "--request", "cases/v0.2/must/order-created/body.json"];
    let run = printed(&project, &request);
    let (items, used) = run.split_once("\nused ").unwrap();
    insta::assert_snapshot!(items, @r#"
    0: event "order.created"
       user_id         "u_42" (at "/customer")
       data            {"total":39.50} (at "/order")
       idempotency_key "evt_1" (at "/id")
       occurred_at     1767323045 (at "/created")
    "#);
    assert!(used.contains(" of 1000 ms, ") && used.ends_with("for a body of 101 bytes\n"), "{used}");

    // Instruction counts are reproducible.
    let instructions = || {
        let text = printed(&project, &[&request[..], &["--json"]].concat());
        assert!(text.contains(r#""found":{"total":39.50}"#), "every digit as it came: {text}");
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        json["used"]["instructions"].as_u64().unwrap()
    };
    let counted = instructions();
    assert!(counted > 1000, "{counted}");
    assert_eq!(instructions(), counted);

    let shown = printed(&project, &["inspect", "orders.wasm"]);
    assert!(shown.contains("key               acme/orders\n"), "{shown}");
    let again = refused(here, &["new", "acme/orders"]);
    insta::assert_snapshot!(again, @"inlet: orders is there already; choose another name or remove it");
}

/// A plugin without code needs the binary alone: no cargo, and no network.
#[tokio::test(flavor = "multi_thread")]
async fn from_new_to_a_running_source_without_code() {
    let server = Server::start().await;
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    let without_tools = |arguments: &[&str]| {
        let mut command = Command::new(binary());
        command.current_dir(here.join("orders")).arg("plugin").args(arguments).env_clear();
        command.env("XDG_CACHE_HOME", Path::new(env!("CARGO_TARGET_TMPDIR")).join("caches")).output().unwrap()
    };
    assert!(!printed(here, &["new", "acme/orders", "--declarative"]).contains("cargo"));
    let built = without_tools(&["build"]);
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let project = here.join("orders");
    let tested = printed(&project, &["test", "orders.wasm"]);
    assert!(tested.contains("acme/orders: must 24 passed, 0 failed; should 2 passed, 0 failed"), "{tested}");

    let variables = [("INLET_SERVER", server.admin.as_str()), ("INLET_TOKEN", MANAGEMENT_TOKEN)];
    shell(&project, "inlet plugin add orders.wasm", &variables);
    let endpoint = server.source("shop", "acme/orders", serde_json::json!({}), serde_json::json!([])).await;
    let order = std::fs::read_to_string(project.join("cases/v0.2/must/order-created/body.json")).unwrap();
    endpoint.expect(order, &["logged"]).await;
    let entry = server.last_log("shop").await;
    assert_eq!((&entry["event_type"], &entry["user_id"]), (&"order.created".into(), &"u_42".into()), "{entry}");
    endpoint.expect(r#"{"type":"ping"}"#.to_owned(), &["ignored"]).await;

    // Rules that are wrong are named, and the plugin that was built stays.
    let toml = std::fs::read_to_string(project.join("plugin.toml")).unwrap();
    let wrong =
        toml.replace("event_type = \"/type\"", "event_type = \"type:/x\"").replace("key = \"/id\"", "kee = \"/id\"");
    std::fs::write(project.join("plugin.toml"), wrong).unwrap();
    insta::assert_snapshot!(refused(&project, &["build"]), @r#"
    inlet: plugin.toml has wrong rules:
      rules.kee: there is no such member; expected one of array, batch, ignore, reject, events, event_type, user_id, key, time, data, tenant, anonymous_id, group_id
      rules.event_type: found "type:/x"; expected a JSON Pointer such as /type, body:/type or up:/type, header:NAME, query:NAME or event_type; write text:type:/x for a fixed text
    "#);
    assert!(project.join("orders.wasm").is_file());
    let outdated = without_tools(&["test", "orders.wasm"]);
    let said = String::from_utf8_lossy(&outdated.stderr).into_owned();
    assert!(outdated.status.success(), "{said}");
    insta::assert_snapshot!(said, @"warning: orders.wasm was built from another plugin.toml than is there now; run `inlet plugin build` first");

    let code = refused(here, &["new", "acme/other", "--declarative", "--lang", "c"]);
    assert!(code.contains("cannot be used with"), "{code}");
}

/// Returns the fenced blocks of a section of the guide: their languages and texts.
fn blocks_of_guide(title: &str) -> Vec<(String, String)> {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/README.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let (_, section) = guide.split_once(&format!("\n## {title}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    // Text and fenced blocks alternate.
    let blocks = section.split("```").skip(1).step_by(2).map(|block| block.split_once('\n').unwrap());
    blocks.map(|(language, text)| (language.to_owned(), text.to_owned())).collect()
}

/// Runs commands of the guide in a directory, and returns what they print.
fn shell(directory: &Path, commands: &str, variables: &[(&str, &str)]) -> String {
    let path = std::env::var("PATH").unwrap();
    let output = Command::new("sh")
        .args(["-ec", commands])
        .current_dir(directory)
        .env("PATH", format!("{}:{path}", binary().parent().unwrap().display()))
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("author"))
        .env("XDG_CACHE_HOME", Path::new(env!("CARGO_TARGET_TMPDIR")).join("caches"))
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// Runs the commands at the start of the author's guide, and compares the output of the last one.
#[test]
fn the_guides_first_commands_do_what_it_says() {
    let blocks = blocks_of_guide("Five minutes");
    let (commands, shown) = (&blocks[0].1, blocks[1].1.trim());
    assert!(commands.contains("inlet plugin new") && shown.contains("user_id"), "{blocks:?}");
    let directory = tempfile::tempdir().unwrap();
    let said = shell(directory.path(), commands, &[]);
    assert!(said.contains(shown), "the guide shows\n{shown}\nfound\n{said}");
    for schema in ["plugins/conformance/request", "plugins/conformance/expected", "wit/manifest/v2"] {
        let file = directory.path().join("orders/vendor").join(format!("{schema}.schema.json"));
        serde_json::from_slice::<serde_json::Value>(&std::fs::read(file).unwrap()).unwrap();
    }
}

/// Writes the guide's plugin without code, and compares what it makes of the guide's request.
#[test]
fn the_guides_rules_do_what_it_says() {
    let blocks = blocks_of_guide("Without code");
    let [(_, start), (_, body), (_, rules), (_, build), (_, shown)] = blocks.as_slice() else { panic!("{blocks:?}") };
    let directory = tempfile::tempdir().unwrap();
    let tested = shell(directory.path(), start, &[]);
    assert!(tested.contains("acme/parcels: must 24 passed, 0 failed"), "{tested}");
    let project = directory.path().join("parcels");
    let case = project.join("cases/v0.2/must/delivered");
    std::fs::create_dir(&case).unwrap();
    std::fs::write(case.join("body.json"), body).unwrap();
    let toml = std::fs::read_to_string(project.join("plugin.toml")).unwrap();
    let (head, rest) = toml.split_once("[rules]\n").unwrap();
    let tail = &rest[rest.find("# How a request proves").unwrap()..];
    std::fs::write(project.join("plugin.toml"), format!("{head}{rules}\n{tail}")).unwrap();
    let said = shell(&project, build, &[]);
    assert!(said.contains(shown.trim()), "the guide shows\n{shown}\nfound\n{said}");
}

/// Builds the guide's answering plugin, creates its source with the guide's command, and sends it the guide's requests.
#[tokio::test(flavor = "multi_thread")]
async fn the_guides_source_and_its_answering_plugin_do_what_it_says() {
    let server = Server::start().await;
    let (create, answering) = (blocks_of_guide("A source of your plugin"), blocks_of_guide("Replies and handshakes"));
    let [(_, code), (_, requests), (_, shown)] = answering.as_slice() else { panic!("{answering:?}") };
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    printed(here, &["new", "acme/orders"]);
    let project = here.join("orders");
    printed(&project, &["build"]);
    std::fs::create_dir(here.join("inlet-data")).unwrap();
    std::fs::write(here.join("inlet-data/management-token"), MANAGEMENT_TOKEN).unwrap();
    let server_variables = [("INLET_SERVER", server.admin.as_str()), ("INLET_TOKEN", MANAGEMENT_TOKEN)];
    let [(_, commands), (_, request)] = create.as_slice() else { panic!("{create:?}") };
    shell(&project, &commands.replace("shop@", "store@"), &server_variables);
    assert_eq!(server.last_log("store").await["outcome"], "executed");

    std::fs::write(project.join("src/lib.rs"), code).unwrap();
    let toml = std::fs::read_to_string(project.join("plugin.toml")).unwrap();
    std::fs::write(project.join("plugin.toml"), toml.replace("version = \"0.1.0\"", "version = \"0.1.1\"")).unwrap();
    printed(&project, &["build"]);
    shell(here, "inlet plugin add orders/orders.wasm", &server_variables);
    let created = shell(here, &request.replace("http://127.0.0.1:8080", &server.admin), &[]);
    let created: serde_json::Value = serde_json::from_str(&created).unwrap();
    let endpoint = server.endpoint_of(&created["source"], "development").url;
    // The guide's commands follow each other on lines of their own; an answer need not end its line.
    let answers: Vec<String> =
        requests.lines().map(|line| shell(here, line, &[("ENDPOINT", &endpoint)]).trim_end().to_owned()).collect();
    assert_eq!(answers.join("\n"), shown.trim_end());
    let outcomes: Vec<_> = server.logs("shop").await.iter().map(|entry| entry["outcome"].clone()).collect();
    assert_eq!(outcomes, ["executed", "executed", "ignored"]);

    printed(here, &["bind", "--out", "bindings", "--world", "answering-source"]);
    let header = std::fs::read_to_string(here.join("bindings/answering_source.h")).unwrap();
    assert!(header.contains("answerer_answer("), "{header}");
}

#[test]
fn a_case_that_fails_says_where() {
    let directory = tempfile::tempdir().unwrap();
    let case = directory.path().join("cases/v0.2/must/one");
    std::fs::create_dir_all(&case).unwrap();
    std::fs::write(case.join("body.json"), r#"{"type":"track","event":"x"}"#).unwrap();
    std::fs::write(case.join("expected.json"), r#"{"items":[]}"#).unwrap();
    let plugin = bundled_plugin("http.wasm");
    let output = inlet(directory.path(), &["test", plugin.to_str().unwrap()]);
    assert!(!output.status.success());
    let report = String::from_utf8(output.stdout).unwrap();
    assert!(report.contains("items[0]: expected nothing"), "{report}");
}

/// Programs read the report, so a file that does not load has one too.
#[test]
fn a_plugin_that_does_not_load_has_a_report() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    std::fs::write(here.join("core.wasm"), b"\0asm\x01\0\0\0").unwrap();
    let output = inlet(here, &["test", "core.wasm", "--json", "--junit", "report.xml"]);
    assert!(!output.status.success());
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["conforms"], false);
    assert_eq!(report["checks"][0]["id"], "loads");
    assert_eq!(report["checks"][0]["outcome"], "failed");
    let found = report["checks"][0]["found"][0].as_str().unwrap();
    assert!(found.starts_with("core.wasm: the file is a core WebAssembly module; "), "{found}");
    let junit = std::fs::read_to_string(here.join("report.xml")).unwrap();
    assert!(junit.contains(r#"tests="1" failures="1""#) && junit.contains("core WebAssembly module"), "{junit}");
}

/// The cache is in the user's cache directory. A cached plugin is read, not compiled and written again.
#[test]
fn a_plugin_is_compiled_once() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    let directory = tempfile::tempdir().unwrap();
    let (plugin, caches) = (bundled_plugin("http.wasm"), directory.path().join("caches"));
    let check = || {
        let mut command = Command::new(binary());
        command.args(["plugin", "check"]).arg(&plugin).env("XDG_CACHE_HOME", &caches).output().unwrap()
    };
    let cache = caches.join("inlet/compiled-plugins");
    let files = || -> Vec<u64> {
        let files = std::fs::read_dir(&cache).unwrap().map(|file| file.unwrap().metadata().unwrap());
        files.inspect(|file| assert_eq!(file.mode() & 0o777, 0o600)).map(|file| file.ino()).collect()
    };
    assert!(check().status.success());
    let first = files();
    assert_eq!(first.len(), 1);
    assert!(check().status.success());
    assert_eq!(files(), first);

    // What is in a directory that others can write would be run.
    std::fs::remove_dir_all(&cache).unwrap();
    std::fs::create_dir(&cache).unwrap();
    std::fs::set_permissions(&cache, std::fs::Permissions::from_mode(0o777)).unwrap();
    let output = check();
    assert!(output.status.success());
    let note = String::from_utf8(output.stderr).unwrap();
    assert!(note.contains("can be written by others"), "{note}");
    assert_eq!(std::fs::read_dir(&cache).unwrap().count(), 0);
}

/// `run` shows what the server would reject or warn of, by the server's own rules.
#[test]
fn run_applies_the_servers_checks() {
    let directory = tempfile::tempdir().unwrap();
    let plugin = bundled_plugin("segment.wasm");
    let run = |body: &str, more: &[&str]| {
        std::fs::write(directory.path().join("body.json"), body).unwrap();
        printed(directory.path(), &[&["run", plugin.to_str().unwrap(), "--request", "body.json"], more].concat())
    };
    let items = |body: &str| run(body, &[]).split("\nused ").next().unwrap().to_owned();
    let body = r#"[{"type":"track","event":"A","properties":[1],"userId":"u"},{"type":"track","event":"B","userId":{}},
        {"type":"track","event":"C","messageId":7}]"#;
    insta::assert_snapshot!(items(body), @r#"
    0: event "track/A"
       user_id         "u" (at "/0/userId")
       data            [1] (at "/0/properties")
       the server rejects it: wrong_type: the data is an array; expected an object
    1: event "track/B"
       user_id         {} (at "/1/userId")
       the server rejects it: wrong_type: the user id is an object; expected a string or a number
    2: event "track/C"
       idempotency_key 7 (at "/2/messageId")
       warning         the idempotency key is a number, not a string; the event was processed without idempotency
    "#);
    insta::assert_snapshot!(items(r#"{"userId":"u_1"}"#), @r#"
    0: event ""
       user_id         "u_1" (at "/userId")
       data            {"userId":"u_1"} (at "")
       the server rejects it: missing_field: its plugin finds no event type; send one, or set event_type_path to where it is
    "#);
    let json: serde_json::Value = serde_json::from_str(&run(body, &["--json"])).unwrap();
    let server = |index: usize| json["items"][index]["server"].clone();
    assert_eq!((&server(0)["accepted"], &server(0)["code"]), (&false.into(), &"wrong_type".into()));
    assert_eq!(server(1)["accepted"], false);
    assert_eq!(server(2)["accepted"], true);
    assert_eq!(server(2)["warnings"].as_array().unwrap().len(), 1);
}

#[test]
fn what_is_no_plugin_is_refused_in_one_sentence() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    std::fs::write(here.join("page.wasm"), "<html>").unwrap();
    std::fs::write(here.join("core.wasm"), b"\0asm\x01\0\0\0").unwrap();
    std::fs::write(here.join("plugin.toml"), "key = ").unwrap();
    for (file, said) in [("page.wasm", "is not WebAssembly"), ("core.wasm", "is a core WebAssembly module")] {
        let sentence = refused(here, &["check", file]);
        assert!(sentence.starts_with(&format!("inlet: {file}: the file ")) && sentence.contains(said), "{sentence}");
    }
    let missing = refused(here, &["check", "none.wasm"]);
    assert!(missing.starts_with("inlet: cannot read none.wasm: "), "{missing}");
    let toml = refused(here, &["build"]);
    assert!(toml.starts_with("inlet: plugin.toml is not TOML: "), "{toml}");
    let name = refused(here, &["new", "../x"]);
    insta::assert_snapshot!(name, @r#"inlet: "../x" is no name for a plugin; expected lower-case words joined by dashes, for example acme/orders"#);
}
