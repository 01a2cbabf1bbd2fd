//! Contract 0.1.x (`wit/v0.1`).

use inlet_core::contract as plain;
use wasmtime::component::{ComponentType, Lift, Linker};

use super::common::{self, Field, LiftedReply};
use crate::run::state::State;

/// A compiled component of contract 0.1.x.
pub(crate) type Adapter = common::Adapter<Reply>;

/// Links the imports.
pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    common::link(linker, "0.1.0")
}

/// A reply, whose status is 200 and which sets no headers.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct Reply {
    #[component(name = "content-type")]
    content_type: String,
    body: String,
    #[expect(dead_code, reason = "no field name is in use yet")]
    extras: Vec<Field>,
}

impl LiftedReply for Reply {}

impl From<Reply> for plain::Reply {
    fn from(Reply { content_type, body, .. }: Reply) -> Self {
        Self::new(content_type, body)
    }
}
