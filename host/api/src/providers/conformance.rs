//! `POST /v1/source_providers/{key}/versions/{version}/conformance`

use std::{sync::LazyLock, time::Duration};

use axum::{Json, extract::State};
use inlet_api_types::providers::{ConformanceCheck, ConformanceReport};
use inlet_conformance::suite::{self, Check, CheckOutcome, GROWTH, LAWS, Level, Options};
use inlet_engine::Engine;
use tokio::{runtime::Handle, sync::Semaphore};

use crate::{
    auth::Operator,
    error::{ApiError, Kind},
    path::ProviderVersion,
};

/// The suite runs for one plugin at a time: it keeps a core busy.
static TURN: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(1));
/// The time after which a run of the suite is ended.
const BUDGET: Duration = Duration::from_secs(60);
/// The number of times that each body is damaged; the command line does it more often.
const ROUNDS: u32 = 5;

/// Checks the laws that hold for every plugin on a version of a provider, with the examples of its manifest, in the server's
/// sandbox.
///
/// The cases of its author are not in the component: `inlet plugin test` checks them too. One plugin is checked at a time,
/// for at most a minute; the report is not stored.
#[utoipa::path(
    post,
    path = "/v1/source_providers/{key}/versions/{version}/conformance",
    operation_id = "checkSourceProviderVersion",
    tag = "providers",
    params(
        ("key" = String, Path, description = "The provider; the `/` of a key such as `acme/crm` is written as it is or `%2F`"),
        ("version" = String, Path, description = "The version"),
    ),
    responses((status = 200, description = "The report", body = ConformanceReport)),
)]
pub async fn check_source_provider_version(
    _: Operator,
    State(engine): State<Engine>,
    ProviderVersion { key, version }: ProviderVersion,
) -> Result<Json<ConformanceReport>, ApiError> {
    let catalog = engine.catalog();
    let mut plugins = catalog.all_own(&key).into_iter().chain(catalog.added(&key));
    let Some(plugin) = plugins.find(|plugin| plugin.manifest().version == version) else {
        return Err(ApiError::not_found(format!(
            "there is no version {version:?} of {key:?} that loads; GET /v1/source_providers/{{key}} lists those there are"
        )));
    };
    let plugin = plugin.clone();
    let Ok(turn) = TURN.try_acquire() else {
        let message = "the laws are being checked on another plugin, one at a time; try again in a minute";
        return Err(ApiError::new(Kind::Conflict, message));
    };
    let options = Options { limits: engine.limits.clone(), rounds: ROUNDS, ..Options::default() };
    let (checked, runtime) = (plugin.clone(), Handle::current());
    // The turn lasts as long as the suite, also if the client disconnects.
    let run = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        runtime.block_on(async { tokio::time::timeout(BUDGET, suite::run(&checked, None, &options)).await })
    });
    let run = run.await.map_err(|error| {
        tracing::error!(%error, "the laws of plugins were not checked to the end; please report it");
        ApiError::new(Kind::Internal, "the laws were not checked to the end; the server's log says more")
    })?;
    let report = run.map_err(|_| {
        let message = format!(
            "the laws took more than {} s on this server; run `inlet plugin test` where the plugin's file is",
            BUDGET.as_secs()
        );
        ApiError::new(Kind::Conflict, message)
    })?;
    let report = report.map_err(|error| ApiError::new(Kind::Internal, error.to_string()))?;
    Ok(Json(ConformanceReport {
        plugin: plugin.manifest().key.clone(),
        version,
        digest: plugin.digest().to_owned(),
        conforms: report.conforms(),
        checks: report.checks.into_iter().map(check).collect(),
    }))
}

fn check(Check { id, level, outcome, note }: Check) -> ConformanceCheck {
    let law = LAWS.iter().chain([&GROWTH]).find(|law| law.id == id);
    let findings = match outcome {
        CheckOutcome::Passed => Vec::new(),
        CheckOutcome::Failed(findings) => findings,
        CheckOutcome::Skipped(reason) => vec![reason],
    };
    ConformanceCheck {
        says: law.map_or("", |law| law.says).to_owned(),
        is_must: level == Level::Must,
        passed: findings.is_empty(),
        findings,
        note: Some(note).filter(|note| !note.is_empty()),
        id,
    }
}
