//! Issues: failures grouped by their cause, which operators acknowledge, mute and resolve.
//!
//! [`IssueKey`] names a cause by the place, the stage, the code and what is to blame, and never by values of a request. An
//! [`Issue`] counts the failures with one key and moves between its states; a failure after it was resolved opens it again.
//! [`Room`] bounds the number of issues: whoever sends cannot fill the list.

mod key;
mod lifecycle;
mod of_event;
mod room;
#[cfg(test)]
mod tests;

pub use self::{
    key::{Blamed, IssueKey, IssuePlace, IssueStage, OTHER_CODE},
    lifecycle::{Failures, Issue, IssueChange, IssueState, NotPossible, Recurrence},
    of_event::keys_of_event,
    room::{MAX_ISSUES, MAX_OF_STAGE, Room, Verdict},
};
