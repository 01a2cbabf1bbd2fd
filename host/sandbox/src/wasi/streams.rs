//! stdin, which is at its end, stdout and stderr, which are the log, and polling, which finds everything ready.

use wasmtime::{
    StoreContextMut,
    component::{ComponentType, LinkerInstance, Lower, Resource, WasmList},
};

use super::{Handle, ends_the_call, frozen::Output};
use crate::{clock, state::State};

/// The number of a handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number(u32);

const STDIN: Number = Number(0);
const STDOUT: Number = Number(1);
const STDERR: Number = Number(2);
/// Something to wait for. It has always happened: time stands still, so waiting for it would be waiting for ever.
pub(super) const POLLABLE: Number = Number(3);

impl Number {
    pub(super) fn handle(self) -> Resource<Handle> {
        Resource::new_own(self.0)
    }
}

/// Why a stream gives nothing.
#[derive(ComponentType, Lower)]
#[component(variant)]
enum StreamError {
    #[component(name = "last-operation-failed")]
    #[expect(dead_code, reason = "nothing fails here; the type is WASI's")]
    LastOperationFailed(Resource<Handle>),
    #[component(name = "closed")]
    Closed,
}

/// What may be written at once. More ends the call, as WASI says.
const MOST: usize = 64 << 10;

/// What looking a handle up costs, in the bytes that could have been read meanwhile.
const HANDLE: usize = 64;

/// More than [`MOST`].
#[derive(Debug, thiserror::Error)]
#[error("it wrote {bytes} bytes at once, where check-write allows {MOST}")]
struct WroteTooMuch {
    bytes: usize,
}

/// The guest polled nothing, which WASI forbids.
#[derive(Debug, thiserror::Error)]
#[error("it polled nothing, and would have waited for ever")]
struct PolledNothing;

type Store<'a> = StoreContextMut<'a, State>;
type Read<T> = (Result<T, StreamError>,);
type Written = (Result<(), StreamError>,);

pub(super) fn link_function(
    linked: &mut LinkerInstance<'_, State>,
    interface: &'static str,
    name: &str,
) -> wasmtime::Result<()> {
    match (interface, name) {
        ("cli/stdin", "get-stdin") => clock::link(linked, name, |_, (): ()| Ok((STDIN.handle(),))),
        ("cli/stdout", "get-stdout") => clock::link(linked, name, |_, (): ()| Ok((STDOUT.handle(),))),
        ("cli/stderr", "get-stderr") => clock::link(linked, name, |_, (): ()| Ok((STDERR.handle(),))),
        ("io/poll", "[method]pollable.ready") => clock::link(linked, name, |_, (_,): (Resource<Handle>,)| Ok((true,))),
        ("io/poll", "[method]pollable.block") => clock::link(linked, name, |_, (_,): (Resource<Handle>,)| Ok(())),
        ("io/poll", "poll") => {
            clock::link(linked, name, |mut store: Store<'_>, (polled,): (Vec<Resource<Handle>>,)| {
                store.data_mut().clock.work(polled.len().saturating_mul(HANDLE));
                match polled.len() as u32 {
                    0 => Err(PolledNothing.into()),
                    all => Ok(((0..all).collect::<Vec<u32>>(),)),
                }
            })
        }
        ("io/streams", "[method]input-stream.subscribe" | "[method]output-stream.subscribe") => {
            clock::link(linked, name, |_, (_,): (Resource<Handle>,)| Ok((POLLABLE.handle(),)))
        }
        ("io/streams", "[method]input-stream.read" | "[method]input-stream.blocking-read") => {
            clock::link(linked, name, |_, (_, _most): (Resource<Handle>, u64)| Ok::<Read<Vec<u8>>, _>(at_its_end()))
        }
        ("io/streams", "[method]input-stream.skip" | "[method]input-stream.blocking-skip") => {
            clock::link(linked, name, |_, (_, _most): (Resource<Handle>, u64)| Ok::<Read<u64>, _>(at_its_end()))
        }
        ("io/streams", "[method]output-stream.check-write") => {
            clock::link(linked, name, |_, (_,): (Resource<Handle>,)| Ok::<Read<u64>, _>((Ok(MOST as u64),)))
        }
        ("io/streams", "[method]output-stream.flush" | "[method]output-stream.blocking-flush") => {
            clock::link(linked, name, |_, (_,): (Resource<Handle>,)| Ok::<Written, _>((Ok(()),)))
        }
        ("io/streams", "[method]output-stream.write" | "[method]output-stream.blocking-write-and-flush") => {
            clock::link(linked, name, write)
        }
        _ => ends_the_call(linked, interface, name),
    }
}

fn at_its_end<T>() -> Read<T> {
    (Err(StreamError::Closed),)
}

fn write(mut store: Store<'_>, (stream, contents): (Resource<Handle>, WasmList<u8>)) -> wasmtime::Result<Written> {
    if contents.len() > MOST {
        return Err(WroteTooMuch { bytes: contents.len() }.into());
    }
    let output = if stream.rep() == STDERR.0 { Output::Stderr } else { Output::Stdout };
    let bytes = contents.as_le_slice(&store).to_vec();
    let State { clock, wasi, logs, .. } = store.data_mut();
    clock.work(bytes.len());
    wasi.print(output, &bytes, logs);
    Ok((Ok(()),))
}
