//! Rehearsals: what a request would cause, computed without writing.

mod item_response;
pub mod rehearse;
mod request;
mod response;
mod response_budget;
mod writes_response;
