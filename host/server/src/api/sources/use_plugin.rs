//! `POST /v1/sources/{key}/plugin`: which version of its plugin a source has in one environment.

use axum::{
    Json,
    extract::State,
    http::header,
    response::{AppendHeaders, IntoResponse},
};
use inlet_core::log::PluginRef;
use inlet_sandbox::Plugin;
use inlet_store::{Environment, LATEST, PluginUse};
use serde::Serialize;
use utoipa::ToSchema;

use super::{find, in_environment};
use crate::{
    api::{
        auth::Operator,
        body::{Given, JsonBody},
        change::to_its_end,
        error::{ApiError, Kind},
        etag::etag,
        path::Name,
        providers::shown::ShownPlugin,
    },
    app::App,
    catalog::{Catalog, scheme_differences},
    change_log,
    configuration::{Configuration, Endpoint},
};

/// Which version to use: `version` or `digest`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; bodies are read member by member")]
pub struct UsePlugin {
    /// The environment.
    environment: String,
    /// A version of the source's provider; `latest` follows whatever is added last, as long as it verifies alike.
    version: Option<String>,
    /// `sha256:` and the digest of the component.
    digest: Option<String>,
    /// Whether to take what differs in verification and settings.
    confirm: Option<bool>,
}

/// What is in force from now on.
#[derive(Serialize, ToSchema)]
pub struct UsedPlugin {
    /// In which environment.
    environment: String,
    /// The plugin.
    plugin: ShownPlugin,
    /// Whether the source takes what is added next by itself.
    follows_latest: bool,
}

/// What is asked.
struct Asked<'a> {
    environment: Environment,
    which: Given<'a>,
    is_digest: bool,
    confirm: bool,
}

/// Gives a source another version of its plugin in one environment.
///
/// Requests under way are finished by the version that they began with. A version that verifies in another way, or that
/// does not take the source's options, is refused (409, with what differs) unless `confirm` is true; then its verification
/// is in force.
#[utoipa::path(
    post,
    path = "/v1/sources/{key}/plugin",
    operation_id = "useSourcePlugin",
    tag = "sources",
    params(("key" = String, Path, description = "The source")),
    request_body = UsePlugin,
    responses((
        status = 200,
        description = "What is in force now",
        body = UsedPlugin,
        headers(("ETag" = String, description = "The version of its settings in the environment, for `If-Match`")),
    )),
    security(("management_token" = [])),
)]
pub async fn use_source_plugin(
    operator: Operator,
    State(app): State<App>,
    Name(key): Name,
    body: JsonBody,
) -> Result<impl IntoResponse, ApiError> {
    let (version, used) = to_its_end(async move {
        let _changing = app.change().await;
        let (configuration, catalog) = (app.configuration(), app.catalog());
        let source = find(&configuration, &key)?;
        let asked = read(&body, &configuration)?;
        operator.may_see(&asked.environment)?;
        let endpoint = in_environment(source, &asked.environment)?;
        let (plugin, pin) = choose(&catalog, &source.record.provider, &asked)?;
        let scheme = scheme_of(endpoint, &plugin, asked.confirm)?;
        if (&pin, &scheme) != (&endpoint.record.plugin, &endpoint.record.scheme) {
            let log = change_log::plugin_used(operator.author(), endpoint, pin.as_deref(), scheme.as_deref());
            let given = PluginUse {
                source_environment_id: endpoint.id,
                expected_version: endpoint.record.version,
                plugin: pin.clone(),
                scheme,
            };
            app.store.source_use_plugin(given, log).await?;
            app.reload().await?;
            let (environment, digest) = (&asked.environment.slug, plugin.digest());
            tracing::info!(source = key, environment, digest, by = operator.name(), "a source uses another plugin");
        }
        let configuration = app.configuration();
        let endpoint = in_environment(find(&configuration, &key)?, &asked.environment)?;
        let used = UsedPlugin {
            environment: asked.environment.slug,
            plugin: ShownPlugin::from(PluginRef::clone(&endpoint.plugin_ref)),
            follows_latest: pin.as_deref() == Some(LATEST),
        };
        Ok((endpoint.record.version, used))
    })
    .await?;
    Ok((AppendHeaders([(header::ETAG, etag(version))]), Json(used)))
}

fn read<'a>(body: &'a JsonBody, configuration: &Configuration) -> Result<Asked<'a>, ApiError> {
    let mut members = body.given().object()?;
    let given = members.take_required("environment", "a string")?;
    let (version, digest) = (members.take_some("version"), members.take_some("digest"));
    let confirm = members.take_some("confirm");
    members.finish()?;
    let slug = given.string()?;
    let environment = configuration.environment(&slug).cloned().ok_or_else(|| {
        given.refuse(format!("there is no environment {slug:?}; GET /v1/environments lists those there are"))
    })?;
    let (which, is_digest) = match (version, digest) {
        (Some(version), None) => (version, false),
        (None, Some(digest)) => (digest, true),
        (None, None) => return Err(ApiError::invalid("version", "it is missing; expected a version or a digest")),
        (Some(version), Some(_)) => return Err(version.refuse("found a digest too; expected one of the two")),
    };
    Ok(Asked { environment, which, is_digest, confirm: confirm.map_or(Ok(false), |given| given.bool())? })
}

/// The plugin that is asked for, and how that is stored.
fn choose(catalog: &Catalog, key: &str, asked: &Asked<'_>) -> Result<(Plugin, Option<String>), ApiError> {
    let name = asked.which.string()?;
    if name == LATEST && !asked.is_digest {
        let latest = catalog.get(key).cloned();
        let latest =
            latest.ok_or_else(|| asked.which.refuse(format!("this server has no version of {key:?}; add one")))?;
        return Ok((latest, Some(LATEST.to_owned())));
    }
    let is_meant = |plugin: &&Plugin| match asked.is_digest {
        true => plugin.digest() == name,
        false => plugin.manifest().version == name,
    };
    if let Some(added) = catalog.added(key).find(is_meant) {
        return Ok((added.clone(), Some(added.digest().to_owned())));
    }
    if let Some(own) = catalog.own(key).filter(is_meant) {
        return Ok((own.clone(), None));
    }
    let all = catalog.own(key).into_iter().chain(catalog.added(key));
    let known: Vec<String> = all.map(|plugin| format!("{} ({})", plugin.manifest().version, plugin.digest())).collect();
    Err(asked.which.refuse(format!("there is no {name:?} of {key:?}; expected latest or one of {}", known.join(", "))))
}

/// The verification in force with that plugin. Another one, and options that it does not take, must be confirmed.
fn scheme_of(endpoint: &Endpoint, plugin: &Plugin, confirm: bool) -> Result<Option<String>, ApiError> {
    let manifest = plugin.manifest();
    let differences = scheme_differences(endpoint.scheme.as_ref(), manifest.verification.as_ref());
    let bad_options = manifest.check_options(&endpoint.settings.options.clone().into()).err();
    if !confirm {
        let mut found = Vec::new();
        if !differences.is_empty() {
            found.push(format!("it verifies in another way than is in force: {} differ", differences.join(", ")));
        }
        found.extend(bad_options.map(|error| format!("it does not take the source's options: {error}")));
        if !found.is_empty() {
            let (version, found) = (&manifest.version, found.join("; and "));
            let message = format!("the version {version} was not taken: {found}; look at it, and send confirm true");
            return Err(ApiError::new(Kind::Conflict, message));
        }
    }
    if differences.is_empty() {
        return Ok(endpoint.record.scheme.clone());
    }
    manifest.verification.as_ref().map(serde_json::to_string).transpose().map_err(|error| {
        tracing::error!(%error, "a verification template cannot be written as JSON");
        ApiError::new(Kind::Internal, "the template cannot be stored; the server's log says why")
    })
}
