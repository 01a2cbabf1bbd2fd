//! §6: `audiences_add_member` and `audiences_remove_member`.

use inlet_core::recipient::RecipientKey;

use crate::world::*;

fn adding() -> Inlet {
    let mut inlet = Inlet::new();
    let parameters = r#"{"key":"beta","user_id":"data.who","tenant":"data.org"}"#;
    inlet.map("Order Completed", "audiences_add_member", parameters);
    inlet.map("Left", "audiences_remove_member", parameters);
    inlet.map("Closed", "tenants_delete", r#"{"id":"data.org"}"#);
    inlet.map("delete", "users_delete", "{}");
    inlet.knows("u1");
    inlet.knows("u2");
    inlet.knows("42");
    inlet
}

fn left(data: &str) -> String {
    format!(r#"{{"type":"track","event":"Left","properties":{data}}}"#)
}

#[test]
fn user_id_may_be_a_value_or_an_array_and_a_number_is_its_decimal_text() {
    let mut inlet = adding();
    let entry = inlet.one(&track(r#"{"who":"u1"}"#));
    assert_eq!((entry.outcome(), entry.result("members")), ("executed", r#"[{"id":"u1"}]"#));
    inlet.one(&track(r#"{"who":["u2",42.0,"u1","u1"]}"#));
    assert_eq!(inlet.stored.members("beta"), ["42", "u1", "u2"]);
}

#[test]
fn user_id_is_by_default_the_path_user_id() {
    let mut inlet = adding();
    inlet.map("Joined", "audiences_add_member", r#"{"key":"all"}"#);
    inlet.map("Parted", "audiences_remove_member", r#"{"key":"all"}"#);
    inlet.one(r#"{"type":"track","event":"Joined","userId":"u1"}"#);
    assert_eq!(inlet.stored.members("all"), ["u1"]);
    inlet.one(r#"{"type":"track","event":"Parted","userId":"u1"}"#);
    assert_eq!(inlet.stored.members("all"), Vec::<String>::new());
}

#[test]
fn an_unidentified_user_is_skipped_by_name() {
    let mut inlet = adding();
    let entry = inlet.one(&track(r#"{"who":["u1","ghost"]}"#));
    insta::assert_snapshot!(entry.action().result.clone().unwrap(), @r#"{"members":[{"id":"u1"}],"skipped_recipients":[{"id":"ghost","reason":"not identified"}]}"#);
    assert_eq!((entry.outcome(), entry.done.skipped_recipients), ("executed", 1));
    let entry = inlet.one(&track(r#"{"who":"ghost"}"#));
    assert_eq!((entry.outcome(), inlet.stored.members("beta")), ("skipped", vec!["u1".to_owned()]));
    insta::assert_snapshot!(entry.reason(), @"no user is identified; nobody was added");
}

#[test]
fn a_user_given_as_an_object_is_upserted_and_an_object_of_a_collection_is_refused() {
    let mut inlet = adding();
    inlet.one(&track(r#"{"who":{"id":"u7","name":"Seven"}}"#));
    assert_eq!((inlet.user("u7"), inlet.stored.members("beta")), (Some(r#"{"name":"Seven"}"#), vec!["u7".to_owned()]));
    let entry = inlet.one(&track(r#"{"who":["u1",{"collection":"teams","id":"t"}]}"#));
    assert_eq!(entry.outcome(), "failed");
    insta::assert_snapshot!(entry.reason(), @"user_id, read from the path `data.who`: recipient 1: it names an object of a collection; expected a user id or an object with a user's id");
}

#[test]
fn a_user_is_a_member_once_without_a_tenant_and_once_for_each_tenant() {
    let mut inlet = adding();
    for data in
        [r#"{"who":"u1"}"#, r#"{"who":"u1","org":"a"}"#, r#"{"who":"u1","org":"b"}"#, r#"{"who":"u1","org":"a"}"#]
    {
        assert_eq!(inlet.one(&track(data)).outcome(), "executed");
    }
    assert_eq!(inlet.stored.members("beta"), ["u1", "u1@a", "u1@b"]);
    // Exactly the one that is named ends.
    inlet.one(&left(r#"{"who":"u1","org":"a"}"#));
    inlet.one(&left(r#"{"who":"u1"}"#));
    assert_eq!(inlet.stored.members("beta"), ["u1@b"]);
}

#[test]
fn a_tenant_that_is_not_identified_is_kept_as_a_reference_and_the_log_says_so() {
    let mut inlet = adding();
    let entry = inlet.one(&track(r#"{"who":"u1","org":"a"}"#));
    assert_eq!(entry.result("notes"), r#"["the tenant is not identified and is kept as a reference"]"#);
    let entry = inlet.one(&track(r#"{"who":"u1","org":{"id":"b","name":"Bee"}}"#));
    assert_eq!(entry.result("notes"), "(none)");
    assert_eq!(inlet.recipient(&RecipientKey::tenant("b")), Some(r#"{"name":"Bee"}"#));
}

#[test]
fn a_membership_ends_for_members_and_the_others_are_named() {
    let mut inlet = adding();
    inlet.one(&track(r#"{"who":"u1"}"#));
    let entry = inlet.one(&left(r#"{"who":["u1","u2","ghost"]}"#));
    insta::assert_snapshot!(entry.action().result.clone().unwrap(), @r#"{"members":[{"id":"u1"}],"not_members":[{"id":"u2"}],"skipped_recipients":[{"id":"ghost","reason":"not identified"}]}"#);
    let entry = inlet.one(&left(r#"{"who":"u1"}"#));
    assert_eq!(entry.outcome(), "skipped");
    insta::assert_snapshot!(entry.reason(), @"no user is a member of the audience; nothing was changed");
}

#[test]
fn a_deletion_takes_memberships_along() {
    let mut inlet = adding();
    inlet.one(&track(r#"{"who":["u1","u2"]}"#));
    inlet.one(&track(r#"{"who":["u2"],"org":{"id":"a"}}"#));
    inlet.one(r#"{"type":"delete","userId":"u1"}"#);
    assert_eq!(inlet.stored.members("beta"), ["u2", "u2@a"]);
    inlet.one(r#"{"type":"track","event":"Closed","properties":{"org":"a"}}"#);
    assert_eq!(inlet.stored.members("beta"), ["u2"]);
}
