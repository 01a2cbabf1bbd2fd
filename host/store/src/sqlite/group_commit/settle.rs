//! Settling the jobs of a group in order.

use std::panic::{AssertUnwindSafe, catch_unwind};

use inlet_core::{
    settle::{Job, Settlement, TransactionTime, settle},
    world::World,
};
use uuid::Uuid;

use crate::backend::GroupError;

/// Settles every item in order. A panic is a bug in the rules; it must not take the writer and all neighbours with it.
pub(crate) fn settle_all(
    world: &mut World,
    jobs: &[Job],
    time: TransactionTime,
    new_id: &mut impl FnMut() -> Uuid,
) -> Result<Vec<Vec<Settlement>>, GroupError> {
    catch(|| {
        let mut settle_job = |job: &Job| -> Vec<Settlement> {
            job.items.iter().map(|item| settle(world, job.environment, item, time, new_id)).collect()
        };
        jobs.iter().map(&mut settle_job).collect()
    })
}

/// Settles those items of a job that run, in order.
pub(crate) fn settle_job(
    world: &mut World,
    job: &Job,
    runs: impl Fn(usize) -> bool,
    time: TransactionTime,
    new_id: &mut impl FnMut() -> Uuid,
) -> Result<Vec<Option<Settlement>>, GroupError> {
    catch(|| {
        let items = job.items.iter().enumerate();
        items.map(|(at, item)| runs(at).then(|| settle(world, job.environment, item, time, new_id))).collect()
    })
}

fn catch<T>(settle: impl FnOnce() -> T) -> Result<T, GroupError> {
    catch_unwind(AssertUnwindSafe(settle))
        .map_err(|_| GroupError::Content("settling the event failed unexpectedly; please report it".to_owned()))
}
