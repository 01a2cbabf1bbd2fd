//! Management tokens. The token that the server was started with is not one of them: it permits everything, and is
//! changed where the server is started.

pub mod create;
pub mod delete;
pub mod list;
pub mod request;
pub mod response;

use inlet_store::ManagementTokenRecord;

use super::auth::Operator;

/// Returns true if an operator may see a token: one that gives access to no environment beyond the operator's own.
fn may_know(operator: &Operator, token: &ManagementTokenRecord) -> bool {
    match &token.environment_ids {
        None => operator.environment_ids().is_none(),
        Some(ids) => ids.iter().all(|id| operator.sees(*id)),
    }
}
