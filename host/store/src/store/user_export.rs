//! Reading the rows of a user in tables that are not its own.

use uuid::Uuid;

use super::Store;
use crate::{
    database::read,
    error::ReadError,
    records::{ReadMemory, UserDelivery, UserMembership, UserRuns, UserWait},
};

impl Store {
    /// Returns the next memberships of a user after an audience and the number of a tenant, in that order.
    pub async fn user_memberships(
        &self,
        environment_id: i64,
        user_id: &str,
        after: (&str, i64),
        limit: usize,
    ) -> Result<Vec<UserMembership>, ReadError> {
        read!(self.database, user_memberships(environment_id, user_id, after, limit))
    }

    /// Looks at the next workflow runs between two ids that are both excluded, oldest first, for a user among their
    /// recipients; none if there are no more.
    pub async fn user_runs(
        &self,
        environment_id: i64,
        user_id: &str,
        between: (Uuid, Uuid),
    ) -> Result<Option<UserRuns>, ReadError> {
        read!(self.database, user_runs(environment_id, user_id, between))
    }

    /// Returns the next deliveries of a run that have the recipient at a position, after one of them, by `seq`.
    pub async fn user_deliveries(
        &self,
        environment_id: i64,
        (run, position): (Uuid, i64),
        after: i64,
        limit: usize,
    ) -> Result<Vec<UserDelivery>, ReadError> {
        read!(self.database, user_deliveries(environment_id, (run, position), after, limit))
    }

    /// Returns the next trigger that waits for a user, after an event and a mapping. Returns none, outermost, if there is no
    /// memory for it now.
    pub async fn user_wait(
        &self,
        environment_id: i64,
        user_id: &str,
        after: (Uuid, Uuid),
        memory: &dyn ReadMemory,
    ) -> Result<Option<Option<UserWait>>, ReadError> {
        read!(self.database, user_wait(environment_id, user_id, after, memory))
    }
}
