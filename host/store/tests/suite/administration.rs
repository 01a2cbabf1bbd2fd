//! Environments, credentials, deleted sources, and the change log.

use inlet_core::Uuid;
use inlet_store::{
    Author, ChangeError, ChangeQuery, Credential, Cursor, EnvironmentSettings, EventQuery, KeepBodies, NewChange,
    NewEnvironment, NewEnvironmentSource, NewManagementToken, NewRefused, RunQuery,
};

use super::support::{DAY_MS, Event, Fixture, Unlimited, log, mapping, nothing_held, source};

fn settings(name: &str) -> EnvironmentSettings {
    EnvironmentSettings {
        name: name.to_owned(),
        retention_days: 30,
        body_retention_days: Some(7),
        keep_bodies: KeepBodies::Failures,
        hide_personal_data: true,
    }
}

fn all_changes() -> ChangeQuery {
    ChangeQuery {
        environment_ids: None,
        resource: None,
        operation: None,
        author: None,
        cursor: Cursor::Start,
        limit: 100,
    }
}

async fn operations(fixture: &Fixture) -> Vec<String> {
    let page = fixture.store.changes(&all_changes(), &Unlimited).await.unwrap().unwrap();
    page.items.into_iter().map(|change| change.operation).collect()
}

#[tokio::test]
async fn a_new_environment_comes_with_every_source_or_not_at_all() {
    let fixture = Fixture::new().await;
    let source_id = fixture.store.sources().await.unwrap()[0].id;
    let new = |slug: &str, source_id| NewEnvironment {
        slug: slug.to_owned(),
        settings: settings("Staging"),
        sources: vec![NewEnvironmentSource {
            source_id,
            token: format!("token-of-{slug}"),
            settings: "{}".to_owned(),
            scheme: None,
            plugin: None,
        }],
    };
    let id = fixture.store.environment_create(new("staging", source_id), log("createEnvironment")).await.unwrap();
    let fixture = fixture.reopen().await;
    let environment = fixture.store.environments().await.unwrap().pop().unwrap();
    assert_eq!(
        (environment.id, environment.slug.as_str(), environment.settings()),
        (id, "staging", settings("Staging"))
    );
    let source = fixture.store.sources().await.unwrap().remove(0);
    assert_eq!(source.environments.last().unwrap().token, "token-of-staging");

    let taken = fixture.store.environment_create(new("staging", source_id), log("createEnvironment")).await;
    insta::assert_snapshot!(taken.unwrap_err(), @"another environment has this slug already; choose a different one");
    let half = fixture.store.environment_create(new("other", 4711), log("createEnvironment")).await;
    assert!(matches!(half, Err(ChangeError::Commit(_))));
    assert_eq!(fixture.store.environments().await.unwrap().len(), 3);
    assert_eq!(operations(&fixture).await, ["createEnvironment", "upsertSource"], "what failed left no trace");
}

#[tokio::test]
async fn an_environment_is_changed_and_the_others_are_not() {
    let fixture = Fixture::new().await;
    let before = fixture.store.environments().await.unwrap();
    fixture.store.environment_update(before[1].id, settings("P"), log("updateEnvironment")).await.unwrap();
    let after = fixture.store.environments().await.unwrap();
    assert_eq!((&after[0], after[1].settings()), (&before[0], settings("P")));
    let nowhere = fixture.store.environment_update(4711, settings("P"), log("updateEnvironment")).await;
    assert_eq!(nowhere.unwrap_err(), ChangeError::NotFound { what: "environment" });
    assert_eq!(operations(&fixture).await, ["updateEnvironment", "upsertSource"]);
}

#[tokio::test]
async fn tokens_are_kept_as_hashes_and_an_id_is_never_given_twice() {
    let fixture = Fixture::new().await;
    let new = |hash: u8, environment_ids| NewManagementToken {
        name: "CI".to_owned(),
        hash: [hash; 32],
        hint: "wxyz".to_owned(),
        scopes: vec!["operate".to_owned(), "plugins".to_owned()],
        environment_ids,
        expires_at_ms: Some(DAY_MS),
    };
    let create = async |new| fixture.store.management_token_create(new, log("createManagementToken")).await;
    let everywhere = create(new(1, None)).await.unwrap();
    let limited = create(new(2, Some(vec![fixture.environment]))).await.unwrap();
    assert_eq!(fixture.store.management_tokens().await.unwrap(), [everywhere.clone(), limited.clone()]);
    assert!(create(new(2, None)).await.is_err(), "a hash is there once");
    assert!(create(new(3, Some(vec![4711]))).await.is_err());
    assert_eq!(fixture.store.management_tokens().await.unwrap().len(), 2);

    let used = vec![(Credential::ManagementToken(limited.id), 7), (Credential::ApiKey(4711), 7)];
    fixture.store.credentials_used(used).await.unwrap();
    fixture.store.credentials_used(vec![(Credential::ManagementToken(limited.id), 5)]).await.unwrap();
    assert_eq!(fixture.store.management_tokens().await.unwrap()[1].last_used_at_ms, Some(7), "the last counts");

    fixture.store.management_token_delete(limited.id, log("deleteManagementToken")).await.unwrap();
    let again = fixture.store.management_token_delete(limited.id, log("deleteManagementToken")).await;
    insta::assert_snapshot!(again.unwrap_err(), @"there is no such management token");
    let next = create(new(2, None)).await.unwrap();
    assert!(next.id > limited.id, "{} {}", next.id, limited.id);
    let change = fixture.store.changes(&all_changes(), &Unlimited).await.unwrap().unwrap().items.remove(0);
    assert_eq!(change.resource, format!("things/{}", next.id));
}

#[tokio::test]
async fn a_key_is_deleted_in_its_own_environment_only() {
    let fixture = Fixture::new().await;
    let key = fixture.store.api_key_create(fixture.environment, [1; 32], "wxyz".to_owned(), log("createApiKey"));
    let id = key.await.unwrap().id;
    fixture.store.credentials_used(vec![(Credential::ApiKey(id), 7)]).await.unwrap();
    assert_eq!(fixture.store.api_keys().await.unwrap()[0].last_used_at_ms, Some(7));
    let elsewhere = fixture.store.api_key_delete(fixture.environment + 1, id, log("deleteApiKey")).await;
    assert_eq!(elsewhere.unwrap_err(), ChangeError::NotFound { what: "key" });
    fixture.store.api_key_delete(fixture.environment, id, log("deleteApiKey")).await.unwrap();
    assert_eq!(fixture.store.api_keys().await.unwrap(), []);
    let next = fixture.store.api_key_create(fixture.environment, [2; 32], "wxyz".to_owned(), log("createApiKey")).await;
    assert!(next.unwrap().id > id);
}

#[tokio::test]
async fn a_deleted_source_is_gone_at_once_and_its_logs_go_in_slices() {
    let fixture = Fixture::new().await;
    let mappings = [mapping("t", "workflows_trigger", r#"{"key":"k","recipients":{"id":"user_id"}}"#, 1)];
    let event = || Event::new("t", r#"{"userId":"u","data":{}}"#).mappings(&mappings);
    fixture.commit_all((0..25).map(|_| event()).collect()).await;
    fixture.store.refuse(refused(&fixture), nothing_held()).await.unwrap();
    let id = fixture.store.sources().await.unwrap()[0].id;
    fixture.store.source_delete(id, log("deleteSource")).await.unwrap();
    assert!(fixture.store.sources().await.unwrap().is_empty());
    let again = fixture.store.source_delete(id, log("deleteSource")).await;
    assert_eq!(again.unwrap_err(), ChangeError::NotFound { what: "source" });

    // The key is free at once. A job that was under way is still committed, and pruned later.
    fixture.store.source_create(source("main", &[fixture.environment]), log("upsertSource")).await.unwrap();
    let new = fixture.store.sources().await.unwrap().remove(0).environments.remove(0);
    assert_ne!(new.id, fixture.source_environment);
    fixture.commit(event()).await;

    let mut slices = Vec::new();
    loop {
        match fixture.store.prune_deleted(10).await.unwrap() {
            0 => break,
            rows => slices.push(rows),
        }
    }
    // Ten events, ten actions, the refused request, its issue and the event type; then the rest of them.
    assert_eq!(slices, [23, 20, 12]);
    let query = EventQuery::newest(vec![fixture.source_environment], 10);
    assert!(fixture.store.events(&query).await.unwrap().items.is_empty());
    assert!(fixture.store.event_types(fixture.source_environment).await.unwrap().is_empty());
    let refused = fixture.store.refused(fixture.source_environment, Cursor::Start, 10).await.unwrap();
    assert!(refused.items.is_empty());
    let users = fixture.store.users(fixture.environment, Cursor::Start, 10, &Unlimited).await.unwrap().unwrap();
    assert_eq!(users.items.len(), 1, "users stay");
    let all_runs = RunQuery {
        environment_id: fixture.environment,
        cursor: Cursor::Start,
        limit: 100,
        workflow: None,
        source_event: None,
    };
    assert_eq!(fixture.store.runs(&all_runs, &Unlimited).await.unwrap().unwrap().items.len(), 26, "runs stay");
}

#[tokio::test]
async fn a_deleted_environment_is_gone_at_once_and_the_others_stay() {
    let fixture = Fixture::new().await;
    let (one, two) = (fixture.environment, fixture.environment + 1);
    let both = source("both", &[one, two]);
    fixture.store.source_create(both, log("upsertSource")).await.unwrap();
    let mappings = [mapping("t", "workflows_trigger", r#"{"key":"k","recipients":{"id":"user_id"}}"#, 1)];
    let event = || Event::new("t", r#"{"userId":"u","data":{}}"#).mappings(&mappings);
    fixture.commit_all((0..15).map(|_| event()).collect()).await;
    fixture.store.api_key_create(one, [1; 32], "wxyz".to_owned(), log("createApiKey")).await.unwrap();
    let token = |hash: u8, environment_ids| NewManagementToken {
        name: format!("T{hash}"),
        hash: [hash; 32],
        hint: "wxyz".to_owned(),
        scopes: vec!["read".to_owned()],
        environment_ids,
        expires_at_ms: None,
    };
    for (hash, environment_ids) in [(1, Some(vec![one])), (2, Some(vec![one, two])), (3, None)] {
        let new = token(hash, environment_ids);
        fixture.store.management_token_create(new, log("createManagementToken")).await.unwrap();
    }
    let slug = fixture.store.environments().await.unwrap()[0].slug.clone();

    fixture.store.environment_delete(one, log("deleteEnvironment")).await.unwrap();
    let fixture = fixture.reopen().await;
    let left = fixture.store.environments().await.unwrap();
    assert_eq!(left.iter().map(|environment| environment.id).collect::<Vec<_>>(), [two]);
    for source in fixture.store.sources().await.unwrap() {
        assert!(source.environments.iter().all(|own| own.environment_id == two), "{}", source.key);
    }
    assert!(fixture.store.api_keys().await.unwrap().is_empty());
    let tokens = fixture.store.management_tokens().await.unwrap();
    let limits: Vec<_> = tokens.into_iter().map(|token| token.environment_ids).collect();
    assert_eq!(limits, [Some(vec![two]), None], "a token that was good only there is gone");
    let again = fixture.store.environment_delete(one, log("deleteEnvironment")).await;
    assert_eq!(again.unwrap_err(), ChangeError::NotFound { what: "environment" });

    // The slug is free at once, under another id. A job that was under way is still committed, and pruned later.
    let new = NewEnvironment { slug, settings: settings("Again"), sources: Vec::new() };
    let id = fixture.store.environment_create(new, log("createEnvironment")).await.unwrap();
    assert!(id > two);
    fixture.commit(event()).await;
    while fixture.store.prune_deleted(10).await.unwrap() > 0 {}
    let events = EventQuery::newest(vec![fixture.source_environment], 10);
    assert!(fixture.store.events(&events).await.unwrap().items.is_empty());
    assert!(fixture.store.users(one, Cursor::Start, 10, &Unlimited).await.unwrap().unwrap().items.is_empty());
    let runs = RunQuery { environment_id: one, cursor: Cursor::Start, limit: 10, workflow: None, source_event: None };
    assert!(fixture.store.runs(&runs, &Unlimited).await.unwrap().unwrap().items.is_empty());
}

fn refused(fixture: &Fixture) -> NewRefused {
    NewRefused {
        environment_id: fixture.environment,
        source_environment_id: fixture.source_environment,
        id: Uuid::now_v7(),
        received_at_ms: 1,
        cause: "failed".to_owned(),
        digest: [0; 32],
        method: "POST".to_owned(),
        path: String::new(),
        query: "[]".to_owned(),
        credential_hash: None,
        headers: "{}".to_owned(),
        size: 4,
        body: Some("body".into()),
        reason: None,
    }
}

#[tokio::test]
async fn changes_are_paged_filtered_and_pruned() {
    let fixture = Fixture::new().await;
    let (one, two) = (fixture.environment, fixture.environment + 1);
    for (environment, name) in [(one, "a"), (two, "b"), (one, "c")] {
        let change = NewChange {
            author: Author { token_id: Some(7), name: "CI".to_owned() },
            operation: "updateEnvironment",
            resource: format!("environments/{name}"),
            environment_id: Some(environment),
            before: Some(r#"{"n":1.10}"#.to_owned()),
            after: None,
        };
        fixture.store.environment_update(environment, settings(name), change).await.unwrap();
    }
    let resources = async |query: ChangeQuery| -> Vec<String> {
        let page = fixture.store.changes(&query, &Unlimited).await.unwrap().unwrap();
        page.items.into_iter().map(|change| change.resource).collect()
    };
    assert_eq!(resources(all_changes()).await, ["environments/c", "environments/b", "environments/a", "things/{id}"]);
    let of = |ids: &[i64]| ChangeQuery { environment_ids: Some(ids.to_vec()), ..all_changes() };
    assert_eq!(resources(of(&[one])).await, ["environments/c", "environments/a"]);
    assert_eq!(resources(of(&[])).await, [] as [&str; 0]);
    let named = ChangeQuery { resource: Some("environments/b".to_owned()), ..all_changes() };
    let by_ci = ChangeQuery { author: Some("CI".to_owned()), ..all_changes() };
    assert_eq!(resources(named.clone()).await, ["environments/b"]);
    assert_eq!(resources(by_ci.clone()).await, ["environments/c", "environments/b", "environments/a"]);
    let other = ChangeQuery { operation: Some("createEnvironment".to_owned()), ..by_ci };
    assert_eq!(resources(other).await, [] as [&str; 0]);
    let found = fixture.store.changes(&named, &Unlimited).await.unwrap().unwrap().items.remove(0);
    assert_eq!((found.author.token_id, found.author.name.as_str()), (Some(7), "CI"));
    assert_eq!((found.before.as_deref(), found.after, found.environment_id), (Some(r#"{"n":1.10}"#), None, Some(two)));
    let first = fixture.store.changes(&ChangeQuery { limit: 2, ..all_changes() }, &Unlimited).await.unwrap().unwrap();
    assert!(first.has_after && !first.has_before);
    let after = ChangeQuery { cursor: Cursor::After(first.items[1].id), ..all_changes() };
    assert_eq!(resources(after).await, ["environments/a", "things/{id}"]);
    let before = ChangeQuery { cursor: Cursor::Before(first.items[1].id), ..all_changes() };
    assert_eq!(resources(before).await, ["environments/c"]);

    assert_eq!(fixture.store.prune_changes(first.items[1].at_ms() - DAY_MS, 10).await.unwrap(), 0);
    assert_eq!(fixture.store.prune_changes(i64::MAX, 3).await.unwrap(), 3);
    assert_eq!(fixture.store.prune_changes(i64::MAX, 3).await.unwrap(), 1);
}
