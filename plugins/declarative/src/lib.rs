//! Translates requests by rules that are data: the component of every plugin without code.
//!
//! It is built once. A plugin without code is a copy of it, followed by a custom section into which the packer has written the
//! rules of a `plugin.toml`. The component asks the host for them in each call. See [`inlet_rules`] for their form.

mod bindings;
mod evaluate;
mod found;
mod items;
mod translate;

use inlet_plugin::{Notice, Plugin, Request, Translation};
use inlet_rules::Program;

pub use translate::translate;

#[cfg(test)]
mod tests;

/// Translator by the rules of the file that holds the component.
#[derive(Debug)]
pub struct Declarative;

inlet_plugin::export!(Declarative);

impl Plugin for Declarative {
    fn translate(request: &Request) -> Result<Translation, Notice> {
        translate_by(&bindings::inlet::declarative::rules::compiled(), request)
    }
}

/// Translates a request by compiled rules.
///
/// # Errors
///
/// `no_rules` if there are none or their bytes are damaged, and those of [`translate`].
pub fn translate_by(rules: &[u8], request: &Request) -> Result<Translation, Notice> {
    let Some(program) = Program::decode(rules) else {
        return Err(Notice::new(
            "no_rules",
            "This plugin has no rules, or they are damaged. Build it again with `inlet plugin build`, from a plugin.toml that \
             has [rules].",
        ));
    };
    translate(&program, request)
}
