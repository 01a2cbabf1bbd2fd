//! Bulk operations of the recipients API.

use uuid::Uuid;

use super::Store;
use crate::{
    database::read,
    error::{CommitError, ReadError},
    operations::{CreateBulkOperation, FailBulkOperation},
    records::{BulkOperationRecord, NewBulkOperation, ReadMemory},
};

impl Store {
    /// Creates a bulk operation; returns false if its environment has too many that have not ended.
    pub async fn bulk_operation_create(&self, new: NewBulkOperation) -> Result<bool, CommitError> {
        self.database.execute(CreateBulkOperation { new }).await
    }

    /// Gives a bulk operation up, if it has not ended.
    pub async fn bulk_operation_fail(&self, environment_id: i64, id: Uuid) -> Result<(), CommitError> {
        self.database.execute(FailBulkOperation { environment_id, id }).await
    }

    /// Returns the oldest bulk operation of each environment that has not ended.
    pub async fn open_bulk_operations(&self) -> Result<Vec<BulkOperationRecord>, ReadError> {
        read!(self.database, open_bulk_operations())
    }

    /// Returns one bulk operation. Returns none, outermost, if there is no memory for it now.
    pub async fn bulk_operation(
        &self,
        environment_id: i64,
        id: Uuid,
        memory: &dyn ReadMemory,
    ) -> Result<Option<Option<BulkOperationRecord>>, ReadError> {
        read!(self.database, bulk_operation(environment_id, id, memory))
    }

    /// Returns the items of a bulk operation, a JSON array; none if it has ended.
    pub async fn bulk_operation_items(&self, environment_id: i64, id: Uuid) -> Result<Option<String>, ReadError> {
        read!(self.database, bulk_operation_items(environment_id, id))
    }
}
