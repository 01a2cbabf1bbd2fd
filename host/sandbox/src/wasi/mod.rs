//! The frozen WASI, for guests whose toolchain drags WASI in: JavaScript engines, std, a C library.
//!
//! Nothing of the world is behind it. Clocks stand at the time when the request arrived, random is one fixed stream, there is
//! no environment, no argument and no directory, stdin is at its end, and what is printed goes into the log of the request.
//! So a request gives the same translation every time, and nothing is granted that `log` does not grant.
//!
//! What is linked follows what a component asks for, function by function: the few that answer are here, and every other
//! function of an interface on the list ends the call when it is called. (Most belong to files: a guest that is given no
//! directory has nothing to call them on.) A guest without WASI is linked to nothing of this.

mod frozen;
mod streams;

use semver::Version;
use wasmtime::{
    StoreContextMut,
    component::{
        Component, ComponentType, Linker, LinkerInstance, Lower, Resource, ResourceType, types::ComponentItem,
    },
};

pub(crate) use frozen::Frozen;

use crate::{clock, limits::shortened, state::State};

/// What the supported toolchains import, whether or not a plugin uses it.
const INTERFACES: [&str; 19] = [
    "cli/environment",
    "cli/exit",
    "cli/stderr",
    "cli/stdin",
    "cli/stdout",
    "cli/terminal-input",
    "cli/terminal-output",
    "cli/terminal-stderr",
    "cli/terminal-stdin",
    "cli/terminal-stdout",
    "clocks/monotonic-clock",
    "clocks/wall-clock",
    "filesystem/preopens",
    "filesystem/types",
    "io/error",
    "io/poll",
    "io/streams",
    "random/insecure-seed",
    "random/random",
];

/// The interface of an import, if it is one of the frozen WASI: `clocks/wall-clock` of `wasi:clocks/wall-clock@0.2.6`.
pub(crate) fn interface(import: &str) -> Option<&'static str> {
    let (name, version) = import.strip_prefix("wasi:")?.split_once('@')?;
    let version = Version::parse(version).ok()?;
    let is_known = version.major == 0 && version.minor == 2 && version.pre.is_empty();
    INTERFACES.into_iter().find(|known| is_known && *known == name)
}

/// Links what a component imports of WASI.
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

/// What every handle of a guest stands for, whatever it calls its type: its number tells which stream it is, if it is one.
pub(crate) struct Handle;

fn link_function(linked: &mut LinkerInstance<'_, State>, interface: &'static str, name: &str) -> wasmtime::Result<()> {
    match (interface, name) {
        ("cli/environment", "get-environment") => gives(linked, name, |_| Vec::<(String, String)>::new()),
        ("cli/environment", "get-arguments") => gives(linked, name, |_| Vec::<String>::new()),
        ("cli/environment", "initial-cwd") => gives(linked, name, |_| None::<String>),
        ("cli/terminal-stdin" | "cli/terminal-stdout" | "cli/terminal-stderr", _) => {
            gives(linked, name, |_| None::<Resource<Handle>>)
        }
        ("filesystem/preopens", "get-directories") => gives(linked, name, |_| Vec::<(Resource<Handle>, String)>::new()),
        ("clocks/monotonic-clock", "now") => gives(linked, name, |frozen| frozen.nanoseconds()),
        ("clocks/monotonic-clock", "resolution") => gives(linked, name, |_| 1_000_000_u64),
        ("clocks/monotonic-clock", "subscribe-instant" | "subscribe-duration") => {
            clock::link(linked, name, |_, (_when,): (u64,)| Ok((streams::POLLABLE.handle(),)))
        }
        ("clocks/wall-clock", "now") => gives(linked, name, Frozen::now),
        ("clocks/wall-clock", "resolution") => gives(linked, name, |_| Frozen::resolution()),
        ("random/random", "get-random-u64") => gives(linked, name, Frozen::random),
        ("random/random", "get-random-bytes") => {
            clock::link(linked, name, |mut store: StoreContextMut<'_, State>, (length,): (u64,)| {
                let State { clock, wasi, .. } = store.data_mut();
                let bytes = wasi.random_bytes(length)?;
                clock.work(bytes.len());
                Ok((bytes,))
            })
        }
        ("random/insecure-seed", "insecure-seed") => gives(linked, name, |frozen| (frozen.random(), frozen.random())),
        ("cli/stdin" | "cli/stdout" | "cli/stderr" | "io/poll" | "io/streams", _) => {
            streams::link_function(linked, interface, name)
        }
        _ => ends_the_call(linked, interface, name),
    }
}

/// A function without parameters.
fn gives<T>(
    linked: &mut LinkerInstance<'_, State>,
    name: &str,
    answer: impl Fn(&mut Frozen) -> T + Send + Sync + 'static,
) -> wasmtime::Result<()>
where
    T: ComponentType + Lower + Send + 'static,
{
    clock::link(linked, name, move |mut store, (): ()| Ok((answer(&mut store.data_mut().wasi),)))
}

/// A function that the frozen WASI has no answer for.
fn ends_the_call(linked: &mut LinkerInstance<'_, State>, interface: &'static str, name: &str) -> wasmtime::Result<()> {
    // A name may be of any length, and an interface have functions that WASI does not know.
    let called = shortened(name);
    linked.func_new(name, move |_, _, _, _| Err(NotThere { interface, called: called.clone() }.into()))
}

/// The guest called a function that the frozen WASI has no answer for.
#[derive(Debug, thiserror::Error)]
#[error("it called wasi:{interface}#{called}, which a sandbox has not")]
struct NotThere {
    interface: &'static str,
    called: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_of_02_is_known_and_no_other() {
        assert_eq!(interface("wasi:clocks/wall-clock@0.2.12"), Some("clocks/wall-clock"));
        for other in [
            "wasi:clocks/wall-clock",
            "wasi:clocks/wall-clock@0.3.0",
            "wasi:clocks/wall-clock@0.2.0-rc",
            "wasi:clocks/wall-clock@1.2.0",
            "wasi:clocks/timezone@0.2.6",
            "wasi:sockets/tcp@0.2.6",
            "acme:clocks/wall-clock@0.2.6",
        ] {
            assert_eq!(interface(other), None, "{other}");
        }
    }
}
