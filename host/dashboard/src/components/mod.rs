//! The parts that pages are made of. Each returns [`Html`], which templates write as it is; every text in it is escaped.

pub mod actions;
pub mod bytes;
pub mod chart;
pub mod checkboxes;
pub mod confirm;
pub mod copy;
pub mod cure;
pub mod empty_state;
pub mod external_link;
pub mod filter;
pub mod form;
pub mod icon;
pub mod json_differences;
pub mod json_find;
pub mod json_text;
pub mod json_tree;
pub mod looked_at;
pub mod outcome;
pub mod pagination;
pub mod provider_mark;
pub mod rehearsal;
pub mod shown_once;
pub mod time;
pub mod waterfall;
pub mod without_routes;

pub use crate::html::Html;

#[cfg(test)]
mod tests;
