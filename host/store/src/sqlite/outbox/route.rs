//! Writing the deliveries of runs, in the transaction that writes the runs or adds their recipients.

use std::sync::LazyLock;

use inlet_core::{
    delivery::{NewDelivery, RoutedRun, deliveries_of},
    run::{Run, RunRecipient},
};
use uuid::Uuid;

use super::order;
use crate::sqlite::{
    caches::Targets,
    error::SqliteError,
    statements::{database_time::now_ms, multi_row::MultiRow, runner::StatementRunner},
};

static DELIVERIES: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::insert(
        "deliveries",
        "environment_id, id, target_id, run_id, source_event, mapping, workflow, call, first_recipient, recipients, key, \
         due_at_ms, order_key",
        "",
    )
});

static NOW: LazyLock<MultiRow> =
    LazyLock::new(|| MultiRow::query("WITH given (one) AS (VALUES", "(?)", concat!(") SELECT ", now_ms!())));

/// A run whose recipients get deliveries.
#[derive(Clone, Copy)]
pub(crate) struct RunToRoute<'a> {
    pub(crate) environment: i64,
    pub(crate) run: RoutedRun<'a>,
    pub(crate) source_event: Uuid,
    pub(crate) mapping: Option<Uuid>,
    /// The position of the first of these recipients.
    pub(crate) first: u32,
    pub(crate) recipients: &'a [RunRecipient],
}

impl<'a> RunToRoute<'a> {
    pub(crate) fn of(environment: i64, run: &'a Run) -> Self {
        Self {
            environment,
            run: run.into(),
            source_event: run.source_event,
            mapping: run.mapping,
            first: 0,
            recipients: &run.recipients,
        }
    }
}

/// Writes the deliveries of runs. Does nothing for environments without targets.
pub(crate) async fn write(
    statements: &mut StatementRunner<'_>,
    targets: &mut Targets,
    runs: impl IntoIterator<Item = RunToRoute<'_>>,
    new_id: &mut dyn FnMut() -> Uuid,
) -> Result<(), SqliteError> {
    if targets.is_empty() {
        return Ok(());
    }
    let mut deliveries: Vec<(RunToRoute<'_>, NewDelivery)> = Vec::new();
    for route in runs {
        let targets = targets.of(route.environment);
        let of_run = deliveries_of(route.run, route.first, route.recipients, targets, new_id);
        deliveries.extend(of_run.into_iter().map(|delivery| (route, delivery)));
    }
    if deliveries.is_empty() {
        return Ok(());
    }
    targets.wrote_deliveries = true;
    let now_ms = now_ms(statements).await?;
    statements
        .write(&DELIVERIES, &deliveries, |row, (route, delivery)| {
            // Those that are ordered wait, until it is known that nobody is before them.
            let due_at_ms = delivery.order_key.is_none().then_some(now_ms);
            row.int(route.environment).blob(delivery.id.as_bytes()).int(delivery.target);
            row.blob(delivery.run.as_bytes()).uuid(route.source_event).optional_uuid(route.mapping);
            row.text(route.run.workflow).int(super::call::TRIGGER);
            row.int(delivery.first_recipient.into()).int(delivery.recipients.into()).blob(delivery.key.as_bytes());
            row.optional_int(due_at_ms).optional_uuid(delivery.order_key);
        })
        .await?;
    let mut ordered: Vec<(i64, Uuid)> =
        deliveries.iter().filter_map(|(_, delivery)| Some((delivery.target, delivery.order_key?))).collect();
    ordered.sort_unstable();
    ordered.dedup();
    order::lead(statements, &ordered).await
}

/// Returns the database's time, in milliseconds since 1970.
pub(super) async fn now_ms(statements: &mut StatementRunner<'_>) -> Result<i64, SqliteError> {
    let mut now = 0;
    let found = |_: usize, row: &crate::sqlite::statements::runner::FoundRow<'_>| {
        now = row.int(0)?;
        Ok(())
    };
    statements.find(&NOW, &[1], |row, one| _ = row.int(*one), found).await?;
    Ok(now)
}
