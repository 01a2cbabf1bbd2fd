//! Counts of events and times of stages, for charts.

use super::Store;
use crate::{
    database::read,
    error::{CommitError, ReadError},
    operations::{PruneStatistics, RecordStatistics},
    records::{Measure, StatisticsCount, StatisticsRange, StatisticsRow},
};

impl Store {
    /// Returns the events of source environments by outcome and step, without zeros.
    pub async fn outcome_statistics(
        &self,
        source_environments: &[i64],
        range: StatisticsRange,
    ) -> Result<Vec<StatisticsRow>, ReadError> {
        read!(self.database, outcome_statistics(source_environments, range))
    }

    /// Returns the times of stages over all of some source environments and the whole range.
    pub async fn stage_statistics(
        &self,
        source_environments: &[i64],
        range: StatisticsRange,
    ) -> Result<Vec<(Measure, u64)>, ReadError> {
        read!(self.database, stage_statistics(source_environments, range))
    }

    /// Adds counts to the minute and the hour of `at_s`, in seconds since 1970.
    pub async fn statistics_record(&self, at_s: i64, counts: Vec<StatisticsCount>) -> Result<(), CommitError> {
        self.database.execute(RecordStatistics { at_s, counts }).await
    }

    /// Deletes at most `limit` rows of one step of an environment from before a time; returns their number.
    pub async fn statistics_prune(
        &self,
        environment_id: i64,
        step_s: i64,
        before_s: i64,
        limit: u32,
    ) -> Result<u64, CommitError> {
        self.database.execute(PruneStatistics { environment_id, step_s, before_s, limit }).await
    }
}
