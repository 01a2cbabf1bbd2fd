//! `GET /v1/system`

use std::collections::HashMap;

use axum::{Json, extract::State};
use inlet_api_types::system::{Job, Load, RunningReplay, Storage, System, WaitingDeliveries, Work};
use inlet_core::time;
use inlet_engine::{Engine, MAX_STREAMS, jobs::JobState, snapshot::Snapshot};
use inlet_store::{ReplayRecord, WorkLeft};

use crate::{auth::Operator, clock::response::clock, error::ApiError};

/// Returns the state of the server: its storage, its load, its background jobs and the work that they have left.
#[utoipa::path(
    get,
    path = "/v1/system",
    operation_id = "getSystem",
    tag = "administration",
    responses((status = 200, description = "The state of the server", body = System)),
)]
pub async fn get_system(_: Operator, State(engine): State<Engine>) -> Result<Json<System>, ApiError> {
    let snapshot = engine.snapshot();
    let open = engine.store.open_deliveries().await?;
    let work = engine.store.work_left().await?;
    let replays = engine.store.running_replays().await?;
    let started_at_ms = engine.started_at_ms;
    Ok(Json(System {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        build: build(),
        schema: engine.store.schema_version(),
        started_at: time::write_ms(started_at_ms),
        uptime_seconds: engine.started.elapsed().as_secs(),
        storage: storage(&engine).await?,
        load: load(&engine),
        deliveries: WaitingDeliveries {
            count: open.iter().map(|open| open.count).sum(),
            oldest_at: open.iter().filter(|open| open.count > 0).map(|open| open.oldest_ms).min().map(time::write_ms),
        },
        clock: clock(engine.store.clock().state()),
        jobs: engine.job_states.all().into_iter().map(|(name, state)| job(name, state)).collect(),
        work: work.into_iter().map(work_left).collect(),
        replays: running(replays, &snapshot),
        has_operational_webhook: engine.options.has_operational_webhook,
    }))
}

fn build() -> String {
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    format!("{} {}, {profile}", std::env::consts::ARCH, std::env::consts::OS)
}

async fn storage(engine: &Engine) -> Result<Storage, ApiError> {
    let sizes = engine.store.sizes().await?;
    Ok(Storage {
        data_dir: engine.store.data_dir().display().to_string(),
        database_bytes: sizes.database,
        log_bytes: sizes.log,
        last_checkpoint_at: sizes.database_written_at_ms.map(time::write_ms),
        free_bytes: engine.store.free_disk_bytes(),
        low_bytes: engine.options.disk_low_bytes,
    })
}

fn load(engine: &Engine) -> Load {
    let load = engine.load();
    Load {
        resident_bytes: load.resident_bytes,
        in_flight_bytes: load.in_flight_bytes,
        in_flight_limit_bytes: engine.options.max_in_flight_bytes as u64,
        in_flight_requests: load.in_flight_requests,
        writer_queue: load.writer_queue,
        sandboxes_free: load.sandboxes_free,
        sandboxes: engine.options.max_sandboxes.into(),
        streams: load.streams,
        streams_limit: MAX_STREAMS as u64,
    }
}

fn job(name: &str, state: JobState) -> Job {
    Job {
        name: name.to_owned(),
        runs: state.runs,
        outcome: state.outcome.to_owned(),
        last_run_at: time::write_ms(state.ended_at_ms),
        last_run_us: u64::try_from(state.took.as_micros()).unwrap_or(u64::MAX),
        last_success_at: state.succeeded_at_ms.map(time::write_ms),
    }
}

fn work_left(WorkLeft { kind, left, oldest_ms }: WorkLeft) -> Work {
    Work { kind: kind.as_str().to_owned(), left, oldest_at: oldest_ms.map(time::write_ms) }
}

/// A replay of a source that was deleted meanwhile is left out.
fn running(replays: Vec<ReplayRecord>, snapshot: &Snapshot) -> Vec<RunningReplay> {
    let endpoints: HashMap<i64, _> = snapshot.endpoints().map(|endpoint| (endpoint.id, endpoint)).collect();
    let running = replays.into_iter().filter_map(|replay| {
        let endpoint = endpoints.get(&replay.source_environment_id)?;
        Some(RunningReplay {
            id: replay.id.to_string(),
            source: endpoint.source.clone(),
            environment: endpoint.environment.clone(),
            done: replay.tally.done,
            total: replay.total,
            started_at: time::write_ms(replay.started_at_ms),
        })
    });
    running.collect()
}
