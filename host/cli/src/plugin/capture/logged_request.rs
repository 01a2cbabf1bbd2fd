//! A logged request as the plugin was called with it, and its masked copy.

use std::collections::HashSet;

use anyhow::Context as _;
use inlet_api_types::{logs::SourceLog, sources::SourceSettings};
use inlet_core::{
    ByteString,
    contract::{Body, Field, Request},
    json, time,
};
use inlet_sandbox::Plugin;
use serde_json::Value;

use super::{
    log_entry,
    masker::{Masker, plain},
};
use crate::client::OTHER_VERSION;

/// Rebuilds the request from its log entry. The log keeps neither method, path nor query.
pub(super) fn rebuild(plugin: &Plugin, entry: &SourceLog, settings: &SourceSettings) -> anyhow::Result<Request> {
    let manifest = plugin.manifest();
    let body = log_entry::body(entry)?;
    let headers = log_entry::headers(entry)?.into_iter().filter(|(name, _)| manifest.headers.contains(name));
    let mut facts = vec![Field::new("handle_identifies", settings.handle_identifies.to_string())];
    facts.extend(settings.event_type_path.iter().map(|path| Field::new("event_type_path", path)));
    let options: Value = serde_json::from_str(settings.options.as_text()).context(OTHER_VERSION)?;
    let options = manifest.check_options(&options)?;
    let received_at_us = time::parse(&entry.received_at).unwrap_or_default();
    Ok(Request {
        method: "POST".to_owned(),
        path: String::new(),
        query: Vec::new(),
        headers: headers.map(|(name, value)| Field::new(name, value)).collect(),
        body: Body::Text(ByteString::from(body)),
        received_at_ms: u64::try_from(received_at_us.div_euclid(1000)).unwrap_or_default(),
        options: options.to_string(),
        facts,
    })
}

/// Returns the distinct values of the body and the headers, in order.
pub(super) fn values(request: &Request) -> Vec<String> {
    let (mut values, mut seen) = (Vec::new(), HashSet::new());
    let mut add = |value: String| {
        if !value.is_empty() && seen.insert(value.clone()) {
            values.push(value);
        }
    };
    json::replace_values(text(request), |value| {
        add(plain(value));
        value.into()
    });
    request.headers.iter().for_each(|header| add(header.value.clone()));
    values
}

/// Returns a copy with all values masked, except those for which `is_kept` returns true.
pub(super) fn masked(request: &Request, masker: &mut Masker, is_kept: impl Fn(&str) -> bool) -> Request {
    let body = masker.mask_json(text(request), &is_kept);
    let header = |header: &Field| match is_kept(&header.value) {
        true => header.clone(),
        false => Field::new(&header.name, masker.mask_text(&header.value)),
    };
    let headers = request.headers.iter().map(header).collect();
    Request { body: Body::Text(ByteString::from(body)), headers, ..request.clone() }
}

fn text(request: &Request) -> &str {
    request.body.as_text().map_or("", |text| text)
}
