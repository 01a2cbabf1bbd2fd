//! A round trip through files changes nothing, here and on another server.

use inlet_system_tests::Server;

use crate::clients::{is_installed, run};

use super::{
    HEADER_SECRET, SECRETS, SIGNING_SECRET, Shop, VARIABLE_SECRET, WEBHOOK_SECRET, fill, get, http_with_options,
    outcome, put,
};

#[tokio::test]
async fn files_of_a_server_change_nothing_there_and_make_another_the_same() {
    let server = Server::start().await;
    fill(&server).await;
    let shop = Shop::new();
    let (code, told) = outcome(&shop.run(&server, &["pull"]));
    assert_eq!(code, 0, "{told}");
    let files = shop.files("inlet");
    for (path, text) in &files {
        for secret in [SIGNING_SECRET, WEBHOOK_SECRET, HEADER_SECRET, VARIABLE_SECRET] {
            assert!(!text.contains(secret), "{} holds a secret", path.display());
        }
    }
    let text = |path: &str| files.iter().find(|(found, _)| found.ends_with(path)).unwrap().1.clone();
    insta::assert_snapshot!("source", text("sources/web.yaml"));
    insta::assert_snapshot!("environment", text("environments/development.yaml"));
    insta::assert_snapshot!("target", text("targets/development/crm.yaml"));

    // Nothing to do here, with the secrets and without them.
    let (code, told) = outcome(&shop.run(&server, &["validate"]));
    assert_eq!(code, 0, "{told}");
    let (code, told) = outcome(&shop.run(&server, &["plan"]));
    assert_eq!(code, 0, "{told}");
    assert!(told.ends_with("no changes: the server is as it should be\n"), "{told}");
    let of_sources: Vec<_> = SECRETS.into_iter().filter(|(name, _)| !name.contains("VARIABLE")).collect();
    let (code, told) = outcome(&shop.run_with(&server, &["plan", "--delete"], &of_sources));
    assert_eq!(code, 0, "{told}");

    // Another server becomes the same, in one step.
    let other = Server::start().await;
    assert_eq!(other.add_version("http", "&replace=true", &http_with_options()).await.0, 201);
    let (code, told) = outcome(&shop.run(&other, &["apply", "--yes"]));
    assert_eq!(code, 1, "{told}");
    assert!(
        told.contains("is MISSING: the server has none, and DEVELOPMENT_SOURCE_WEB_SIGNING_SECRET is not set"),
        "{told}"
    );
    let empty = Server::start().await;
    assert_eq!(get(&other).await.0, get(&empty).await.0, "nothing was changed");
    let (code, told) = outcome(&shop.run_with(&other, &["apply", "--yes"], &SECRETS));
    assert_eq!(code, 0, "{told}");
    let (here, there) = (get(&server).await.0, get(&other).await.0);
    assert_eq!(here, there);
    let (code, told) = outcome(&shop.run(&other, &["pull", "other"]));
    assert_eq!(code, 0, "{told}");
    assert_eq!(shop.files("other"), files);
    let (code, told) = outcome(&shop.run(&other, &["plan"]));
    assert_eq!(code, 0, "{told}");
}

#[tokio::test]
async fn a_pull_touches_only_what_the_server_changed() {
    let server = Server::start().await;
    fill(&server).await;
    let shop = Shop::new();
    assert_eq!(outcome(&shop.run(&server, &["pull"])).0, 0);
    // A person writes comments, defaults and another order, which mean the same.
    let web = shop.path("inlet/sources/web.yaml");
    let text = std::fs::read_to_string(&web).unwrap();
    let text = format!("# The shop of the web.\n{}", text.replace("name: ", "# for people\nname: "));
    std::fs::write(&web, &text).unwrap();
    let pinned = shop.path("inlet/sources/pinned.yaml");
    let own = "# By hand.\nprovider: http\nname: pinned\nplugin: 9.1.0\nmappings: []\nsettings:\n  handle_identifies: false\n  options:\n    ratio: 39.50 # as a person writes it\n    depth: 5\nenvironments:\n  development:\n  production:\n    settings: {options: null}\n";
    std::fs::write(&pinned, own).unwrap();
    let (code, told) = outcome(&shop.run(&server, &["plan"]));
    assert_eq!(code, 0, "{told}");
    let (code, told) = outcome(&shop.run(&server, &["pull"]));
    assert_eq!((code, told.as_str()), (0, "no changes: the files are as the server is\n"));
    assert_eq!(std::fs::read_to_string(&web).unwrap(), text);
    assert_eq!(std::fs::read_to_string(&pinned).unwrap(), own);
    // What the server changes is written, under the comments at the head of the file.
    let change = serde_json::json!({"sources": {"web": {"environments": {"production": {"settings": {"handle_identifies": true}}}}}});
    assert_eq!(put(&server, "", &change).await.0, 200);
    let (code, told) = outcome(&shop.run(&server, &["pull"]));
    assert_eq!((code, told.as_str()), (0, "changed inlet/sources/web.yaml\n"));
    let after = std::fs::read_to_string(&web).unwrap();
    assert!(after.contains("# The shop of the web.\n") && after.contains("handle_identifies: true"), "{after}");
    // One environment alone leaves the other in its place.
    let change = serde_json::json!({"sources": {"web": {"environments": {"development": {"mappings": []}, "production": {"settings": {}}}}}});
    assert_eq!(put(&server, "", &change).await.0, 200);
    let (code, told) = outcome(&shop.run(&server, &["pull", "--environment", "production"]));
    assert_eq!((code, told.as_str()), (0, "changed inlet/sources/web.yaml\n"));
    let after = std::fs::read_to_string(&web).unwrap();
    assert!(after.contains("order-paid"), "the mappings of development: {after}");
    let (code, told) = outcome(&shop.run(&server, &["plan"]));
    assert_eq!(code, 10, "{told}");
    // A source that is gone keeps its file until it is pruned.
    let response = server.manage(reqwest::Method::DELETE, "/v1/sources/plain").send().await.unwrap();
    assert_eq!(response.status(), 204);
    let (_, told) = outcome(&shop.run(&server, &["pull"]));
    assert!(told.contains("sources/plain.yaml: the server has no such thing; the file stays"), "{told}");
    let (_, told) = outcome(&shop.run(&server, &["pull", "--prune"]));
    assert_eq!(told, "removed inlet/sources/plain.yaml\n");
}

#[tokio::test]
async fn an_apply_is_as_whole_as_its_plan() {
    let server = Server::start().await;
    fill(&server).await;
    let shop = Shop::new();
    assert_eq!(outcome(&shop.run(&server, &["pull"])).0, 0);
    let before = get(&server).await;
    let web = shop.path("inlet/sources/web.yaml");
    let text = std::fs::read_to_string(&web).unwrap();
    // The server refuses one member: the error stands at its place, and nothing else is changed.
    let wrong = text.replace("max_items: 100", "max_items: 999999999");
    std::fs::write(&web, &wrong).unwrap();
    std::fs::write(shop.path("inlet/environments/production.yaml"), "name: Live\nvariables: {}\n").unwrap();
    let line = wrong.lines().position(|line| line.contains("max_items")).unwrap() + 1;
    let (code, told) = outcome(&shop.run(&server, &["apply", "--yes"]));
    assert_eq!(code, 1, "{told}");
    assert!(told.contains(&format!("inlet/sources/web.yaml:{line}:")), "{told}");
    assert_eq!(get(&server).await, before);
    std::fs::write(&web, text).unwrap();
    let (code, told) = outcome(&shop.run(&server, &["apply"]));
    assert_eq!(code, 2, "without a terminal it wants --yes: {told}");
    assert_eq!(get(&server).await, before);
    let (code, told) = outcome(&shop.run(&server, &["apply", "--yes"]));
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("~ environments/production in production\n    name: \"Production\" → \"Live\""), "{told}");
    assert_eq!(get(&server).await.0["environments"]["production"]["settings"]["name"], "Live");
}

#[tokio::test]
async fn another_reader_of_yaml_and_a_validator_of_schemas_agree() {
    if !is_installed() {
        return;
    }
    let server = Server::start().await;
    fill(&server).await;
    let shop = Shop::new();
    assert_eq!(outcome(&shop.run(&server, &["pull"])).0, 0);
    let check = |expectation: &str| {
        let folder = shop.path("inlet").display().to_string();
        run("configuration_files.mjs", &[&folder, expectation])
    };
    assert_eq!(check("valid"), "8\n");
    // What this program refuses, an editor marks.
    let line = "# yaml-language-server: $schema=../.schema/source.json\n";
    let wrong = "name: Shop\nprovidr: http\nsettings: {handle_identifys: true, max_items: many, signing_secret: x}\nmappings: [{event_type: a, action_type: b}]\nenvironments: {production: {secrets: {signing_secret: text}}}\n";
    std::fs::write(shop.path("inlet/sources/wrong.yaml"), format!("{line}{wrong}")).unwrap();
    insta::assert_snapshot!(check("invalid"), @"
    sources/wrong.yaml must NOT have additional properties
    sources/wrong.yaml/environments/production/secrets/signing_secret must be array
    sources/wrong.yaml/environments/production/secrets/signing_secret must be object
    sources/wrong.yaml/environments/production/secrets/signing_secret must match a schema in anyOf
    sources/wrong.yaml/mappings/0/action_type must be equal to one of the allowed values
    sources/wrong.yaml/settings must NOT have additional properties
    sources/wrong.yaml/settings must NOT have additional properties
    sources/wrong.yaml/settings/max_items must be integer,null
    ");
    let (code, _) = outcome(&shop.run(&server, &["validate"]));
    assert_eq!(code, 1);
}
