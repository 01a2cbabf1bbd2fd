//! A plugin that calls every function of the frozen WASI and returns the results.
//!
//! It imports what the toolchains of other languages import, so that a real guest tests the sandbox's frozen WASI. The
//! request's path selects the functions.

use inlet_plugin::{Event, Field, Item, Notice, Plugin, Request, Translation};
use wasip2::{
    cli::{environment, exit, stderr, stdin, stdout, terminal_stderr, terminal_stdin, terminal_stdout},
    clocks::{monotonic_clock, wall_clock},
    filesystem::preopens,
    io::{poll, streams::OutputStream},
    random::{insecure_seed, random},
};

/// A plugin that calls WASI.
#[derive(Debug)]
pub struct WasiProbe;

inlet_plugin::export!(WasiProbe);

impl Plugin for WasiProbe {
    fn translate(request: &Request) -> Result<Translation, Notice> {
        let told = match request.path.as_str() {
            "" | "/world" => world(),
            "/print" => print(),
            "/flood-stdout" => flood(&stdout::get_stdout()),
            "/flood-stderr" => flood(&stderr::get_stderr()),
            "/write-too-much" => write(&stdout::get_stdout(), &[b'x'; (64 << 10) + 1]),
            "/random-bytes" => vec![("length", random::get_random_bytes(1 << 40).len().to_string())],
            "/exit" => {
                exit::exit(Err(()));
                Vec::new()
            }
            "/poll-nothing" => vec![("ready", format!("{:?}", poll::poll(&[])))],
            other => return Err(Notice::new("unknown_type", format!("Nothing is called {other:?}."))),
        };
        let mut event = Event::new("told");
        event.extras = told.into_iter().map(|(name, value)| Field { name: name.to_owned(), value }).collect();
        Ok(Translation::from(Item::Event(event)))
    }
}

/// Calls everything that has no side effect.
fn world() -> Vec<(&'static str, String)> {
    let input = stdin::get_stdin();
    let sleep = monotonic_clock::subscribe_duration(3_600_000_000_000);
    sleep.block();
    let [first, second] = [sleep, input.subscribe()];
    vec![
        ("environment", format!("{:?}", environment::get_environment())),
        ("arguments", format!("{:?}", environment::get_arguments())),
        ("cwd", format!("{:?}", environment::initial_cwd())),
        ("directories", format!("{:?}", preopens::get_directories())),
        ("stdin", format!("{:?}", input.blocking_read(10))),
        ("skipped", format!("{:?}", input.skip(10))),
        ("wall clock", format!("{:?} {:?}", wall_clock::now(), wall_clock::resolution())),
        ("monotonic clock", format!("{} {}", monotonic_clock::now(), monotonic_clock::resolution())),
        ("ready", format!("{} {:?}", first.ready(), poll::poll(&[&first, &second]))),
        ("random", format!("{:x} {:x?}", random::get_random_u64(), random::get_random_bytes(3))),
        ("seed", format!("{:x?}", insecure_seed::insecure_seed())),
        (
            "terminals",
            format!(
                "{:?} {:?} {:?}",
                terminal_stdin::get_terminal_stdin(),
                terminal_stdout::get_terminal_stdout(),
                terminal_stderr::get_terminal_stderr()
            ),
        ),
    ]
}

/// Prints lines in pieces to both streams.
fn print() -> Vec<(&'static str, String)> {
    let (out, err) = (stdout::get_stdout(), stderr::get_stderr());
    let text = format!("now {} random {:x}\nunfin", wall_clock::now().seconds, random::get_random_u64());
    write(&out, text.as_bytes());
    write(&err, b"a warning\n");
    let allowed = out.check_write();
    let _ = (out.write(b"ished"), out.flush(), out.blocking_flush());
    out.subscribe().block();
    vec![("allowed", format!("{allowed:?}"))]
}

/// Writes as many lines as one call allows, ten times.
fn flood(stream: &OutputStream) -> Vec<(&'static str, String)> {
    (0..10).for_each(|_| drop(write(stream, &[b'\n'; 64 << 10])));
    write(stream, b"the last line")
}

fn write(stream: &OutputStream, bytes: &[u8]) -> Vec<(&'static str, String)> {
    vec![("written", format!("{:?}", stream.blocking_write_and_flush(bytes)))]
}
