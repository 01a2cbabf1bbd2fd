//! Functions that the frozen WASI does not implement.

use wasmtime::component::LinkerInstance;

use crate::{display::shorten, run::state::State};

/// Links a function that ends the call when it is called.
pub(super) fn link_unavailable(
    linked: &mut LinkerInstance<'_, State>,
    interface: &'static str,
    name: &str,
) -> wasmtime::Result<()> {
    // A component can import a function with any name, of any length.
    let function = shorten(name);
    linked.func_new(name, move |_, _, _, _| Err(Unavailable { interface, function: function.clone() }.into()))
}

/// The guest called a function that the frozen WASI does not implement.
#[derive(Debug, thiserror::Error)]
#[error("it called wasi:{interface}#{function}, which a sandbox has not")]
struct Unavailable {
    interface: &'static str,
    function: String,
}
