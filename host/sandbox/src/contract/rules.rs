//! The import of plugins without code: the rules in their file.
//!
//! All of them are one component, which asks for its rules in each call. So it is compiled once, and its code is shared.

use std::sync::Arc;

use wasmtime::component::Linker;

use crate::run::{host_function, state::State};

/// The interface that the declarative component imports.
pub(crate) const RULES_IMPORT: &str = "inlet:declarative/rules@0.1.0";

/// Links the import.
pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    host_function::link(&mut linker.instance(RULES_IMPORT)?, "compiled", |mut store, (): ()| {
        let State { clock, rules, .. } = store.data_mut();
        clock.add_work(rules.len());
        Ok((Arc::clone(rules),))
    })
}
