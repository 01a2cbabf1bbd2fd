//! Streams and polling: stdin is at its end, stdout and stderr go to the log, and every pollable is ready.

use wasmtime::{
    StoreContextMut,
    component::{ComponentType, LinkerInstance, Lower, Resource, WasmList},
};

use super::{
    handle::{Handle, POLLABLE, STDERR, STDIN, STDOUT},
    unavailable::link_unavailable,
};
use crate::run::{
    host_function,
    state::{State, frozen_world::OutputStream},
};

/// The `stream-error` of `wasi:io/streams`.
#[derive(ComponentType, Lower)]
#[component(variant)]
enum StreamError {
    #[component(name = "last-operation-failed")]
    #[expect(dead_code, reason = "no operation fails here; the variant is part of WASI's type")]
    LastOperationFailed(Resource<Handle>),
    #[component(name = "closed")]
    Closed,
}

/// Bytes that `check-write` allows. A larger write ends the call, as WASI requires.
const MAX_WRITE_BYTES: usize = 64 << 10;

/// The cost of a handle lookup, in bytes that could have been read in the same time.
const LOOKUP_COST: usize = 64;

/// The guest wrote more than [`MAX_WRITE_BYTES`].
#[derive(Debug, thiserror::Error)]
#[error("it wrote {bytes} bytes at once, where check-write allows {MAX_WRITE_BYTES}")]
struct WroteTooMuch {
    bytes: usize,
}

/// The guest polled an empty list, which WASI forbids.
#[derive(Debug, thiserror::Error)]
#[error("it polled nothing, and would have waited for ever")]
struct PolledNothing;

type Store<'a> = StoreContextMut<'a, State>;
type ReadResult<T> = (Result<T, StreamError>,);
type WriteResult = (Result<(), StreamError>,);

pub(super) fn link_function(
    linked: &mut LinkerInstance<'_, State>,
    interface: &'static str,
    name: &str,
) -> wasmtime::Result<()> {
    match (interface, name) {
        ("cli/stdin", "get-stdin") => host_function::link(linked, name, |_, (): ()| Ok((STDIN.resource(),))),
        ("cli/stdout", "get-stdout") => host_function::link(linked, name, |_, (): ()| Ok((STDOUT.resource(),))),
        ("cli/stderr", "get-stderr") => host_function::link(linked, name, |_, (): ()| Ok((STDERR.resource(),))),
        ("io/poll", "[method]pollable.ready") => {
            host_function::link(linked, name, |_, (_,): (Resource<Handle>,)| Ok((true,)))
        }
        ("io/poll", "[method]pollable.block") => {
            host_function::link(linked, name, |_, (_,): (Resource<Handle>,)| Ok(()))
        }
        ("io/poll", "poll") => {
            host_function::link(linked, name, |mut store: Store<'_>, (polled,): (Vec<Resource<Handle>>,)| {
                store.data_mut().clock.add_work(polled.len().saturating_mul(LOOKUP_COST));
                match polled.len() as u32 {
                    0 => Err(PolledNothing.into()),
                    all => Ok(((0..all).collect::<Vec<u32>>(),)),
                }
            })
        }
        ("io/streams", "[method]input-stream.subscribe" | "[method]output-stream.subscribe") => {
            host_function::link(linked, name, |_, (_,): (Resource<Handle>,)| Ok((POLLABLE.resource(),)))
        }
        ("io/streams", "[method]input-stream.read" | "[method]input-stream.blocking-read") => {
            host_function::link(linked, name, |_, (_, _max_bytes): (Resource<Handle>, u64)| {
                Ok::<ReadResult<Vec<u8>>, _>(closed())
            })
        }
        ("io/streams", "[method]input-stream.skip" | "[method]input-stream.blocking-skip") => {
            host_function::link(linked, name, |_, (_, _max_bytes): (Resource<Handle>, u64)| {
                Ok::<ReadResult<u64>, _>(closed())
            })
        }
        ("io/streams", "[method]output-stream.check-write") => {
            host_function::link(linked, name, |_, (_,): (Resource<Handle>,)| {
                Ok::<ReadResult<u64>, _>((Ok(MAX_WRITE_BYTES as u64),))
            })
        }
        ("io/streams", "[method]output-stream.flush" | "[method]output-stream.blocking-flush") => {
            host_function::link(linked, name, |_, (_,): (Resource<Handle>,)| Ok::<WriteResult, _>((Ok(()),)))
        }
        ("io/streams", "[method]output-stream.write" | "[method]output-stream.blocking-write-and-flush") => {
            host_function::link(linked, name, write)
        }
        _ => link_unavailable(linked, interface, name),
    }
}

fn closed<T>() -> ReadResult<T> {
    (Err(StreamError::Closed),)
}

fn write(mut store: Store<'_>, (stream, contents): (Resource<Handle>, WasmList<u8>)) -> wasmtime::Result<WriteResult> {
    if contents.len() > MAX_WRITE_BYTES {
        return Err(WroteTooMuch { bytes: contents.len() }.into());
    }
    let output = if STDERR.is(&stream) { OutputStream::Stderr } else { OutputStream::Stdout };
    let bytes = contents.as_le_slice(&store).to_vec();
    let State { clock, world, logs, .. } = store.data_mut();
    clock.add_work(bytes.len());
    world.print(output, &bytes, logs);
    Ok((Ok(()),))
}
