//! The contract versions that this host supports, one module each. Versions that are alike share an adapter, `common`.
//!
//! Every released version loads forever. The names of a component's exports contain the version, so finding the exports is
//! the version check. An adapter converts its version's types to and from the plain values of [`inlet_core::contract`] and
//! checks nothing; `checked` checks the output of every version alike.

mod adapter;
mod checked;
mod common;
mod error;
mod export;
mod output_path;
mod rules;
mod v0_1;
mod v0_2;
#[cfg(test)]
mod v_test;
mod version;
mod version_check;

pub(crate) use adapter::{Adapter, linker};
pub use error::ContractError;
pub(crate) use rules::RULES_IMPORT;
pub(crate) use version::{KNOWN_VERSIONS, PACKAGE, VersionFamily, is_contract_import};
pub(crate) use version_check::{exported_version, exports_answerer};
