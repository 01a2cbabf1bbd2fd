//! Named tokens for this API. The token that the server was started with is not one of them: it may do everything, and
//! is changed where the server is started.

pub mod create;
pub mod delete;
pub mod list;
pub mod request;
pub mod response;

use inlet_store::ManagementTokenRecord;

use super::auth::Operator;

/// Whether the bearer of one token may know of another: not of one that is good where its own is not.
fn may_know(operator: &Operator, token: &ManagementTokenRecord) -> bool {
    match &token.environment_ids {
        None => operator.environment_ids().is_none(),
        Some(ids) => ids.iter().all(|id| operator.sees(*id)),
    }
}
