//! A test case made from a logged request.

use std::{fs, path::Path};

use anyhow::{Context as _, bail, ensure};
use inlet_api_types::{logs::SourceLog, sources::SourceSettings};
use inlet_conformance::described;
use inlet_core::{
    contract::{Field, Request},
    json,
};
use inlet_sandbox::{Limits, Plugin};
use serde_json::{Value, json};

use super::{logged_request, masker::Masker, read_values};
use crate::plugin::sandbox::block_on;

/// The largest number of distinct values in one request.
const MAX_VALUES: usize = 10_000;

/// A masked request and its expected translation.
pub(super) struct Case {
    request: Request,
    expected: Value,
    /// The values that were not masked, as JSON.
    pub(super) kept: Vec<String>,
}

impl Case {
    /// Masks a logged request, except the values that the plugin reads.
    pub(super) fn capture(
        plugin: &Plugin,
        entry: &SourceLog,
        settings: &SourceSettings,
        masker: &mut Masker,
    ) -> anyhow::Result<Self> {
        let id = &entry.id;
        let logged = logged_request::rebuild(plugin, entry, settings)?;
        let original = translate(plugin, &logged)?;
        if original.get("rejected").is_some() && entry.outcome != "rejected" {
            bail!(
                "the plugin rejects what is kept of {id}, which is one item, when it comes by itself; capture a request \
                 that was no batch"
            );
        }
        let (original_shape, values) = (shape(&original), logged_request::values(&logged));
        ensure!(
            values.len() <= MAX_VALUES,
            "{id} holds more than {MAX_VALUES} different values; capture a smaller one"
        );
        let mut first_error = None;
        let read = read_values::find(&values, |masked| {
            let request = logged_request::masked(&logged, masker, |value| !masked.contains(value));
            match translate(plugin, &request) {
                Ok(translation) => shape(&translation) == original_shape,
                Err(error) => {
                    first_error.get_or_insert(error);
                    false
                }
            }
        });
        let request = logged_request::masked(&logged, masker, |value| read.contains(value));
        let expected = translate(plugin, &request)?;
        // A value whose masked form makes the plugin fail would count as read, and the case would hold personal data.
        if let Some(error) = first_error {
            return Err(error.context(format!("the plugin fails on {id} with other values, so they cannot be masked")));
        }
        let kept = values.iter().filter(|value| read.contains(*value)).map(|value| json::quote(value)).collect();
        Ok(Self { request, expected, kept })
    }

    /// Writes `body.json`, `request.json` and `expected.json` into a new folder.
    pub(super) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let Request { headers, options, facts, received_at_ms, body, .. } = &self.request;
        let pairs =
            |fields: &[Field]| -> Vec<Value> { fields.iter().map(|field| json!([field.name, field.value])).collect() };
        let options: Value = serde_json::from_str(options)?;
        let request = json!({"headers": pairs(headers), "options": options, "facts": pairs(facts), "received_at_ms": received_at_ms});
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let write = |name: &str, bytes: &[u8]| {
            let path = folder.join(name);
            fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))
        };
        write("body.json", body.as_bytes())?;
        write("request.json", format!("{request:#}\n").as_bytes())?;
        write("expected.json", format!("{:#}\n", self.expected).as_bytes())
    }
}

fn translate(plugin: &Plugin, request: &Request) -> anyhow::Result<Value> {
    let call = block_on(plugin.translate(request, &Limits::default()))?;
    Ok(described(&call.result?))
}

/// Returns a translation without the values that the plugin writes itself: these change when the values they are made of
/// are masked.
fn shape(translation: &Value) -> Value {
    const WRITTEN: [&str; 5] = ["made", "extras", "tag", "memo", "body"];
    match translation {
        Value::Object(members) => {
            let shaped = members.iter().map(|(name, value)| match WRITTEN.contains(&name.as_str()) {
                true => (name.clone(), Value::Null),
                false => (name.clone(), shape(value)),
            });
            Value::Object(shaped.collect())
        }
        Value::Array(items) => items.iter().map(shape).collect(),
        other => other.clone(),
    }
}
