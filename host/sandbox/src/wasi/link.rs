//! Links the WASI functions that a component imports.

use wasmtime::{
    StoreContextMut,
    component::{
        Component, ComponentType, Linker, LinkerInstance, Lower, Resource, ResourceType, types::ComponentItem,
    },
};

use super::{
    clocks,
    handle::{Handle, POLLABLE},
    interfaces::interface,
    streams,
    unavailable::link_unavailable,
};
use crate::run::{
    host_function,
    state::{State, frozen_world::FrozenWorld},
};

/// Links the WASI functions that `component` imports.
pub(crate) fn link(linker: &mut Linker<State>, component: &Component) -> wasmtime::Result<()> {
    let engine = linker.engine().clone();
    for (import, item) in component.component_type().imports(&engine) {
        let (Some(interface), ComponentItem::ComponentInstance(instance)) = (interface(import), item.ty) else {
            continue;
        };
        let mut linked = linker.instance(import)?;
        for (name, item) in instance.exports(&engine) {
            match item.ty {
                ComponentItem::ComponentFunc(_) => link_function(&mut linked, interface, name)?,
                ComponentItem::Resource(_) => linked.resource(name, ResourceType::host::<Handle>(), |_, _| Ok(()))?,
                _ => {}
            }
        }
    }
    Ok(())
}

fn link_function(linked: &mut LinkerInstance<'_, State>, interface: &'static str, name: &str) -> wasmtime::Result<()> {
    match (interface, name) {
        ("cli/environment", "get-environment") => link_value(linked, name, |_| Vec::<(String, String)>::new()),
        ("cli/environment", "get-arguments") => link_value(linked, name, |_| Vec::<String>::new()),
        ("cli/environment", "initial-cwd") => link_value(linked, name, |_| None::<String>),
        ("cli/terminal-stdin" | "cli/terminal-stdout" | "cli/terminal-stderr", _) => {
            link_value(linked, name, |_| None::<Resource<Handle>>)
        }
        ("filesystem/preopens", "get-directories") => {
            link_value(linked, name, |_| Vec::<(Resource<Handle>, String)>::new())
        }
        ("clocks/monotonic-clock", "now") => link_value(linked, name, clocks::monotonic_clock),
        ("clocks/monotonic-clock", "resolution") => link_value(linked, name, |_| u64::from(clocks::RESOLUTION)),
        ("clocks/monotonic-clock", "subscribe-instant" | "subscribe-duration") => {
            host_function::link(linked, name, |_, (_when,): (u64,)| Ok((POLLABLE.resource(),)))
        }
        ("clocks/wall-clock", "now") => link_value(linked, name, clocks::wall_clock),
        ("clocks/wall-clock", "resolution") => link_value(linked, name, |_| clocks::wall_clock_resolution()),
        ("random/random", "get-random-u64") => link_value(linked, name, FrozenWorld::random),
        ("random/random", "get-random-bytes") => {
            host_function::link(linked, name, |mut store: StoreContextMut<'_, State>, (length,): (u64,)| {
                let State { clock, world, .. } = store.data_mut();
                let bytes = world.random_bytes(length)?;
                clock.add_work(bytes.len());
                Ok((bytes,))
            })
        }
        ("random/insecure-seed", "insecure-seed") => link_value(linked, name, |world| (world.random(), world.random())),
        ("cli/stdin" | "cli/stdout" | "cli/stderr" | "io/poll" | "io/streams", _) => {
            streams::link_function(linked, interface, name)
        }
        _ => link_unavailable(linked, interface, name),
    }
}

/// Links a function without parameters.
fn link_value<T>(
    linked: &mut LinkerInstance<'_, State>,
    name: &str,
    value: impl Fn(&mut FrozenWorld) -> T + Send + Sync + 'static,
) -> wasmtime::Result<()>
where
    T: ComponentType + Lower + Send + 'static,
{
    host_function::link(linked, name, move |mut store, (): ()| Ok((value(&mut store.data_mut().world),)))
}
