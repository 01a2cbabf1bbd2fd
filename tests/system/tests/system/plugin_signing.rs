//! Signed plugins: the first signed plugin of a publisher pins the key for all later ones.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use inlet_system_tests::{Server, binary, bundled_plugin, read_json};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::author_tool::Tool;

fn inlet(arguments: &[&str]) -> Output {
    Command::new(binary()).arg("plugin").args(arguments).output().unwrap()
}

fn printed(arguments: &[&str]) -> String {
    let output = inlet(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn refused(arguments: &[&str]) -> String {
    let output = inlet(arguments);
    assert!(!output.status.success(), "inlet plugin {arguments:?} succeeded");
    String::from_utf8(output.stderr).unwrap().trim_end().to_owned()
}

/// A directory in which plugins are packed and signed.
struct Publisher(TempDir);

impl Publisher {
    fn new() -> Publisher {
        let publisher = Publisher(TempDir::new().unwrap());
        fs::write(publisher.path("bare.wasm"), without_manifest(&fs::read(bundled_plugin("http.wasm")).unwrap()))
            .unwrap();
        publisher
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// Creates a key and returns its fingerprint.
    fn keygen(&self, name: &str) -> String {
        let said = printed(&["keygen", &self.text(name)]);
        said.lines().next().unwrap().rsplit(' ').next().unwrap().to_owned()
    }

    /// Packs the plugin `http` under another key with `inlet plugin pack`.
    fn pack(&self, key: &str, version: &str, sign: Option<&str>) -> Vec<u8> {
        let toml = format!(
            "key = {key:?}\nname = \"Orders\"\nversion = {version:?}\ncontract = \"0.2.0\"\ndescription = \"Orders.\"\n\
             categories = [\"CRM\"]\nlinks = {{ website = \"https://acme.example\", docs = \"https://acme.example\" }}\n"
        );
        fs::write(self.path("plugin.toml"), toml).unwrap();
        let (bare, toml, out) = (self.text("bare.wasm"), self.text("plugin.toml"), self.text("out.wasm"));
        let mut arguments = vec!["pack", &bare, "--manifest", &toml, "--out", &out];
        let file = sign.map(|name| self.text(name));
        if let Some(file) = &file {
            arguments.extend(["--sign", file]);
        }
        printed(&arguments);
        fs::read(self.path("out.wasm")).unwrap()
    }
}

/// Returns a component without a manifest, like the output of a toolchain.
fn without_manifest(wasm: &[u8]) -> Vec<u8> {
    let name = b"\x0einlet:manifest";
    let at = wasm.windows(name.len()).rposition(|window| window == name).unwrap();
    // The manifest is the last section. Its id and its length precede its name.
    let length_bytes = (1..=4).find(|bytes| wasm[at - bytes - 1] == 0 && leb(&wasm[at - bytes..at]) == wasm.len() - at);
    wasm[..at - length_bytes.unwrap() - 1].to_vec()
}

fn leb(bytes: &[u8]) -> usize {
    bytes.iter().rev().fold(0, |number, byte| number << 7 | usize::from(byte & 0x7f))
}

fn message(answer: &Value) -> &str {
    answer["message"].as_str().unwrap_or_default()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// The catalogue's plugins are not signed, so that a server which knows their publisher by a key does not take them.
#[tokio::test]
async fn the_catalogue_does_not_pass_over_a_pinned_key() {
    let publisher = Publisher::new();
    publisher.keygen("own.key");
    let server = Server::start().await;
    let signed = publisher.pack("inlet/own", "1.0.0", Some("own.key"));
    assert_eq!(server.add_version("inlet/own", "", &signed).await.0, 201);
    let response = server.manage(Method::POST, "/v1/catalog/inlet/stripe/install").send().await.unwrap();
    assert_eq!(response.status(), 409);
    let answer = read_json(response).await;
    assert!(message(&answer).contains("the plugin is not signed"), "{answer}");
}

#[tokio::test]
async fn a_publishers_first_signed_plugin_pins_its_key() {
    let publisher = Publisher::new();
    let (first, second) = (publisher.keygen("first.key"), publisher.keygen("second.key"));
    assert_ne!(first, second);
    let server = Server::start().await;
    // Unsigned plugins are accepted while no key is pinned.
    let unsigned = publisher.pack("acme/orders", "1.0.0", None);
    assert_eq!(server.add_version("acme/orders", "", &unsigned).await.0, 201);
    let unsigned_first = unsigned;
    let signed = publisher.pack("acme/orders", "1.1.0", Some("first.key"));
    let (status, answer) = server.add_version("acme/orders", "", &signed).await;
    assert_eq!(status, 201, "{answer}");
    let signers: Vec<&Value> =
        answer["versions"].as_array().unwrap().iter().map(|version| &version["signed_by"]).collect();
    assert_eq!(signers, [&Value::Null, &json!(first)]);

    // Afterwards every plugin of the publisher must be signed.
    let unsigned = publisher.pack("acme/invoices", "1.0.0", None);
    let (status, answer) = server.add_version("acme/invoices", "", &unsigned).await;
    assert_eq!(status, 409);
    assert!(message(&answer).contains("not signed") && message(&answer).contains(&first), "{answer}");
    let foreign = publisher.pack("acme/invoices", "1.0.0", Some("second.key"));
    let (status, answer) = server.add_version("acme/invoices", "", &foreign).await;
    assert_eq!(status, 409);
    assert!(message(&answer).contains(&first) && message(&answer).contains(&second), "both keys: {answer}");
    let own = publisher.pack("acme/invoices", "1.0.0", Some("first.key"));
    assert_eq!(server.add_version("acme/invoices", "", &own).await.0, 201);
    let other = publisher.pack("other/orders", "1.0.0", Some("second.key"));
    assert_eq!(server.add_version("other/orders", "", &other).await.0, 201, "another publisher has a key of its own");

    // Only an admin can replace the key.
    let token = server.management_token(json!({"name": "CI", "scopes": ["plugins"]})).await;
    let path = format!(
        "/v1/source_providers/acme%2Finvoices?replace_key=true&digest={}",
        inlet_system_tests::digest(&foreign)
    );
    let request = server.request_with(&token, Method::PUT, &path).header("content-type", "application/wasm");
    let response = request.body(foreign).send().await.unwrap();
    assert_eq!(response.status(), 403, "it needs the scope admin");
    let foreign = publisher.pack("acme/invoices", "2.0.0", Some("second.key"));
    let tool = Tool::of(&server);
    tool.file("foreign.wasm", &foreign);
    let sentence = tool.refused(&["add", "foreign.wasm"]);
    assert!(sentence.ends_with("(inlet plugin add --replace-key) with a token of the scope admin"), "{sentence}");
    tool.printed(&["add", "foreign.wasm", "--replace-key"]);
    let changes = server.get("/v1/changes?limit=100").await;
    let change = &changes["entries"][0];
    assert_eq!(
        (&change["before"]["publisher_key"], &change["after"]["publisher_key"]),
        (&json!(first), &json!(second))
    );
    let unsigned = publisher.pack("acme/orders", "3.0.0", None);
    let (status, answer) = server.add_version("acme/orders", "&replace_key=true", &unsigned).await;
    assert_eq!(status, 409, "no key cannot take the place of one: {answer}");

    // Existing versions pin their key too, without an explicit step.
    let known = server.add_version("acme/orders", "", &signed).await;
    assert_eq!(known.0, 200);
    let of_first = publisher.pack("acme/invoices", "3.0.0", Some("first.key"));
    assert_eq!(server.add_version("acme/invoices", "", &of_first).await.0, 409, "it says nothing about the key");
    assert_eq!(server.add_version("acme/orders", "&replace_key=true", &signed).await.0, 200);
    assert_eq!(server.add_version("acme/invoices", "", &of_first).await.0, 201);
    let changes = server.get("/v1/changes?limit=100").await;
    let change = &changes["entries"][1];
    assert_eq!(
        (&change["before"]["publisher_key"], &change["after"]["publisher_key"]),
        (&json!(second), &json!(first))
    );
    let (status, answer) = server.add_version("acme/orders", "&replace_key=true", &unsigned_first).await;
    assert_eq!(status, 409, "no key, and it is known: {answer}");
    let back = publisher.pack("acme/invoices", "4.0.0", Some("second.key"));
    assert_eq!(server.add_version("acme/invoices", "&replace_key=true", &back).await.0, 201);

    let mut server = server;
    server.kill();
    let (_dir, data_dir) = server.take_data_dir();
    let options = inlet_system_tests::ServerOptions { data_dir: Some(data_dir), ..Default::default() };
    let server = Server::start_with(options).await;
    let late = publisher.pack("acme/orders", "4.0.0", Some("first.key"));
    assert_eq!(server.add_version("acme/orders", "", &late).await.0, 409, "it is kept");
    let late = publisher.pack("acme/orders", "4.0.0", Some("second.key"));
    assert_eq!(server.add_version("acme/orders", "", &late).await.0, 201);
}

#[tokio::test]
async fn a_signature_that_is_not_right_is_refused_everywhere() {
    let publisher = Publisher::new();
    publisher.keygen("acme.key");
    let signed = publisher.pack("acme/orders", "1.0.0", Some("acme.key"));
    let at = signed.windows(6).rposition(|window| window == b"Orders").unwrap();
    let mut forged = signed.clone();
    forged[at..at + 6].copy_from_slice(b"Forged");
    let server = Server::start().await;
    let (status, answer) = server.add_version("acme/orders", "", &forged).await;
    assert_eq!(status, 422);
    assert!(message(&answer).contains("signature is wrong: the file was changed after it was signed"), "{answer}");
    // With data after the signature.
    let mut extended = signed.clone();
    extended.extend_from_slice(b"\0\x05\x04note");
    let (status, answer) = server.add_version("acme/orders", "", &extended).await;
    assert_eq!(status, 422);
    assert!(message(&answer).contains("is not the last of the component"), "{answer}");
    fs::write(publisher.path("forged.wasm"), &forged).unwrap();
    let said = refused(&["check", &publisher.text("forged.wasm")]);
    assert!(said.contains("signature is wrong"), "{said}");
    assert_eq!(server.add_version("acme/orders", "", &signed).await.0, 201);
}

#[test]
fn a_key_file_is_its_owners_alone() {
    let publisher = Publisher::new();
    let fingerprint = publisher.keygen("acme.key");
    assert!(fingerprint.starts_with("ed25519:"), "{fingerprint}");
    assert_eq!(mode(&publisher.path("acme.key")), 0o600);
    let again = refused(&["keygen", &publisher.text("acme.key")]);
    assert!(again.contains("name a file that is not there yet"), "{again}");
    let signed = publisher.pack("acme/orders", "1.0.0", Some("acme.key"));
    fs::write(publisher.path("signed.wasm"), signed).unwrap();
    let shown = printed(&["inspect", &publisher.text("signed.wasm")]);
    assert!(shown.contains(&format!("signed by         {fingerprint}\n")), "{shown}");

    let sign_with = |name: &str| {
        let (bare, toml, out) = (publisher.text("bare.wasm"), publisher.text("plugin.toml"), publisher.text("x.wasm"));
        refused(&["pack", &bare, "--manifest", &toml, "--out", &out, "--sign", &publisher.text(name)])
    };
    fs::set_permissions(publisher.path("acme.key"), fs::Permissions::from_mode(0o644)).unwrap();
    let said = sign_with("acme.key");
    assert!(said.ends_with("may be read by others (its mode is 644); chmod 600 it"), "{said}");
    fs::write(publisher.path("no.key"), "hello").unwrap();
    fs::set_permissions(publisher.path("no.key"), fs::Permissions::from_mode(0o600)).unwrap();
    let said = sign_with("no.key");
    assert!(said.ends_with("is no publisher's key; expected one that `inlet plugin keygen` made"), "{said}");
    assert!(!publisher.path("x.wasm").exists());
}
