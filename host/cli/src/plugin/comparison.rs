//! A server's comparison of two plugin versions on stored requests, and its human-readable form.

use std::fmt;

use inlet_api_types::sources::{ComparePlugins, ComparedPlugins, PluginChange, PluginDifference};
use ureq::http::Method;

use super::reference::SourceRef;
use crate::client::{Client, Content, encoded};

/// The number of differing requests that are printed.
const MAX_PRINTED: usize = 20;

/// Lets the server compare two versions for a source and returns its JSON response.
pub(super) fn compare(client: &Client, source: &SourceRef, request: &ComparePlugins) -> anyhow::Result<String> {
    let SourceRef { source, environment } = source;
    let path = format!("/v1/sources/{}/plugin/compare?environment={}", encoded(source), encoded(environment));
    client.send_for_text(Method::POST, &path, Content::json(request)?)
}

/// The human-readable form of a comparison.
pub(super) struct Comparison<'a>(pub(super) &'a ComparedPlugins);

impl fmt::Display for Comparison<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ComparedPlugins { old, new, compared, same, rejected_by_both, different, not_kept, .. } = self.0;
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
        if self.0.stopped_early {
            writeln!(f, "there are more, and it stopped here because it would take too long")?;
        }
        if !self.0.by_member.is_empty() {
            let members: Vec<String> = self.0.by_member.iter().map(|(name, count)| format!("{name} {count}")).collect();
            writeln!(f, "what differs, in how many: {}", members.join(", "))?;
        }
        for PluginDifference { id, event_type, changes } in self.0.differences.iter().take(MAX_PRINTED) {
            writeln!(f, "{id} {event_type}")?;
            for PluginChange { item, member, old, new } in changes {
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
