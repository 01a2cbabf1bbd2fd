//! Sources with their settings, secrets and mappings, and API keys.

use inlet_core::Uuid;
use inlet_store::{
    ChangeError, ChangeQuery, CommitError, Cursor, MappingRecord, NewSource, PreviousSecret, SourceEnvironmentUpdate,
    SourceUpdate,
};

use super::support::{Fixture, Unlimited, log, source};

fn mapping(event_type: &str, created_at_ms: i64) -> MappingRecord {
    MappingRecord {
        id: Uuid::now_v7(),
        event_type: event_type.to_owned(),
        action_type: "users_identify".to_owned(),
        when: Some(r#"{"data.total":{"$gte":1.10}}"#.to_owned()),
        parameters: "{}".to_owned(),
        forms: true,
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
            write_keys: inlet_core::rotating_secret::RotatingSecret::default(),
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

/// A source whose first environment starts with a configuration of its own.
fn configured_source(key: &str, environments: &[i64]) -> NewSource {
    let mut new = source(key, environments);
    new.environments[0].settings = r#"{"enforce_idempotency":true}"#.to_owned();
    new.environments[0].signing_secret = Some("whsec-top-secret".to_owned());
    new.environments[0].previous_signing_secret =
        Some(PreviousSecret { secret: "whsec-top-secret-0".to_owned(), until_ms: 7 });
    new.environments[0].mappings = vec![mapping("b", 2), mapping("a", 1)];
    new
}

async fn logged_changes(fixture: &Fixture) -> usize {
    let query = ChangeQuery {
        environment_ids: None,
        resource: None,
        operation: None,
        author: None,
        cursor: Cursor::Start,
        limit: 100,
    };
    fixture.store.changes(&query, &Unlimited).await.unwrap().unwrap().items.len()
}

#[tokio::test]
async fn a_source_is_created_with_its_configuration_in_one_change() {
    let fixture = Fixture::new().await;
    let logged = logged_changes(&fixture).await;
    let environments: Vec<i64> =
        fixture.store.environments().await.unwrap().iter().map(|environment| environment.id).collect();
    let new = configured_source("other", &environments);
    assert!(!format!("{new:?}").contains("top-secret"));
    let id = fixture.store.source_create(new, log("upsertSource")).await.unwrap();
    assert_eq!(logged_changes(&fixture).await, logged + 1);
    let fixture = fixture.reopen().await;
    let created = fixture.store.sources().await.unwrap().into_iter().find(|source| source.id == id).unwrap();
    let [first, second] = &created.environments[..] else { panic!("two environments") };
    assert_eq!((first.version, first.settings.as_str()), (1, r#"{"enforce_idempotency":true}"#));
    assert_eq!(first.signing_secret.as_deref(), Some("whsec-top-secret"));
    assert_eq!(first.previous_signing_secret.as_ref().map(|previous| previous.until_ms), Some(7));
    let types: Vec<&str> = first.mappings.iter().map(|mapping| mapping.event_type.as_str()).collect();
    assert_eq!(types, ["a", "b"], "oldest first");
    assert_eq!((second.version, second.settings.as_str(), second.signing_secret.as_ref()), (1, "{}", None));
    assert!(second.mappings.is_empty());
}

#[tokio::test]
async fn a_creation_that_fails_half_way_leaves_nothing() {
    let fixture = Fixture::new().await;
    let logged = logged_changes(&fixture).await;
    let environments: Vec<i64> =
        fixture.store.environments().await.unwrap().iter().map(|environment| environment.id).collect();
    let mut new = configured_source("other", &environments);
    // The id of a mapping is unique: the second environment fails after the first was written whole.
    new.environments[1].mappings = vec![new.environments[0].mappings[0].clone()];
    let failed = fixture.store.source_create(new, log("upsertSource")).await;
    assert!(matches!(failed, Err(ChangeError::Commit(CommitError::Refused { .. }))), "{failed:?}");
    assert_eq!(fixture.store.sources().await.unwrap().len(), 1);
    assert_eq!(logged_changes(&fixture).await, logged);
    // Key, tokens and mapping ids are free.
    fixture.store.source_create(configured_source("other", &environments), log("upsertSource")).await.unwrap();
    assert_eq!(fixture.store.sources().await.unwrap().len(), 2);
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
    insta::assert_snapshot!(error, @"another source has this key already; choose a different one");
    assert_eq!(fixture.store.sources().await.unwrap().len(), 1);
    // A source that failed half way leaves nothing.
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
