//! The work that background jobs have left.

use super::Store;
use crate::{database::read, error::ReadError, records::WorkLeft};

impl Store {
    /// Counts the work that background jobs have left, by kind.
    pub async fn work_left(&self) -> Result<Vec<WorkLeft>, ReadError> {
        read!(self.database, work_left())
    }
}
