//! `POST /v1/sources/{key}/plugin`: chooses the plugin version of a source in one environment.

use axum::{
    Json,
    extract::State,
    http::header,
    response::{AppendHeaders, IntoResponse},
};
use inlet_engine::{
    Engine,
    catalog::Catalog,
    snapshot::{Endpoint, Snapshot},
};
use inlet_sandbox::Plugin;
use inlet_store::{Environment, LATEST};
use serde::Serialize;
use utoipa::ToSchema;

use super::choice::{self, Choice, Named};
use crate::{
    auth::Operator,
    body::JsonBody,
    error::{ApiError, Kind},
    etag::etag,
    path::Name,
    providers::response::ShownPlugin,
    sources::lookup::{find_endpoint, find_source},
};

/// Which version to use: `version`, `digest` or `rollback`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; bodies are read member by member")]
pub struct UsePlugin {
    /// The environment.
    environment: String,
    /// A version of the source's provider; `latest` follows what is added last, as long as it verifies alike and takes the options.
    version: Option<String>,
    /// `sha256:` and the digest of the component.
    digest: Option<String>,
    /// Whether to go back to what the source had before, with the verification that was in force then.
    rollback: Option<bool>,
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
    /// None: what the source had before.
    which: Option<Named<'a>>,
    confirm: bool,
}

/// What is in force with it.
struct Chosen {
    plugin: Plugin,
    pin: Option<String>,
    scheme: Option<String>,
}

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
    params(("key" = String, Path, description = "The source")),
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
    body: JsonBody,
) -> Result<impl IntoResponse, ApiError> {
    let (version, used) = engine
        .configure(operator.author(), |change| async move {
            let (snapshot, catalog) = (change.snapshot(), change.catalog());
            let source = find_source(&snapshot, &key)?;
            let asked = read(&body, &operator, &snapshot)?;
            let endpoint = find_endpoint(source, &asked.environment)?;
            let Chosen { plugin, pin, scheme } = chosen(&catalog, &source.record.provider, endpoint, &asked)?;
            if (&pin, &scheme) != (&endpoint.record.plugin, &endpoint.record.scheme) {
                change.use_plugin(endpoint, pin.clone(), scheme).await?;
                let (environment, digest) = (&asked.environment.slug, plugin.digest());
                tracing::info!(source = key, environment, digest, by = operator.name(), "a source uses another plugin");
            } else if endpoint.plugin_ref.digest != plugin.digest() {
                // The pin stays, but the source still runs a plugin that was removed from the plugin directory.
                change.choose_plugin_again(endpoint).await?;
            }
            let snapshot = change.snapshot();
            let endpoint = find_endpoint(find_source(&snapshot, &key)?, &asked.environment)?;
            // A new version starts without quarantine anyway. Choosing the same version again ends its quarantine.
            endpoint.guard.lift(endpoint);
            let used = UsedPlugin {
                environment: asked.environment.slug,
                plugin: ShownPlugin::from(&*endpoint.plugin_ref),
                follows_latest: pin.as_deref() == Some(LATEST),
            };
            Ok::<_, ApiError>((endpoint.record.version, used))
        })
        .await?;
    Ok((AppendHeaders([(header::ETAG, etag(version))]), Json(used)))
}

fn read<'a>(body: &'a JsonBody, operator: &Operator, snapshot: &Snapshot) -> Result<Asked<'a>, ApiError> {
    let mut members = body.given().object()?;
    let given = members.take_required("environment", "a string")?;
    let (version, digest) = (members.take_some("version"), members.take_some("digest"));
    let rollback = members.take_some("rollback");
    let confirm = members.take_some("confirm");
    members.finish()?;
    let environment = operator.environment(&given, snapshot)?;
    let is_rollback = rollback.map_or(Ok(false), |given| given.bool())?;
    let which = match (version, digest) {
        (None, None) if is_rollback => None,
        (Some(other), _) | (_, Some(other)) if is_rollback => {
            return Err(other.refuse("found rollback too; expected one of the two"));
        }
        (Some(version), None) => Some(Named::version(version)?),
        (None, Some(digest)) => Some(Named::digest(digest)?),
        (None, None) => return Err(ApiError::invalid("version", "it is missing; expected a version or a digest")),
        (Some(version), Some(_)) => return Err(version.refuse("found a digest too; expected one of the two")),
    };
    Ok(Asked { environment, which, confirm: confirm.map_or(Ok(false), |given| given.bool())? })
}

/// Returns the requested plugin and the verification scheme in force with it. A different scheme and rejected options need
/// confirmation, on a rollback too.
fn chosen(catalog: &Catalog, key: &str, endpoint: &Endpoint, asked: &Asked<'_>) -> Result<Chosen, ApiError> {
    let (Choice { plugin, pin }, stored, scheme) = match &asked.which {
        Some(named) => {
            let choice = named.find(catalog, key)?;
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
        && let Some(obstacle) = choice::obstacle(endpoint, scheme.as_ref())
    {
        return Err(refused(format!(
            "it verifies in another way than is in force ({} differ), and that cannot be taken yet: {obstacle}",
            differences.join(", ")
        )));
    }
    // A source that follows `latest` only gets versions that accept its options, so confirming would have no effect.
    if asked.which.is_some()
        && pin.as_deref() == Some(LATEST)
        && let Some(reason) = choice::bad_options(endpoint, &plugin)
    {
        return Err(refused(format!(
            "{reason}; what follows latest gets only versions that do: use {version} by its number with confirm true, correct \
             the options, and let it follow latest then"
        )));
    }
    let doubts = choice::doubts(endpoint, &plugin, &differences);
    if !asked.confirm && !doubts.is_empty() {
        let command = if asked.which.is_some() { "use" } else { "rollback" };
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
    Ok(Chosen { plugin, pin, scheme })
}

fn written_scheme(plugin: &Plugin) -> Result<Option<String>, ApiError> {
    plugin.manifest().verification.as_ref().map(serde_json::to_string).transpose().map_err(|error| {
        tracing::error!(%error, "a verification template cannot be written as JSON");
        ApiError::new(Kind::Internal, "the template cannot be stored; the server's log says why")
    })
}
