//! The caller's resources that are held for a call.

use inlet_core::contract::Spent;

use super::fault::Fault;

/// Resources of the caller that are held until a call's sandbox is dropped, for example its [`Permit`](super::Permit).
///
/// A call runs to its end even if its caller stops waiting. The guard learns the result in either case.
pub trait CallGuard: Send + 'static {
    /// Returns the id of the source environment that made the call. The thread of long calls shares its time among
    /// sources by this id.
    fn source(&self) -> i64 {
        0
    }

    /// Called once when the call has ended, with its fault if it failed.
    fn ended(&self, _fault: Option<&Fault>, _spent: &Spent) {}
}

impl CallGuard for () {}
