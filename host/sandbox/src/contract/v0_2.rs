//! Contract 0.2.x (`wit/v0.2`), whose replies have a status and headers.

use inlet_core::contract as plain;
use wasmtime::component::{ComponentType, Lift, Linker};

use super::common::{self, Field, LiftedReply};
use crate::run::state::State;

/// A compiled component of contract 0.2.x.
pub(crate) type Adapter = common::Adapter<Reply>;

/// Links the imports.
pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    common::link(linker, "0.2.0")
}

/// A reply.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct Reply {
    status: u16,
    #[component(name = "content-type")]
    content_type: String,
    headers: Vec<Field>,
    body: String,
    #[expect(dead_code, reason = "no field name is in use yet")]
    extras: Vec<Field>,
}

impl LiftedReply for Reply {}

impl From<Reply> for plain::Reply {
    fn from(Reply { status, content_type, headers, body, .. }: Reply) -> Self {
        Self { status, content_type, headers: headers.into_iter().map(Into::into).collect(), body }
    }
}
