//! Targets: their settings, secrets, states and deletion.

use std::sync::Arc;

use inlet_core::delivery::{DeliveryOrder, DeliveryStatus, TargetRouting};
use inlet_store::{MasterKeyCheck, NewTarget, SecretLocation, Store, TargetState};

use super::support::{Event, Fixture, TestVault, log, mapping, target, vault};

fn trigger() -> [inlet_core::mapping::Mapping; 1] {
    [mapping("order", "workflows_trigger", r#"{"key":"k","recipients":{"id":"user_id"}}"#, 1)]
}

#[tokio::test]
async fn a_target_is_created_and_replaced_and_read_back() {
    let fixture = Fixture::new().await;
    let routing = TargetRouting { order: Some(DeliveryOrder::User), ..TargetRouting::of_chunks(100) };
    let id = fixture.target("crm", routing.clone()).await;
    let created = fixture.store.targets().await.unwrap().remove(0);
    assert_eq!((created.id, created.key.as_str(), created.version), (id, "crm", 1));
    assert_eq!((&created.routing, created.state, created.has_secrets), (&routing, TargetState::Running, false));
    let replaced = NewTarget {
        settings: r#"{"url":"https://example.org"}"#.to_owned(),
        secrets: Some(r#"{"signing_secret":"whsec_x"}"#.to_owned()),
        state: Some(TargetState::Paused),
        ..target(fixture.environment, "crm", TargetRouting::of_chunks(1))
    };
    assert_eq!(fixture.store.target_put(replaced, log("upsertTarget")).await.unwrap(), id);
    let replaced = fixture.store.targets().await.unwrap().remove(0);
    assert_eq!((replaced.version, replaced.routing.chunk, replaced.state), (2, 1, TargetState::Paused));
    assert_eq!((replaced.settings.as_str(), replaced.has_secrets), (r#"{"url":"https://example.org"}"#, true));
    let kept = target(fixture.environment, "crm", TargetRouting::of_chunks(1));
    fixture.store.target_put(kept, log("upsertTarget")).await.unwrap();
    assert_eq!(fixture.store.targets().await.unwrap()[0].state, TargetState::Paused, "without a state it stays");
    let secrets = fixture.store.target_secrets(id).await.unwrap().unwrap();
    assert_eq!(secrets.0, r#"{"signing_secret":"whsec_x"}"#, "without secrets they stay");
    assert!(!format!("{secrets:?}").contains("whsec"));
    let fixture = fixture.reopen().await;
    assert_eq!(fixture.store.target_secrets(id).await.unwrap(), Some(secrets));
}

#[tokio::test]
async fn secrets_are_sealed_for_their_target_and_sealed_again_with_another_key() {
    let fixture = Fixture::new().await;
    let new = |key: &str| NewTarget {
        secrets: Some(format!("secret of {key}")),
        ..target(fixture.environment, key, TargetRouting::of_chunks(1))
    };
    let a = fixture.store.target_put(new("a"), log("upsertTarget")).await.unwrap();
    let b = fixture.store.target_put(new("b"), log("upsertTarget")).await.unwrap();
    assert_ne!(
        SecretLocation::Target { environment_id: 1, target_id: a }.to_string(),
        SecretLocation::Target { environment_id: 1, target_id: b }.to_string()
    );
    fixture.store.close().await.unwrap();
    drop(fixture.store);
    let check = MasterKeyCheck::start(fixture.database.options()).await.unwrap();
    assert!(check.reseal(&*vault(), &TestVault("k2")).await.unwrap() >= 2);
    let store = Store::open(fixture.database.options(), Arc::new(TestVault("k2"))).await.unwrap();
    assert_eq!(store.target_secrets(b).await.unwrap().unwrap().0, "secret of b");
}

#[tokio::test]
async fn a_state_is_changed_once_with_its_entry_in_the_change_log() {
    let fixture = Fixture::new().await;
    let id = fixture.target("crm", TargetRouting::of_chunks(1)).await;
    let set = async |state, reason: &str| {
        let reason = Some(reason.to_owned());
        fixture.store.target_set_state(id, state, reason, log("disableTarget")).await.unwrap()
    };
    assert!(set(TargetState::Disabled, "it answered 410").await);
    assert!(!set(TargetState::Disabled, "again").await);
    let disabled = fixture.store.targets().await.unwrap().remove(0);
    assert_eq!((disabled.state, disabled.state_reason.as_deref()), (TargetState::Disabled, Some("it answered 410")));
    assert!(!fixture.store.target_set_state(id + 1, TargetState::Paused, None, log("pauseTarget")).await.unwrap());
}

#[tokio::test]
async fn a_deleted_target_gets_nothing_and_its_key_is_free() {
    let (fixture, mappings) = (Fixture::new().await, trigger());
    let old = fixture.target("crm", TargetRouting::of_chunks(1)).await;
    let event = || Event::new("order", r#"{"userId":"u"}"#).mappings(&mappings);
    fixture.commit(event()).await;
    let owner = inlet_core::Uuid::now_v7();
    fixture.store.target_delete(fixture.environment, "crm".to_owned(), log("deleteTarget")).await.unwrap();
    let again = fixture.store.target_delete(fixture.environment, "crm".to_owned(), log("deleteTarget")).await;
    assert!(again.is_err());
    assert!(fixture.store.targets().await.unwrap().is_empty());
    assert!(fixture.store.target_secrets(old).await.unwrap().is_none());
    fixture.commit(event()).await;
    assert_eq!(fixture.deliveries().await.len(), 1, "no longer routed to it");
    assert!(fixture.claim(owner, old, 10).await.is_empty(), "and nothing of it is claimed");
    while fixture.store.prune_deleted(1).await.unwrap() > 0 {}
    assert_eq!(fixture.deliveries().await[0].delivery.status, DeliveryStatus::Canceled);
    let new = fixture.target("crm", TargetRouting::of_chunks(1)).await;
    assert_ne!(new, old);
    fixture.commit(event()).await;
    assert_eq!(fixture.claim(owner, new, 10).await.len(), 1);
}

#[tokio::test]
async fn a_deleted_environment_leaves_no_target_and_no_delivery() {
    let (fixture, mappings) = (Fixture::new().await, trigger());
    let id = fixture.target("crm", TargetRouting::of_chunks(1)).await;
    fixture.commit(Event::new("order", r#"{"userId":"u"}"#).mappings(&mappings)).await;
    let claimed = fixture.claim(inlet_core::Uuid::now_v7(), id, 1).await;
    assert_eq!(claimed.len(), 1);
    fixture.store.environment_delete(fixture.environment, log("deleteEnvironment")).await.unwrap();
    while fixture.store.prune_deleted(1000).await.unwrap() > 0 {}
    assert!(fixture.deliveries().await.is_empty());
    assert!(fixture.store.targets().await.unwrap().is_empty());
}
