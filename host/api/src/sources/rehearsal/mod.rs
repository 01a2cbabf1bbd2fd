//! Rehearsals: what a request would cause, computed without writing.

mod item_response;
mod last_response;
mod mapping_matches;
pub mod rehearse;
pub mod rehearse_last;
mod relations_response;
mod request;
mod response;
mod response_budget;
mod writes_response;

pub use self::{
    last_response::totals, mapping_matches::mapping_matches, request::sent, response_budget::ResponseBudget,
};
