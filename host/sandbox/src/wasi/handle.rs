//! Handles that a guest holds.

use wasmtime::component::Resource;

/// The host type of every WASI resource. The handle's number tells which one it is.
pub(super) struct Handle;

/// The number of a handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct HandleNumber(u32);

pub(super) const STDIN: HandleNumber = HandleNumber(0);
pub(super) const STDOUT: HandleNumber = HandleNumber(1);
pub(super) const STDERR: HandleNumber = HandleNumber(2);
/// An event to wait for. It is always ready: time does not advance, so a wait would never end.
pub(super) const POLLABLE: HandleNumber = HandleNumber(3);

impl HandleNumber {
    pub(super) fn resource(self) -> Resource<Handle> {
        Resource::new_own(self.0)
    }

    pub(super) fn is(self, resource: &Resource<Handle>) -> bool {
        resource.rep() == self.0
    }
}
