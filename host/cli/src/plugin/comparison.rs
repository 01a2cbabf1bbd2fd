//! What a running server says about two versions of a plugin on the requests that it has, for people.

use std::{collections::BTreeMap, fmt};

use inlet_core::json;
use serde::Deserialize;
use ureq::http::Method;

use super::named::SourceAt;
use crate::client::{Client, Content, encoded};

/// Differing requests that are printed.
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

/// Asks the server to compare, and reads its answer as it is. `old`: none is what is in force.
pub(super) fn ask(
    client: &Client,
    at: &SourceAt,
    old: Option<&str>,
    new: &str,
    last: Option<u32>,
) -> anyhow::Result<String> {
    let mut members = vec![("environment", json::quote(&at.environment)), ("new", json::quote(new))];
    members.extend(old.map(|old| ("old", json::quote(old))));
    members.extend(last.map(|last| ("last", last.to_string())));
    let asked = json::object(members.iter().map(|(name, value)| (*name, value.as_str())));
    let path = format!("/v1/sources/{}/plugin/compare", encoded(&at.source));
    client.text(Method::POST, &path, Content::Json(asked))
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
                let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
                writeln!(f, "    item {item}: {member}: {} → {}", shown(old), shown(new))?;
            }
        }
        match different.saturating_sub(MAX_PRINTED) {
            0 => Ok(()),
            more => writeln!(f, "and {more} more"),
        }
    }
}
