//! Hints: what a plugin says about an event beside its values (names of the contract's `extras`).

use inlet_core::{
    contract::{Field, Item},
    path::Path,
};

use crate::world::*;

/// Sends a call whose plugin adds extras.
fn hinted(inlet: &mut Inlet, body: &str, extras: &[(&str, &str)]) -> Entry {
    let mut event = call(body, "");
    event.extras = extras.iter().map(|(name, value)| Field::new(*name, *value)).collect();
    inlet.deliver(body, &translated(vec![Item::Event(event)])).remove(0)
}

fn hints(entry: &Entry) -> Vec<(&'static str, &str)> {
    entry.log.hints.iter().flat_map(|hints| hints.iter()).collect()
}

fn redacting(paths: &[&str]) -> Inlet {
    let mut inlet = Inlet::new();
    inlet.settings.redact_paths = paths.iter().map(|path| Path::parse(path).unwrap()).collect();
    inlet
}

#[test]
fn the_log_keeps_them_and_mappings_read_them() {
    let mut inlet = Inlet::new();
    inlet.trigger(r#"{"key":"k","recipients":"hints.anonymous_id","tenant":"hints.tenant","data":{"all":"hints"}}"#);
    inlet.when(r#"{"hints.group_id":"g-1"}"#);
    inlet.knows("anon-1");
    let extras = [("tenant", "acme"), ("anonymous_id", "anon-1"), ("group_id", "g-1")];
    let entry = hinted(&mut inlet, &track("{}"), &extras);
    assert_eq!(hints(&entry), extras);
    assert_eq!((entry.outcome(), entry.payload("tenant")), ("executed", r#""acme""#));
    assert_eq!(entry.payload("recipients"), r#""anon-1""#);
    assert_eq!(entry.payload("data"), r#"{"all":{"tenant":"acme","anonymous_id":"anon-1","group_id":"g-1"}}"#);
    let other = hinted(&mut inlet, &track("{}"), &[("group_id", "g-2")]);
    assert_eq!(other.outcome(), "logged", "{}", other.reason());
}

#[test]
fn an_item_s_own_member_of_that_name_is_found_where_there_is_no_hint() {
    let mut inlet = Inlet::new();
    inlet.trigger(r#"{"key":"k","recipients":"hints.tenant"}"#);
    inlet.knows("own");
    let body = with(&track("{}"), "hints", r#"{"tenant":"own"}"#);
    assert_eq!(hinted(&mut inlet, &body, &[]).payload("recipients"), r#""own""#);
    assert_eq!(hinted(&mut inlet, &body, &[("tenant", "acme")]).payload("recipients"), r#""acme""#);
}

#[test]
fn a_bad_one_is_dropped_with_a_warning_and_the_event_goes_on() {
    let long = "x".repeat(256);
    let entry = hinted(&mut Inlet::new(), &track("{}"), &[("warning", "first"), ("tenant", &long), ("group_id", "g")]);
    assert_eq!(hints(&entry), [("group_id", "g")]);
    assert_eq!(
        entry.log.warnings,
        ["first", "the hint tenant has 256 characters, and at most 255 are kept; it was dropped"]
    );
    assert!(Inlet::new().one(&track("{}")).log.hints.is_none());
}

#[test]
fn a_replay_reads_them_from_the_log() {
    let mut inlet = Inlet::new();
    let entry = hinted(&mut inlet, &track("{}"), &[("tenant", "acme")]);
    inlet.trigger(r#"{"key":"k","recipients":"user_id","tenant":"hints.tenant"}"#);
    inlet.knows("u1");
    let again = inlet.replay(entry.logged());
    assert_eq!((hints(&again), again.payload("tenant")), (vec![("tenant", "acme")], r#""acme""#));
    inlet.settings.redact_paths = vec![Path::parse("hints.tenant").unwrap()];
    let again = inlet.replay(entry.logged());
    assert!(again.log.hints.is_none() && again.log.redacted == ["hints.tenant"], "{:?}", again.log);
}

#[test]
fn a_copy_of_what_is_redacted_is_not_kept() {
    let body = with(&track(r#"{"n":1}"#), "anonymousId", r#""\u0061non-1""#);
    let extras = [("anonymous_id", "anon-1"), ("tenant", "acme")];
    for (paths, kept) in [
        (&["body.anonymousId"][..], &[("tenant", "acme")][..]),
        (&["properties.n"], &[("tenant", "acme"), ("anonymous_id", "anon-1")]),
        (&["hints.anonymous_id"], &[("tenant", "acme")]),
        (&["hints"], &[]),
    ] {
        let mut inlet = redacting(paths);
        inlet.headers = vec![Field::new("x-other", "acme")];
        let entry = hinted(&mut inlet, &body, &extras);
        assert_eq!(hints(&entry), kept, "{paths:?}");
        assert_eq!(entry.log.redacted, paths);
    }
    let mut inlet = redacting(&["headers.x-tenant"]);
    inlet.headers = vec![Field::new("x-tenant", "acme")];
    assert_eq!(hints(&hinted(&mut inlet, &body, &extras)), [("anonymous_id", "anon-1")]);
}
