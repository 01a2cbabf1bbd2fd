//! Several schemes, of which a request meets one: two families of headers, or a signature beside a shared secret.

use serde::{Deserialize, Serialize};

use super::{Template, Vector};

/// The most alternatives. Each costs a verification, and a sender must not choose their number.
const MAX_ALTERNATIVES: usize = 4;

/// Several schemes of one secret, of which a request meets one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnyOf {
    /// The schemes. The first one whose credential a request holds and that verifies it counts.
    pub any_of: Vec<Template>,
    /// Test vectors, checked when the plugin is loaded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vectors: Vec<Vector>,
}

impl AnyOf {
    /// Checks the constraints that the types do not express.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        if !(2..=MAX_ALTERNATIVES).contains(&self.any_of.len()) {
            return Err("`any_of` holds two to four schemes");
        }
        match self.any_of.iter().any(|scheme| matches!(scheme, Template::AnyOf(_))) {
            true => Err("a scheme of `any_of` holds an `any_of` itself; list all schemes in one"),
            false => Ok(()),
        }
    }
}
