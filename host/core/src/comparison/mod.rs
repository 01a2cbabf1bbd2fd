//! Comparison of the configuration of a source in two places: in two environments, or on two servers.
//!
//! It is asked in one direction: what would have to change in `to`, so that it is like `from`. Settings and mappings are
//! compared as the API shows them, so that a file of one server can be compared with another server too. What belongs to
//! one environment alone is no difference: the endpoint's URL, secrets, and the ids and times of mappings.

mod mappings;
mod settings;

pub use mappings::{ComparedMapping, MappingDifference, compare_mappings};
pub use settings::{SettingDifference, compare_settings, is_own};
