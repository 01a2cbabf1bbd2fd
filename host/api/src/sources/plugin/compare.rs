//! `POST /v1/sources/{key}/plugin/compare`: compares two versions of a source's plugin on stored requests.

use axum::{Json, extract::State};
use inlet_core::json;
use inlet_engine::{
    Engine,
    ingest::compare::{Change, Comparison, Difference, Side, compare},
    snapshot::Snapshot,
};
use inlet_sandbox::Plugin;
use inlet_store::Environment;
use serde::Serialize;
use utoipa::ToSchema;

use super::choice::Named;
use crate::{
    auth::Operator,
    body::JsonBody,
    error::{ApiError, Kind},
    path::Name,
    providers::response::ShownPlugin,
    sources::lookup::{find_endpoint, find_source},
};

/// The most requests that are compared.
const MAX_LAST: u64 = 500;
/// The most bytes of a value that are shown.
const MAX_SHOWN: usize = 500;

/// Which versions to compare, on what.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; bodies are read member by member")]
pub struct ComparePlugins {
    /// The environment.
    environment: String,
    /// A version of the source's provider, its digest, or `latest`; what is in force if absent.
    old: Option<String>,
    /// The version to compare it with.
    new: String,
    /// How many of the newest requests; 500 if absent.
    #[schema(minimum = 1, maximum = 500)]
    last: Option<u64>,
}

/// What would change.
#[derive(Serialize, ToSchema)]
pub struct ComparedPlugins {
    /// The old version.
    old: ShownPlugin,
    /// The new one.
    new: ShownPlugin,
    /// Requests that went through both; each item that came in a batch is one.
    compared: usize,
    /// Those that become the same with both.
    same: usize,
    /// Those that both reject, or fail on: items of batches that are none by themselves, too.
    rejected_by_both: usize,
    /// Those that become something else.
    different: usize,
    /// Log entries that were passed over because nothing is kept that could be translated.
    not_kept: usize,
    /// Whether fewer were compared than asked for, because it would take too long.
    stopped_early: bool,
    /// In how many requests a member differs: `items`, `outcome`, `event_type`, `user_id`, `idempotency_key`,
    /// `occurred_at`, `data`, `actions`.
    #[schema(value_type = Object)]
    by_member: std::collections::BTreeMap<&'static str, usize>,
    /// The first 100 that differ, the newest first.
    differences: Vec<PluginDifference>,
}

/// A request that becomes something else.
#[derive(Serialize, ToSchema)]
pub struct PluginDifference {
    /// Its log entry.
    #[schema(format = Uuid)]
    id: String,
    /// What it became when it came.
    event_type: String,
    /// What differs: the first 20.
    changes: Vec<PluginChange>,
}

/// A member that differs.
#[derive(Serialize, ToSchema)]
pub struct PluginChange {
    /// The item.
    item: usize,
    /// The member.
    #[schema(value_type = String)]
    member: &'static str,
    /// With the old version, as text, shortened; null: it is not there.
    #[schema(required)]
    old: Option<String>,
    /// With the new version.
    #[schema(required)]
    new: Option<String>,
}

struct Asked<'a> {
    environment: Environment,
    old: Option<Named<'a>>,
    new: Named<'a>,
    last: usize,
}

/// Translates and plans the newest requests with two versions of a source's plugin, and returns the differences.
///
/// Nothing is written, and idempotency records are ignored. Requests are rebuilt from the log, if their bodies are still
/// stored: each item of a batch is a request with its own body, with the stored headers, and without path and query.
#[utoipa::path(
    post,
    path = "/v1/sources/{key}/plugin/compare",
    operation_id = "compareSourcePlugin",
    tag = "sources",
    params(("key" = String, Path, description = "The source")),
    request_body = ComparePlugins,
    responses((status = 200, description = "What would change", body = ComparedPlugins)),
)]
pub async fn compare_source_plugin(
    operator: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
    body: JsonBody,
) -> Result<Json<ComparedPlugins>, ApiError> {
    let (snapshot, catalog) = (engine.snapshot(), engine.catalog());
    let source = find_source(&snapshot, &key)?;
    let asked = read(&body, &operator, &snapshot)?;
    let endpoint = find_endpoint(source, &asked.environment)?;
    let in_force = || {
        let message = "this server does not have the source's plugin; name the old version";
        endpoint.plugin.clone().ok_or_else(|| ApiError::new(Kind::Conflict, message))
    };
    let old = match &asked.old {
        Some(named) => named.find(&catalog, &source.record.provider)?.plugin,
        None => in_force()?,
    };
    let new = asked.new.find(&catalog, &source.record.provider)?.plugin;
    let side = |plugin: Plugin| Side {
        endpoint: endpoint.with_plugin(&source.record, &plugin, &catalog, &engine.limits),
        plugin,
    };
    let (old, new) = (side(old), side(new));
    let found = compare(&engine, &old, &new, asked.last).await?;
    Ok(Json(show(found, &old.plugin, &new.plugin, endpoint.hides_personal_data)))
}

fn read<'a>(body: &'a JsonBody, operator: &Operator, snapshot: &Snapshot) -> Result<Asked<'a>, ApiError> {
    let mut members = body.given().object()?;
    let given = members.take_required("environment", "a string")?;
    let (old, new) = (members.take_some("old"), members.take_required("new", "a version, a digest or latest")?);
    let last = members.take_some("last");
    members.finish()?;
    let environment = operator.environment(&given, snapshot)?;
    let last = match last {
        None => MAX_LAST,
        Some(given) => given
            .text
            .parse()
            .ok()
            .filter(|last| (1..=MAX_LAST).contains(last))
            .ok_or_else(|| given.refuse(format!("expected a whole number from 1 to {MAX_LAST}")))?,
    };
    let old = old.map(Named::any).transpose()?;
    Ok(Asked { environment, old, new: Named::any(new)?, last: last as usize })
}

fn show(found: Comparison, old: &Plugin, new: &Plugin, hide: bool) -> ComparedPlugins {
    let shown = |change: Change| {
        let value = |value: Option<String>| value.map(|value| shorten(shown_value(change.member, value, hide)));
        PluginChange { item: change.item, member: change.member, old: value(change.old), new: value(change.new) }
    };
    let difference = |difference: Difference| PluginDifference {
        id: difference.id.to_string(),
        event_type: difference.event_type,
        changes: difference.changes.into_iter().map(shown).collect(),
    };
    ComparedPlugins {
        old: ShownPlugin::of(old),
        new: ShownPlugin::of(new),
        compared: found.compared,
        same: found.same,
        rejected_by_both: found.rejected_by_both,
        different: found.different,
        not_kept: found.not_kept,
        stopped_early: found.stopped_early,
        by_member: found.by_member,
        differences: found.differences.into_iter().map(difference).collect(),
    }
}

/// Masks personal data if the environment hides it. The structure of a value stays visible.
fn shown_value(member: &str, value: String, hide: bool) -> String {
    match member {
        "data" | "actions" if hide => json::mask(&value),
        "user_id" | "idempotency_key" if hide => "…".to_owned(),
        _ => value,
    }
}

fn shorten(mut value: String) -> String {
    if value.len() > MAX_SHOWN {
        value.truncate(value.floor_char_boundary(MAX_SHOWN));
        value.push('…');
    }
    value
}
