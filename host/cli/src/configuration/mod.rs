//! Configuration as files: `inlet pull`, `validate`, `plan`, `apply`, `promote` and `schema`.
//!
//! ```text
//! files ──▶ yaml::read ──▶ files::Files ──▶ Configuration ──PUT──▶ plan, change        (validate, plan, apply)
//! files ◀── yaml::write ◀── files::Files ◀── Configuration ◀──GET──                    (pull)
//! ```
//!
//! The server compares and checks; a file that means what the server has is not touched by a pull.

pub mod apply;
mod files;
mod folder_arguments;
pub mod plan;
mod plan_output;
mod problem;
pub mod promote;
pub mod pull;
pub mod schema;
mod send;
pub mod validate;
mod yaml;
