//! Translates requests by rules that are data: the component of every plugin without code.
//!
//! It is built once, with an empty region for rules. A plugin without code is a copy of it, into whose region the packer
//! has written the rules of a `plugin.toml`. See [`inlet_rules`] for their form.

mod evaluate;
mod found;
mod items;
mod translate;

use std::hint::black_box;

use inlet_plugin::{Notice, Plugin, Request, Translation};
use inlet_rules::{Program, region::Region};

pub use translate::translate;

#[cfg(test)]
mod tests;

/// Translator by the rules in [`REGION`].
#[derive(Debug)]
pub struct Declarative;

inlet_plugin::export!(Declarative);

/// The place into which the packer writes rules.
static REGION: Region = Region::empty();

impl Plugin for Declarative {
    fn translate(request: &Request) -> Result<Translation, Notice> {
        // The compiler must not conclude that the region is empty, as it is when it compiles this.
        translate_by(black_box(&REGION), request)
    }
}

/// Translates a request by the rules of a region.
///
/// # Errors
///
/// `no_rules` if the region holds none or their bytes are damaged, and those of [`translate`].
pub fn translate_by(region: &Region, request: &Request) -> Result<Translation, Notice> {
    let Some(program) = region.rules().and_then(Program::decode) else {
        return Err(Notice::new(
            "no_rules",
            "This plugin has no rules, or they are damaged. Build it again with `inlet plugin build`, from a plugin.toml that \
             has [rules].",
        ));
    };
    translate(&program, request)
}
