//! Plugins that were added to the running server.

use inlet_store::{ChangeError, LATEST, NewPluginVersion, PluginUse, PreviousPlugin, PublisherPin};

use super::support::{Fixture, log, source};

fn version(version: &str, digest: &str) -> NewPluginVersion {
    NewPluginVersion {
        key: "acme/crm".to_owned(),
        version: version.to_owned(),
        digest: digest.to_owned(),
        wasm: digest.as_bytes().to_vec(),
        followers: Vec::new(),
        pin: None,
    }
}

fn give(fixture: &Fixture, expected_version: i64, plugin: Option<&str>) -> PluginUse {
    PluginUse {
        source_environment_id: fixture.source_environment,
        expected_version,
        plugin: plugin.map(str::to_owned),
        scheme: Some("{}".to_owned()),
    }
}

#[tokio::test]
async fn versions_are_kept_in_the_order_in_which_they_were_added() {
    let fixture = Fixture::new().await;
    for new in [version("2.0.0", "sha256:02"), version("1.0.0", "sha256:01")] {
        fixture.store.plugin_insert(new, log("addSourceProvider")).await.unwrap();
    }
    let fixture = fixture.reopen().await;
    let kept = fixture.store.plugin_versions().await.unwrap();
    let kept: Vec<_> = kept.iter().map(|kept| (kept.key.as_str(), kept.version.as_str())).collect();
    assert_eq!(kept, [("acme/crm", "2.0.0"), ("acme/crm", "1.0.0")]);
    assert_eq!(fixture.store.plugin_wasm("sha256:01").await.unwrap().as_deref(), Some(b"sha256:01".as_slice()));
    assert_eq!(fixture.store.plugin_wasm("sha256:03").await.unwrap(), None);
    assert_eq!(fixture.store.sources().await.unwrap()[0].environments[0].plugin, None, "no source was changed");
}

#[tokio::test]
async fn neither_a_version_nor_a_digest_is_kept_twice() {
    let fixture = Fixture::new().await;
    fixture.store.plugin_insert(version("1.0.0", "sha256:01"), log("addSourceProvider")).await.unwrap();
    for again in [version("1.0.0", "sha256:02"), version("1.0.1", "sha256:01")] {
        let error = fixture.store.plugin_insert(again, log("addSourceProvider")).await.unwrap_err();
        assert!(matches!(error, ChangeError::Taken { .. }), "{error}");
    }
    assert_eq!(fixture.store.plugin_versions().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_version_that_a_source_has_is_not_deleted() {
    let fixture = Fixture::new().await;
    let store = &fixture.store;
    store.plugin_insert(version("1.0.0", "sha256:01"), log("addSourceProvider")).await.unwrap();
    let given = give(&fixture, 1, Some("sha256:01"));
    assert_eq!(store.source_use_plugin(given, log("useSourcePlugin")).await, Ok(2));
    let environment = store.sources().await.unwrap().remove(0).environments.remove(0);
    assert_eq!((environment.plugin.as_deref(), environment.scheme.as_deref()), (Some("sha256:01"), Some("{}")));
    let used = store.plugin_delete("sha256:01".to_owned(), log("removeSourceProviderVersion")).await.unwrap_err();
    insta::assert_snapshot!(used, @"the plugin version is in use; let its users use another, then delete it");
    assert_eq!(
        store.source_use_plugin(give(&fixture, 1, None), log("useSourcePlugin")).await,
        Err(ChangeError::Conflict { expected: 1, found: 2 })
    );
    store.source_use_plugin(give(&fixture, 2, Some(LATEST)), log("useSourcePlugin")).await.unwrap();
    store.plugin_delete("sha256:01".to_owned(), log("removeSourceProviderVersion")).await.unwrap();
    let gone = store.plugin_delete("sha256:01".to_owned(), log("removeSourceProviderVersion")).await;
    assert_eq!(gone, Err(ChangeError::NotFound { what: "plugin version" }));
}

#[tokio::test]
async fn a_source_begins_with_the_plugin_that_it_is_created_with() {
    let fixture = Fixture::new().await;
    let mut new = source("other", &[fixture.environment]);
    new.environments[0].plugin = Some("sha256:01".to_owned());
    fixture.store.source_create(new, log("upsertSource")).await.unwrap();
    let other = fixture.store.sources().await.unwrap().pop().unwrap();
    assert_eq!(other.environments[0].plugin.as_deref(), Some("sha256:01"));
}

#[tokio::test]
async fn what_a_source_had_before_is_remembered() {
    let fixture = Fixture::new().await;
    let previous = async || fixture.store.sources().await.unwrap().remove(0).environments.remove(0).previous_plugin;
    let before = |plugin: Option<&str>, scheme: Option<&str>| {
        Some(PreviousPlugin { plugin: plugin.map(str::to_owned), scheme: scheme.map(str::to_owned) })
    };
    assert_eq!(previous().await, None);
    let scheme = fixture.store.sources().await.unwrap().remove(0).environments.remove(0).scheme;
    let store = &fixture.store;
    store.source_use_plugin(give(&fixture, 1, Some("sha256:01")), log("useSourcePlugin")).await.unwrap();
    assert_eq!(previous().await, before(None, scheme.as_deref()), "what the server comes with, and its verification");
    store.source_use_plugin(give(&fixture, 2, Some(LATEST)), log("useSourcePlugin")).await.unwrap();
    assert_eq!(previous().await, before(Some("sha256:01"), Some("{}")));

    // A source that follows the latest version changes its plugin with each addition.
    let followed = |version: &str, digest: &str, had: Option<&str>| NewPluginVersion {
        followers: vec![(fixture.source_environment, had.map(str::to_owned))],
        ..self::version(version, digest)
    };
    store.plugin_insert(followed("2.0.0", "sha256:02", Some("sha256:01")), log("addSourceProvider")).await.unwrap();
    store.plugin_insert(followed("3.0.0", "sha256:03", Some("sha256:02")), log("addSourceProvider")).await.unwrap();
    assert_eq!(previous().await, before(Some("sha256:02"), Some("{}")));
    store.source_use_plugin(give(&fixture, 3, Some("sha256:03")), log("useSourcePlugin")).await.unwrap();
    store.plugin_insert(followed("4.0.0", "sha256:04", None), log("addSourceProvider")).await.unwrap();
    assert_eq!(previous().await, before(Some(LATEST), Some("{}")), "it follows no longer");
}

#[tokio::test]
async fn a_deleted_source_has_no_version_any_more() {
    let fixture = Fixture::new().await;
    let store = &fixture.store;
    store.plugin_insert(version("1.0.0", "sha256:01"), log("addSourceProvider")).await.unwrap();
    store.source_use_plugin(give(&fixture, 1, Some("sha256:01")), log("useSourcePlugin")).await.unwrap();
    let source = store.sources().await.unwrap().remove(0).id;
    store.source_delete(source, log("deleteSource")).await.unwrap();
    store.plugin_delete("sha256:01".to_owned(), log("removeSourceProviderVersion")).await.unwrap();
}

#[tokio::test]
async fn a_publishers_key_is_kept_with_the_version_that_says_it_or_not_at_all() {
    let fixture = Fixture::new().await;
    let pinned = |name: &str, digest: &str, key: u8| {
        let pin = PublisherPin { publisher: "acme".to_owned(), public_key: [key; 32] };
        NewPluginVersion { pin: Some(pin), ..version(name, digest) }
    };
    let insert = async |new| fixture.store.plugin_insert(new, log("addSourceProvider")).await;
    insert(version("1.0.0", "sha256:01")).await.unwrap();
    assert_eq!(fixture.store.publisher_key("acme").await.unwrap(), None);
    insert(pinned("2.0.0", "sha256:02", 1)).await.unwrap();
    assert_eq!(fixture.store.publisher_key("acme").await.unwrap(), Some([1; 32]));
    assert_eq!(fixture.store.publisher_key("other").await.unwrap(), None);
    assert!(insert(pinned("2.0.0", "sha256:03", 2)).await.is_err(), "the version is taken");
    assert_eq!(fixture.store.publisher_key("acme").await.unwrap(), Some([1; 32]));
    insert(pinned("3.0.0", "sha256:03", 2)).await.unwrap();
    assert_eq!(fixture.store.publisher_key("acme").await.unwrap(), Some([2; 32]));
    fixture.store.plugin_delete("sha256:03".to_owned(), log("removeSourceProviderVersion")).await.unwrap();
    assert_eq!(fixture.store.publisher_key("acme").await.unwrap(), Some([2; 32]), "it outlives its plugins");
}
