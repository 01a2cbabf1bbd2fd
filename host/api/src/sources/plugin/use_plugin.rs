//! `POST /v1/sources/{key}/plugin`: chooses the plugin version of a source in one environment.

use axum::{
    Json,
    extract::State,
    http::header,
    response::{AppendHeaders, IntoResponse},
};
use inlet_api_types::sources::{UsePlugin, UsedPlugin};
use inlet_engine::{Engine, catalog::Catalog, snapshot::Endpoint};
use inlet_sandbox::Plugin;
use inlet_store::LATEST;

use super::choice::{self, PluginChoice, VersionName};
use crate::{
    auth::Operator,
    body::Body,
    error::{ApiError, Kind},
    etag::etag,
    path::Name,
    providers::response::plugin_ref,
    query::Params,
    sources::lookup::{find_endpoint, find_source},
};

/// Chooses another version of a source's plugin in one environment.
///
/// Requests in progress finish with the version that they began with. A version with another verification scheme, or one
/// that rejects the source's options, is refused (409, naming the differences) unless `confirm` is true. Its verification
/// scheme is then in force. The request is refused even with `confirm` if the present settings and signing secrets are
/// invalid with that scheme (409, naming what to change first). A quarantine ends, even if the version stays the same.
#[utoipa::path(
    post,
    path = "/v1/sources/{key}/plugin",
    operation_id = "useSourcePlugin",
    tag = "sources",
    params(
        ("key" = String, Path, description = "The source"),
        ("environment" = String, Query, description = "The environment"),
    ),
    request_body = UsePlugin,
    responses((
        status = 200,
        description = "What is in force now",
        body = UsedPlugin,
        headers(("ETag" = String, description = "The version of its settings in the environment, for `If-Match`")),
    )),
)]
pub async fn use_source_plugin(
    operator: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
    params: Params,
    Body(request): Body<UsePlugin>,
) -> Result<impl IntoResponse, ApiError> {
    let (version, used) = engine
        .configure(operator.author(), |change| async move {
            let (snapshot, catalog) = (change.snapshot(), change.catalog());
            let source = find_source(&snapshot, &key)?;
            let environment = params.required_environment(&snapshot)?.clone();
            let endpoint = find_endpoint(source, &environment)?;
            let key_of_plugin = &source.record.provider;
            let PlannedUse { plugin, pin, scheme } =
                plan_use(&catalog, key_of_plugin, endpoint, &request, change.engine()).await?;
            if (&pin, &scheme) != (&endpoint.record.plugin, &endpoint.record.scheme) {
                change.use_plugin(endpoint, pin.clone(), scheme).await?;
                let (environment, digest) = (&environment.slug, plugin.digest());
                tracing::info!(source = key, environment, digest, by = operator.name(), "a source uses another plugin");
            } else if endpoint.plugin_ref.digest != plugin.digest() {
                // The pin stays, but the source still runs a plugin that was removed from the plugin directory.
                change.choose_plugin_again(endpoint).await?;
            }
            let snapshot = change.snapshot();
            let endpoint = find_endpoint(find_source(&snapshot, &key)?, &environment)?;
            // A new version starts without quarantine anyway. Choosing the same version again ends its quarantine.
            endpoint.lift_quarantine();
            let used = UsedPlugin {
                environment: environment.slug,
                plugin: plugin_ref(&endpoint.plugin_ref),
                follows_latest: pin.as_deref() == Some(LATEST),
            };
            Ok::<_, ApiError>((endpoint.record.version, used))
        })
        .await?;
    Ok((AppendHeaders([(header::ETAG, etag(version))]), Json(used)))
}

/// Returns the requested version and its field in the request, or `None` for a rollback.
fn requested_version(request: &UsePlugin) -> Result<Option<(&'static str, VersionName)>, ApiError> {
    let (version, digest) = (request.version.clone(), request.digest.clone());
    if request.rollback == Some(true) {
        let beside = if version.is_some() { Some("version") } else { digest.map(|_| "digest") };
        return match beside {
            None => Ok(None),
            Some(field) => Err(ApiError::invalid(field, "found rollback too; expected one of the two")),
        };
    }
    match (version, digest) {
        (Some(version), None) => Ok(Some(("version", VersionName::Version(version)))),
        (None, Some(digest)) => Ok(Some(("digest", VersionName::Digest(digest)))),
        (None, None) => Err(ApiError::invalid("version", "it is missing; expected a version or a digest")),
        (Some(_), Some(_)) => Err(ApiError::invalid("version", "found a digest too; expected one of the two")),
    }
}

/// A requested plugin with its stored form and the verification scheme in force with it.
struct PlannedUse {
    plugin: Plugin,
    pin: Option<String>,
    scheme: Option<String>,
}

/// Returns the requested plugin and the verification scheme in force with it. A different scheme and rejected options need
/// confirmation, on a rollback too.
async fn plan_use(
    catalog: &Catalog,
    key: &str,
    endpoint: &Endpoint,
    request: &UsePlugin,
    engine: &Engine,
) -> Result<PlannedUse, ApiError> {
    let requested = requested_version(request)?;
    let (PluginChoice { plugin, pin }, stored, scheme) = match &requested {
        Some((field, name)) => {
            let choice = name.find(field, catalog, key)?;
            let scheme = choice.plugin.manifest().verification.clone();
            (choice, None, scheme)
        }
        None => {
            let (choice, stored) = choice::previous(catalog, key, endpoint)?;
            let scheme = choice::read_scheme(stored.as_deref());
            (choice, Some(stored), scheme)
        }
    };
    let version = &plugin.manifest().version;
    let refused =
        |reason: String| ApiError::new(Kind::Conflict, format!("the version {version} was not taken: {reason}"));
    let differences = choice::differences(endpoint, scheme.as_ref());
    if !differences.is_empty()
        && let Some(obstacle) = choice::obstacle(endpoint, scheme.as_ref(), engine.options.public_url.is_some())
    {
        return Err(refused(format!(
            "it verifies in another way than is in force ({} differ), and that cannot be taken yet: {obstacle}",
            differences.join(", ")
        )));
    }
    let bad_options = choice::options_that_plugin_rejects(endpoint, &plugin, &engine.limits).await;
    // A source that follows `latest` only gets versions that accept its options, so confirming would have no effect.
    if requested.is_some()
        && pin.as_deref() == Some(LATEST)
        && let Some(reason) = &bad_options
    {
        return Err(refused(format!(
            "{reason}; what follows latest gets only versions that do: use {version} by its number with confirm true, correct \
             the options, and let it follow latest then"
        )));
    }
    let doubts = choice::doubts(&differences, bad_options);
    if request.confirm != Some(true) && !doubts.is_empty() {
        let command = if requested.is_some() { "use" } else { "rollback" };
        return Err(refused(format!(
            "{}; look at it, and send confirm true (inlet plugin {command} --confirm)",
            doubts.join("; and ")
        )));
    }
    let scheme = match stored {
        Some(stored) => stored,
        None if differences.is_empty() => endpoint.record.scheme.clone(),
        None => written_scheme(&plugin)?,
    };
    Ok(PlannedUse { plugin, pin, scheme })
}

fn written_scheme(plugin: &Plugin) -> Result<Option<String>, ApiError> {
    plugin.manifest().verification.as_ref().map(serde_json::to_string).transpose().map_err(|error| {
        tracing::error!(%error, "a verification template cannot be written as JSON");
        ApiError::new(Kind::Internal, "the template cannot be stored; the server's log says why")
    })
}
