//! One look-up of everything that has a name.

pub mod find;
