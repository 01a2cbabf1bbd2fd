//! §6: actions, their order within one event, and their logs. §4: how an action ends.

use inlet_core::{
    Uuid,
    actions::{ActionType, workflows_trigger::skipped_in},
};

use crate::world::*;

#[test]
fn fixed_by_type_never_by_creation() {
    let mut inlet = Inlet::new();
    inlet.trigger(r#"{"key":"k"}"#);
    inlet.map("Order Completed", "users_identify", "{}");
    let entry = inlet.one(&track("{}"));
    // The identify comes first, so that the trigger finds its user.
    assert_eq!(entry.statuses(), [("users_identify", "success"), ("workflows_trigger", "success")]);
}

#[test]
fn same_type_oldest_mapping_first() {
    let mut inlet = Inlet::new();
    inlet.knows("u1");
    let ids: Vec<Uuid> = ["c", "a", "b"].map(|key| inlet.trigger(&format!(r#"{{"key":"{key}"}}"#))).into();
    let entry = inlet.one(&track("{}"));
    let order: Vec<_> = entry.done.actions.iter().filter_map(|action| action.mapping).collect();
    let workflows: Vec<_> = entry.done.runs().map(|run| run.workflow.as_str()).collect();
    assert_eq!((order, workflows), (ids, vec!["c", "a", "b"]));
}

#[test]
fn plain_and_prefixed_names_are_ordered_together() {
    let mut inlet = Inlet::new();
    inlet.knows("u1");
    inlet.map("track/Order Completed", "workflows_trigger", r#"{"key":"older"}"#);
    inlet.map("Order Completed", "workflows_trigger", r#"{"key":"younger"}"#);
    let workflows: Vec<_> = inlet.one(&track("{}")).done.runs().map(|run| run.workflow.clone()).collect();
    assert_eq!(workflows, ["older", "younger"]);
}

#[test]
fn the_built_in_identify_comes_before_every_mapping() {
    let mut inlet = Inlet::identifying();
    inlet.map("identify", "users_identify", r#"{"properties":{"name":{"value":"mapped"}}}"#);
    let entry = inlet.one(&identify(r#"{"name":"built in"}"#));
    assert_eq!(entry.done.actions[0].mapping, None);
    assert_eq!(inlet.user("u1"), Some(r#"{"name":"mapped"}"#));
}

#[test]
fn the_order_of_all_types() {
    let names = ActionType::ALL.map(|action| action.as_str());
    insta::assert_snapshot!(names.join(", "), @"users_identify, users_delete, objects_set, objects_delete, tenants_set, tenants_delete, objects_subscribe, objects_unsubscribe, audiences_add_member, audiences_remove_member, workflows_cancel, workflows_trigger");
    assert!(ActionType::ALL.is_sorted());
}

#[test]
fn each_action_log_has_these_members() {
    // Mapping id, type, the mapping's parameters, the resolved payload, status, result, reason.
    let mut inlet = Inlet::new();
    inlet.knows("u1");
    let parameters = r#"{"key":"k", "data":{"n":"data.n","c":{"value":1}}, "tenant":"context.tenant"}"#;
    let id = inlet.trigger(parameters);
    let entry = inlet.one(&with(&track(r#"{"n":1.10}"#), "context", r#"{"tenant":"t1"}"#));
    let action = entry.action();
    assert_eq!((action.mapping, action.action_type.as_str()), (Some(id), "workflows_trigger"));
    assert_eq!((&*action.parameters, action.status.as_str(), &action.reason), (parameters, "success", &None));
    insta::assert_snapshot!(action.payload, @r#"{"key":"k","recipients":"u1","data":{"n":1.10,"c":1},"tenant":"t1"}"#);
    insta::assert_snapshot!(action.found_in, @r#"{"recipients":"event","data.n":"event","data.c":"constant","tenant":"item"}"#);
    let result = action.result.clone().unwrap().replace(&entry.run().id.to_string(), "RUN");
    insta::assert_snapshot!(result, @r#"{"workflow_run_id":"RUN","recipients":[{"id":"u1"}],"skipped_recipients":[],"notes":["the tenant is not identified and is passed on as a reference"]}"#);
}

#[test]
fn an_action_that_failed_still_shows_what_was_resolved() {
    let mut inlet = Inlet::new();
    inlet.trigger(r#"{"key":"k","recipients":"data.who","data":{"n":"data.n"},"actor":"data.none"}"#);
    let entry = inlet.one(&track(r#"{"n":1.10}"#));
    let action = entry.action();
    assert_eq!((action.status.as_str(), &action.result), ("error", &None));
    insta::assert_snapshot!(action.payload, @r#"{"key":"k","recipients":null,"data":{"n":1.10},"actor":null}"#);
}

#[test]
fn the_outcome_is_failed_after_an_error_skipped_if_nobody_was_reached_and_else_executed() {
    let outcome = |keys: &[&str]| {
        let mut inlet = Inlet::new();
        inlet.knows("u1");
        for recipients in keys {
            inlet.trigger(&format!(r#"{{"key":"k","recipients":{recipients}}}"#));
        }
        inlet.one(&track("{}")).outcome()
    };
    let (success, skipped, error) = (r#"{"value":"u1"}"#, r#"{"value":"stranger"}"#, r#"{"value":7}"#);
    assert_eq!(outcome(&[]), "logged");
    assert_eq!(outcome(&[success]), "executed");
    assert_eq!(outcome(&[skipped]), "skipped");
    assert_eq!(outcome(&[skipped, skipped]), "skipped");
    assert_eq!(outcome(&[success, skipped]), "executed");
    assert_eq!(outcome(&[success, error]), "failed");
    assert_eq!(outcome(&[error, skipped]), "failed");
}

#[test]
fn an_event_counts_the_recipients_that_its_triggers_skipped() {
    let mut inlet = Inlet::new();
    inlet.knows("u1");
    inlet.trigger(r#"{"key":"all","recipients":{"value":["u1","a","b","a"]}}"#);
    inlet.trigger(r#"{"key":"none","recipients":{"value":[{"collection":"teams","id":"t"}]}}"#);
    let entry = inlet.one(&track("{}"));
    assert_eq!((entry.outcome(), entry.done.skipped_recipients, entry.done.reason.as_deref()), ("executed", 3, None));
    let named: Vec<String> =
        entry.done.actions.iter().flat_map(|action| skipped_in(action.result.as_deref().unwrap())).collect();
    assert_eq!(named, ["a", "b", "teams/t"]);
    inlet.unmap(entry.done.actions[0].mapping.unwrap());
    let entry = inlet.one(&track("{}"));
    assert_eq!((entry.outcome(), entry.done.skipped_recipients), ("skipped", 1));
    assert_eq!(entry.reason(), "no recipient is identified; no workflow run was created");
    inlet.trigger(r#"{"key":"bad","recipients":{"value":7}}"#);
    assert_eq!(inlet.one(&track("{}")).done.skipped_recipients, 1, "an error skips nobody");
}

#[test]
fn a_skipped_event_is_not_remembered_so_that_its_key_runs_later() {
    let mut inlet = Inlet::idempotent();
    inlet.trigger(r#"{"key":"k"}"#);
    let body = keyed("m1", &track("{}"));
    assert_eq!((inlet.one(&body).outcome(), inlet.records()), ("skipped", 0));
    inlet.knows("u1");
    assert_eq!(inlet.one(&body).outcome(), "executed");
    assert_eq!(inlet.one(&body).outcome(), "replayed");
}

#[test]
fn a_path_that_finds_nothing_is_a_warning_on_an_action_that_was_carried_out() {
    let mut inlet = Inlet::new();
    inlet.knows("u1");
    inlet.trigger(r#"{"key":"receipt","data":{"sum":"data.totl","kept":"data.total"},"tenant":"data.shop"}"#);
    let entry = inlet.one(&track(r#"{"total":5}"#));
    assert_eq!(entry.outcome(), "executed");
    assert_eq!(entry.payload("data"), r#"{"sum":null,"kept":5}"#);
    insta::assert_snapshot!(entry.action().warnings.join("\n"), @r"
    `data.sum` is null: the path `data.totl` finds nothing; there is `data.total`
    `tenant` is null: the path `data.shop` finds nothing; no path is near it
    ");
    let found = inlet.one(&track(r#"{"total":5,"totl":null,"shop":"berlin"}"#));
    assert_eq!(found.action().warnings, [""; 0], "null is a value");
}

#[test]
fn an_action_in_error_says_what_is_missing_in_its_reason_and_warns_of_nothing() {
    let mut inlet = Inlet::new();
    inlet.trigger(r#"{"key":"k","recipients":"data.to","data":{"sum":"data.totl"}}"#);
    let entry = inlet.one(&track(r#"{"total":5}"#));
    assert_eq!((entry.outcome(), &*entry.action().warnings), ("failed", &[][..]));
}

#[test]
fn an_error_neither_undoes_nor_stops_the_others() {
    let mut inlet = Inlet::new();
    inlet.map("Order Completed", "users_identify", "{}");
    inlet.trigger(r#"{"key":"bad","recipients":{"value":[{"id":"x"},7]}}"#);
    inlet.trigger(r#"{"key":"good"}"#);
    let entry = inlet.one(&track(r#"{"plan":"pro"}"#));
    let statuses: Vec<_> = entry.statuses().iter().map(|(_, status)| *status).collect();
    assert_eq!(statuses, ["success", "error", "success"]);
    assert_eq!((inlet.user("u1"), inlet.known()), (Some(r#"{"plan":"pro"}"#), 1));
    assert_eq!(entry.recipients(), ["u1"]);
}

#[test]
fn an_unmapped_event_is_logged_and_does_nothing() {
    let mut inlet = Inlet::new();
    inlet.trigger(r#"{"key":"k"}"#);
    let entry = inlet.one(&with(&track("{}"), "event", "\"Other\""));
    assert_eq!((entry.outcome(), entry.done.actions.len(), inlet.written), ("logged", 0, 0));
    assert_eq!(entry.reason(), "no mapping matches this event type");
    let near = inlet.one(&with(&track("{}"), "event", "\"order completed\""));
    insta::assert_snapshot!(near.reason(), @"no mapping matches this event type; the nearest, `Order Completed`, is written with other upper and lower case, which counts");
    assert_eq!(Inlet::new().one(&track("{}")).reason(), "the source has no mappings in this environment");
}

#[test]
fn every_run_and_action_has_its_own_id_and_names_its_event() {
    let mut inlet = Inlet::new();
    inlet.knows("u1");
    inlet.trigger(r#"{"key":"a"}"#);
    inlet.trigger(r#"{"key":"b"}"#);
    let entries = inlet.send(&batch(&[&track("{}"), &track("{}")]));
    let mut ids: Vec<Uuid> = Vec::new();
    for entry in &entries {
        assert!(entry.done.runs().all(|run| run.source_event == entry.log.id));
        ids.extend(entry.done.runs().map(|run| run.id).chain(entry.done.actions.iter().map(|action| action.id)));
    }
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), count), (8, 8));
}
