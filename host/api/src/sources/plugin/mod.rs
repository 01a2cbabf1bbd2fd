//! The plugin version that a source uses in an environment.

pub mod choice;
pub mod compare;
pub mod use_plugin;
