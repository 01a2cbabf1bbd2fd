//! `inlet promote`: from one environment to another, on one server and between two.

use inlet_system_tests::{MANAGEMENT_TOKEN, Server};
use serde_json::json;

use super::{Shop, fill, get, http_with_options, outcome, put};

#[tokio::test]
async fn sources_are_promoted_within_a_server_and_to_another() {
    let server = Server::start().await;
    fill(&server).await;
    let shop = Shop::new();
    let promote = ["promote", "--from", "development", "--to", "production"];
    let with = |more: &[&'static str]| [&promote[..], more].concat();
    // What the mappings need is named before anything is sent.
    let (code, told) = outcome(&shop.run(&server, &with(&["web", "--yes"])));
    assert_eq!(code, 1, "{told}");
    insta::assert_snapshot!(told, @r#"
    inlet: web: track/Order Paid names the target "crm", which "production" does not have
    web: track/Order Paid reads vars.base_url, which "production" does not have
    create them in "production" first; nothing was changed
    "#);
    let needed = json!({"environments": {"production": {
        "targets": {"crm": {"kind": "log"}}, "variables": {"base_url": {"value": "https://live.example"}}}}});
    assert_eq!(put(&server, "", &needed).await.0, 200);
    let before = get(&server).await;
    let (code, told) = outcome(&shop.run(&server, &with(&["web", "--dry-run"])));
    assert_eq!((code, get(&server).await), (0, before.clone()), "{told}");
    assert!(told.contains("~ sources/web in production") && told.contains("+ mapping "), "{told}");
    let (code, told) = outcome(&shop.run(&server, &with(&["web"])));
    assert_eq!((code, get(&server).await), (2, before), "{told}");
    let (code, told) = outcome(&shop.run(&server, &with(&["web", "--yes"])));
    assert_eq!(code, 0, "{told}");
    let (after, _) = get(&server).await;
    let web = &after["sources"]["web"]["environments"];
    assert_eq!(web["production"]["mappings"], web["development"]["mappings"]);
    // Verification belongs to the secrets of its environment: neither is promoted.
    assert_eq!(web["development"]["settings"]["enforce_verification"], false);
    assert!(
        web["production"]["settings"].get("enforce_verification").is_none()
            && web["production"].get("secrets").is_none()
    );
    let mut settings = web["development"]["settings"].clone();
    settings.as_object_mut().unwrap().remove("enforce_verification");
    assert_eq!(web["production"]["settings"], settings);
    let pinned = &after["sources"]["pinned"]["environments"];
    assert_ne!(pinned["production"]["settings"], pinned["development"]["settings"], "only the named source");
    assert_eq!(after["environments"]["production"]["variables"]["base_url"]["value"], "https://live.example");
    let (code, told) = outcome(&shop.run(&server, &with(&["web", "--yes"])));
    assert_eq!((code, told.as_str()), (0, "no changes: the server is as it should be\n"));

    // Between two servers, by their profiles.
    let other = Server::start().await;
    for (name, server) in [("here", &server), ("there", &other)] {
        std::fs::write(shop.path("token"), MANAGEMENT_TOKEN).unwrap();
        set_private(&shop.path("token"));
        let url = server.admin.clone();
        let token = shop.path("token").display().to_string();
        let (code, told) = outcome(&shop.run(server, &["profile", "add", name, "--url", &url, "--token-file", &token]));
        assert_eq!(code, 0, "{told}");
    }
    let between = ["--from-profile", "here", "--to-profile", "there", "--yes"];
    let (code, told) = outcome(&shop.run(&server, &with(&[&["web"][..], &between].concat())));
    assert_eq!(code, 3, "{told}");
    assert!(told.contains("there is no source \"web\" on "), "{told}");
    let created = json!({"sources": {"web": {"name": "Web", "provider": "http", "environments": {"production": {}}}}});
    assert_eq!(put(&other, "", &created).await.0, 200);
    assert_eq!(put(&other, "", &needed).await.0, 200);
    let (code, told) = outcome(&shop.run(&server, &with(&[&["web"][..], &between].concat())));
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("there is no \"9.1.0\" of \"http\""), "the version of the plugin is not there: {told}");
    assert_eq!(other.add_version("http", "&replace=true", &http_with_options()).await.0, 201);
    let (code, told) = outcome(&shop.run(&server, &with(&[&["web"][..], &between].concat())));
    assert_eq!(code, 0, "{told}");
    let there = get(&other).await.0["sources"]["web"]["environments"]["production"].clone();
    assert_eq!(there, get(&server).await.0["sources"]["web"]["environments"]["production"]);
}

fn set_private(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}
