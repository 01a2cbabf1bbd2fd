//! A server's comparison of two plugin versions on stored requests, and its human-readable form.

use std::{collections::BTreeMap, fmt};

use inlet_core::json;
use serde::Deserialize;
use ureq::http::Method;

use super::reference::SourceRef;
use crate::client::{Client, Content, encoded};

/// The number of differing requests that are printed.
const MAX_PRINTED: usize = 20;

#[derive(Deserialize)]
pub(super) struct Comparison {
    pub(super) old: Plugin,
    pub(super) new: Plugin,
    compared: usize,
    same: usize,
    rejected_by_both: usize,
    different: usize,
    not_kept: usize,
    stopped_early: bool,
    by_member: BTreeMap<String, usize>,
    differences: Vec<Difference>,
}

#[derive(Deserialize)]
pub(super) struct Plugin {
    pub(super) key: String,
    version: String,
}

#[derive(Deserialize)]
struct Difference {
    id: String,
    event_type: String,
    changes: Vec<Change>,
}

#[derive(Deserialize)]
struct Change {
    item: usize,
    member: String,
    old: Option<String>,
    new: Option<String>,
}

/// Lets the server compare two versions and returns its JSON response. Without `old`, the version in use is compared.
pub(super) fn compare(
    client: &Client,
    source_ref: &SourceRef,
    old: Option<&str>,
    new: &str,
    last: Option<u32>,
) -> anyhow::Result<String> {
    let mut members = vec![("environment", json::quote(&source_ref.environment)), ("new", json::quote(new))];
    members.extend(old.map(|old| ("old", json::quote(old))));
    members.extend(last.map(|last| ("last", last.to_string())));
    let request = json::object(members.iter().map(|(name, value)| (*name, value.as_str())));
    let path = format!("/v1/sources/{}/plugin/compare", encoded(&source_ref.source));
    client.send_for_text(Method::POST, &path, Content::Json(request))
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Comparison { old, new, compared, same, rejected_by_both, different, not_kept, .. } = self;
        writeln!(
            f,
            "{compared} {} through {} {} and {}: {same} become the same, {different} differ, {rejected_by_both} are \
             rejected by both",
            if *compared == 1 { "request" } else { "requests" },
            old.key,
            old.version,
            new.version
        )?;
        if *not_kept > 0 {
            writeln!(f, "{not_kept} were passed over: nothing is kept of what came")?;
        }
        if self.stopped_early {
            writeln!(f, "there are more, and it stopped here because it would take too long")?;
        }
        if !self.by_member.is_empty() {
            let members: Vec<String> = self.by_member.iter().map(|(name, count)| format!("{name} {count}")).collect();
            writeln!(f, "what differs, in how many: {}", members.join(", "))?;
        }
        for Difference { id, event_type, changes } in self.differences.iter().take(MAX_PRINTED) {
            writeln!(f, "{id} {event_type}")?;
            for Change { item, member, old, new } in changes {
                let value_or_nothing = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
                writeln!(f, "    item {item}: {member}: {} → {}", value_or_nothing(old), value_or_nothing(new))?;
            }
        }
        match different.saturating_sub(MAX_PRINTED) {
            0 => Ok(()),
            more => writeln!(f, "and {more} more"),
        }
    }
}
