//! Sources, mappings and keys.

use inlet_core::Uuid;
use inlet_store::{ChangeError, MappingRecord, PreviousSecret, SourceEnvironmentUpdate, SourceUpdate};

use crate::support::{Fixture, log, source};

fn mapping(event_type: &str, created_at_ms: i64) -> MappingRecord {
    MappingRecord {
        id: Uuid::now_v7(),
        event_type: event_type.to_owned(),
        action_type: "users_identify".to_owned(),
        parameters: "{}".to_owned(),
        active: true,
        created_at_ms,
        updated_at_ms: created_at_ms,
    }
}

fn update(fixture: &Fixture, source_id: i64, expected_version: i64) -> SourceUpdate {
    SourceUpdate {
        source_id,
        name: "New name".to_owned(),
        description: Some("d".to_owned()),
        custom_image_url: None,
        source_environment: Some(SourceEnvironmentUpdate {
            id: fixture.source_environment,
            expected_version,
            settings: r#"{"enforce_idempotency":true}"#.to_owned(),
            signing_secret: Some("whsec-top-secret".to_owned()),
            previous_signing_secret: Some(PreviousSecret { secret: "whsec-top-secret-0".to_owned(), until_ms: 7 }),
            scheme: Some("{}".to_owned()),
            mappings: Some(vec![mapping("b", 2), mapping("a", 1)]),
        }),
    }
}

#[tokio::test]
async fn a_source_is_changed_as_a_whole() {
    let fixture = Fixture::new().await;
    let before = fixture.store.sources().await.unwrap().remove(0);
    assert_eq!((before.key.as_str(), before.environments[0].version), ("main", 1));
    let version = fixture.store.source_update(update(&fixture, before.id, 1), log("upsertSource")).await.unwrap();
    assert_eq!(version, Some(2));
    let fixture = fixture.reopen().await;
    let after = fixture.store.sources().await.unwrap().remove(0);
    assert_eq!((after.name.as_str(), after.description.as_deref()), ("New name", Some("d")));
    let environment = &after.environments[0];
    assert_eq!(environment.settings, r#"{"enforce_idempotency":true}"#);
    assert_eq!(environment.signing_secret.as_deref(), Some("whsec-top-secret"));
    let previous = PreviousSecret { secret: "whsec-top-secret-0".to_owned(), until_ms: 7 };
    assert_eq!(environment.previous_signing_secret, Some(previous));
    assert_eq!((environment.version, environment.token.as_str()), (2, before.environments[0].token.as_str()));
    let types: Vec<&str> = environment.mappings.iter().map(|mapping| mapping.event_type.as_str()).collect();
    assert_eq!(types, ["a", "b"], "oldest first");

    let mut rename = update(&fixture, after.id, 2);
    rename.source_environment = None;
    assert_eq!(fixture.store.source_update(rename, log("upsertSource")).await.unwrap(), None);
    assert_eq!(fixture.store.sources().await.unwrap()[0].environments[0].mappings.len(), 2);
}

#[tokio::test]
async fn a_change_from_an_old_version_changes_nothing() {
    let fixture = Fixture::new().await;
    let id = fixture.store.sources().await.unwrap()[0].id;
    let error = fixture.store.source_update(update(&fixture, id, 7), log("upsertSource")).await.unwrap_err();
    insta::assert_snapshot!(
        error,
        @"it was changed in the meantime: version 7 was expected and 1 was found; read it again"
    );
    let source = fixture.store.sources().await.unwrap().remove(0);
    assert_eq!((source.name.as_str(), source.environments[0].mappings.len()), ("main", 0));
    let error = fixture.store.source_update(update(&fixture, 4711, 1), log("upsertSource")).await.unwrap_err();
    assert_eq!(error, ChangeError::NotFound { what: "source" });
}

#[tokio::test]
async fn a_key_is_taken_once() {
    let fixture = Fixture::new().await;
    let error =
        fixture.store.source_create(source("main", &[fixture.environment]), log("upsertSource")).await.unwrap_err();
    insta::assert_snapshot!(error, @"a source with this key exists already; choose another");
    assert_eq!(fixture.store.sources().await.unwrap().len(), 1);
    // Nothing of a source is left that failed half way.
    let error = fixture
        .store
        .source_create(source("other", &[fixture.environment, 4711]), log("upsertSource"))
        .await
        .unwrap_err();
    assert!(matches!(error, ChangeError::Commit(_)), "{error}");
    assert_eq!(fixture.store.sources().await.unwrap().len(), 1);
}

#[tokio::test]
async fn keys_are_kept_as_hashes() {
    let fixture = Fixture::new().await;
    let key = fixture
        .store
        .api_key_create(fixture.environment, [1; 32], "wxyz".to_owned(), log("createApiKey"))
        .await
        .unwrap();
    assert_eq!(fixture.store.api_keys().await.unwrap(), [key]);
    let again =
        fixture.store.api_key_create(fixture.environment, [1; 32], "wxyz".to_owned(), log("createApiKey")).await;
    assert_eq!(again.unwrap_err(), ChangeError::Taken { what: "key", field: "hash" });
    let nowhere = fixture.store.api_key_create(4711, [2; 32], "wxyz".to_owned(), log("createApiKey")).await;
    assert_eq!(nowhere.unwrap_err(), ChangeError::NotFound { what: "environment" });
}

#[tokio::test]
async fn secrets_and_tokens_are_not_in_debug_output() {
    let fixture = Fixture::new().await;
    let id = fixture.store.sources().await.unwrap()[0].id;
    let change = update(&fixture, id, 1);
    let mut shown = format!("{change:?} {:?}", source("other", &[1]));
    fixture.store.source_update(change, log("upsertSource")).await.unwrap();
    shown.push_str(&format!("{:?}", fixture.store.sources().await.unwrap()));
    assert!(!shown.contains("whsec-top-secret") && !shown.contains("token-"), "{shown}");
}
