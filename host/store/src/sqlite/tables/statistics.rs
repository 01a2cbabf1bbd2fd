//! Counts of events and times of stages, for charts.

use crate::{
    backend::Execute,
    error::CommitError,
    operations::{PruneStatistics, RecordStatistics},
    records::{COARSE_STEP_S, FINE_STEP_S, Measure, StatisticsRange, StatisticsRow},
    sql,
    sqlite::{
        error::SqliteError,
        statements::{codes, transaction},
        write_connection::WriteConnection,
    },
};

const OUTCOMES: i64 = 0;
const STAGES: i64 = 1;
const REFUSED: i64 = -1;
const BUCKETS: i64 = 64;

/// Returns the series and the code of a measure.
fn code(measure: Measure) -> (i64, i64) {
    match measure {
        Measure::Outcome(outcome) => (OUTCOMES, codes::of_outcome(outcome)),
        Measure::Refused => (OUTCOMES, REFUSED),
        Measure::Stage { stage, bucket } => (STAGES, i64::from(stage) * BUCKETS + i64::from(bucket)),
    }
}

fn measure(series: i64, code: i64) -> Result<Measure, sqlx::Error> {
    let number = |value: i64| u8::try_from(value).map_err(|problem| sqlx::Error::Decode(Box::new(problem)));
    match (series, code) {
        (STAGES, code) => {
            Ok(Measure::Stage { stage: number(code.div_euclid(BUCKETS))?, bucket: number(code.rem_euclid(BUCKETS))? })
        }
        (_, REFUSED) => Ok(Measure::Refused),
        (_, code) => codes::outcome(code).map(Measure::Outcome),
    }
}

/// Returns the events of source environments by outcome and step, without zeros.
pub(crate) async fn outcomes(
    readers: &sql::Pool,
    source_environments: &[i64],
    range: StatisticsRange,
) -> Result<Vec<StatisticsRow>, sqlx::Error> {
    let mut rows = Vec::new();
    for id in source_environments {
        let found = sql::query(
            "SELECT at_s / ?5 * ?5, measure, CAST(sum(count) AS INTEGER) FROM statistics
             WHERE source_environment_id = ?1 AND series = 0 AND step_s = ?2 AND at_s >= ?3 AND at_s < ?4
             GROUP BY 1, 2",
        )
        .bind(id)
        .bind(stored_step(range.step_s))
        .bind(range.from_s)
        .bind(range.to_s)
        .bind(range.step_s)
        .fetch_all(readers)
        .await?;
        for row in found {
            let measure = measure(OUTCOMES, row.try_get(1)?)?;
            let count = row.try_get::<i64>(2)?.cast_unsigned();
            rows.push(StatisticsRow { source_environment_id: *id, at_s: row.try_get(0)?, measure, count });
        }
    }
    Ok(rows)
}

/// Returns the times of stages over all of some source environments and the whole range.
pub(crate) async fn stages(
    readers: &sql::Pool,
    source_environments: &[i64],
    range: StatisticsRange,
) -> Result<Vec<(Measure, u64)>, sqlx::Error> {
    let mut all = std::collections::BTreeMap::<i64, u64>::new();
    for id in source_environments {
        let found: Vec<(i64, i64)> = sql::query_as(
            "SELECT measure, CAST(sum(count) AS INTEGER) FROM statistics
             WHERE source_environment_id = ?1 AND series = 1 AND step_s = ?2 AND at_s >= ?3 AND at_s < ?4
             GROUP BY 1",
        )
        .bind(id)
        .bind(stored_step(range.step_s))
        .bind(range.from_s)
        .bind(range.to_s)
        .fetch_all(readers)
        .await?;
        for (code, count) in found {
            *all.entry(code).or_default() += count.cast_unsigned();
        }
    }
    all.into_iter().map(|(code, count)| Ok((measure(STAGES, code)?, count))).collect()
}

/// Returns the step of the rows that a range is read from.
fn stored_step(step_s: i64) -> i64 {
    if step_s % COARSE_STEP_S == 0 { COARSE_STEP_S } else { FINE_STEP_S }
}

impl Execute<RecordStatistics> for WriteConnection {
    async fn execute(&mut self, RecordStatistics { at_s, counts }: RecordStatistics) -> Result<(), CommitError> {
        Ok(transaction::run(self.connection.plain(), async |connection| {
            for count in counts {
                let (series, code) = code(count.measure);
                for step_s in [FINE_STEP_S, COARSE_STEP_S] {
                    sql::query(
                        "INSERT INTO statistics (source_environment_id, series, step_s, at_s, measure, count)
                         VALUES (?, ?, ?, ?, ?, ?)
                         ON CONFLICT (source_environment_id, series, step_s, at_s, measure)
                         DO UPDATE SET count = statistics.count + excluded.count",
                    )
                    .bind(count.source_environment_id)
                    .bind(series)
                    .bind(step_s)
                    .bind(at_s.div_euclid(step_s) * step_s)
                    .bind(code)
                    .bind(count.count.cast_signed())
                    .execute(&mut *connection)
                    .await?;
                }
            }
            Ok(())
        })
        .await?)
    }
}

impl Execute<PruneStatistics> for WriteConnection {
    async fn execute(&mut self, operation: PruneStatistics) -> Result<u64, CommitError> {
        let PruneStatistics { environment_id, step_s, before_s, limit } = operation;
        let done = sql::query(
            "DELETE FROM statistics WHERE (source_environment_id, series, step_s, at_s, measure) IN (
                 SELECT source_environment_id, series, step_s, at_s, measure
                 FROM source_environments CROSS JOIN statistics ON source_environment_id = source_environments.id
                 WHERE environment_id = ?1 AND series IN (0, 1) AND step_s = ?2 AND at_s < ?3 LIMIT ?4)",
        )
        .bind(environment_id)
        .bind(step_s)
        .bind(before_s)
        .bind(limit)
        .execute(self.connection.plain())
        .await
        .map_err(SqliteError::from)?;
        Ok(done.rows_affected())
    }
}

#[cfg(test)]
mod tests {
    use inlet_core::log::Outcome;

    use super::*;

    #[test]
    fn every_measure_is_read_as_it_was_written() {
        let outcomes = Outcome::ALL.map(Measure::Outcome);
        let stages = [Measure::Stage { stage: 0, bucket: 0 }, Measure::Stage { stage: 5, bucket: 47 }];
        for wanted in outcomes.into_iter().chain(stages).chain([Measure::Refused]) {
            let (series, code) = code(wanted);
            assert_eq!(measure(series, code).unwrap(), wanted);
        }
    }
}
