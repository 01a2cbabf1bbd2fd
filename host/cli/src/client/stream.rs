//! Server-sent events: reading them, and connecting again where the connection ends.
//!
//! A stream never stops without a word: the server sends a heartbeat every ten seconds, and a connection on which nothing comes
//! is given up and opened again after the last event.

use std::{
    io::{BufRead, BufReader},
    sync::mpsc::{Receiver, RecvTimeoutError, sync_channel},
    thread,
    time::Duration,
};

use anyhow::Context as _;
use serde::Deserialize;
use ureq::http::Method;

use super::{Client, OTHER_VERSION, encoded, is_temporary};
use crate::output::{note, text::clean};

/// The time in which something must come: three heartbeats.
const SILENCE: Duration = Duration::from_secs(30);
/// The pauses before the first and later tries to connect again.
const PAUSES: [Duration; 4] =
    [Duration::from_millis(250), Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(10)];
/// The message about a server that does not answer for a while.
const AWAY: &str = "the server is away; trying again until it is back";
/// The events that are read ahead.
const AHEAD: usize = 16;

/// A server-sent event.
#[derive(Debug, Default, PartialEq, Eq)]
struct Frame {
    id: String,
    event: String,
    data: String,
}

/// The members of `missed` and `end`.
#[derive(Deserialize)]
struct Notice {
    message: String,
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    to: Option<String>,
}

/// The step after an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Go on.
    Continue,
    /// Stop.
    Stop,
}

/// Follows a stream of event logs from after an entry, or from now on. `path` has a query already. `each` gets the JSON of
/// every entry. `reached` gets the cursor of everything that the server sends, heartbeats included, after `each` has seen
/// it: a stream that continues there misses nothing. Returns when `each` stops it, or when the server refuses.
pub fn follow(
    client: &Client,
    path: &str,
    since: Option<String>,
    mut each: impl FnMut(&str) -> anyhow::Result<Next>,
    mut reached: impl FnMut(&str) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut cursor = since;
    let (mut tries, mut was_connected) = (0_usize, false);
    loop {
        let after = cursor.as_deref().map(|cursor| format!("&since={}", encoded(cursor))).unwrap_or_default();
        match client.open(Method::GET, &format!("{path}{after}")) {
            Ok(body) => {
                note(match was_connected {
                    true => "connected again; it goes on where it was",
                    false => "following; Ctrl-C ends it",
                });
                (tries, was_connected) = (0, true);
                match read(&receive(BufReader::new(body)), &mut cursor, &mut each, &mut reached)? {
                    Ended::Stopped => return Ok(()),
                    Ended::Silent => note("nothing came for 30 s, not even a heartbeat; connecting again"),
                    Ended::Closed => note("the connection ended; connecting again"),
                }
            }
            Err(error) if is_temporary(&error) && was_connected => {
                if tries == 0 {
                    note(AWAY);
                }
            }
            Err(error) => return Err(error),
        }
        pause(&mut tries);
    }
}

/// Makes a request of a command that follows a stream, and repeats it while the server is away.
pub fn retry<T>(mut request: impl FnMut() -> anyhow::Result<T>) -> anyhow::Result<T> {
    let mut tries = 0;
    loop {
        match request() {
            Err(error) if is_temporary(&error) => {
                if tries == 0 {
                    note(AWAY);
                }
                pause(&mut tries);
            }
            result => return result,
        }
    }
}

fn pause(tries: &mut usize) {
    thread::sleep(PAUSES[(*tries).min(PAUSES.len() - 1)]);
    *tries += 1;
}

enum Ended {
    Stopped,
    Silent,
    Closed,
}

fn read(
    frames: &Receiver<Frame>,
    cursor: &mut Option<String>,
    each: &mut impl FnMut(&str) -> anyhow::Result<Next>,
    reached: &mut impl FnMut(&str) -> anyhow::Result<()>,
) -> anyhow::Result<Ended> {
    loop {
        let frame = match frames.recv_timeout(SILENCE) {
            Ok(frame) => frame,
            Err(RecvTimeoutError::Timeout) => return Ok(Ended::Silent),
            Err(RecvTimeoutError::Disconnected) => return Ok(Ended::Closed),
        };
        let mut next = Next::Continue;
        match frame.event.as_str() {
            "entry" => next = each(&frame.data)?,
            "missed" | "end" => {
                let notice: Notice = serde_json::from_str(&frame.data).context(OTHER_VERSION)?;
                let range = match (&notice.from, &notice.to) {
                    (Some(from), Some(to)) => format!(" (between {from} and {to})"),
                    (Some(from), None) => format!(" (after {from})"),
                    _ => String::new(),
                };
                note(&format!("{}: {}{range}", frame.event, clean(&notice.message)));
            }
            _ => {}
        }
        if !frame.id.is_empty() {
            reached(&frame.id)?;
            *cursor = Some(frame.id);
        }
        if next == Next::Stop {
            return Ok(Ended::Stopped);
        }
    }
}

/// Reads in a thread of its own, because a read has no time limit. It ends with the connection, or when nobody receives.
fn receive(reader: impl BufRead + Send + 'static) -> Receiver<Frame> {
    let (sender, receiver) = sync_channel(AHEAD);
    thread::spawn(move || read_frames(reader, |frame| sender.send(frame).is_ok()));
    receiver
}

/// Reads events by the rules of the HTML standard, as far as this server uses them.
fn read_frames(reader: impl BufRead, mut each: impl FnMut(Frame) -> bool) {
    let mut frame = Frame::default();
    for line in reader.lines() {
        let Ok(line) = line else { return };
        if line.is_empty() {
            let complete = std::mem::take(&mut frame);
            if !complete.event.is_empty() && !each(complete) {
                return;
            }
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => frame.id = value.to_owned(),
            "event" => frame.event = value.to_owned(),
            "data" => frame.data.push_str(value),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_and_what_broke_off_is_not() {
        let text = "retry: 2000\n: comment\n\nid: a1\nevent: entry\ndata: {\"a\":\ndata: 1}\n\nevent: heartbeat\ndata: {}\n\nid: b\nevent: entry\ndata: {";
        let mut frames = Vec::new();
        read_frames(text.as_bytes(), |frame| {
            frames.push((frame.id, frame.event, frame.data));
            true
        });
        let own = |id: &str, event: &str, data: &str| (id.to_owned(), event.to_owned(), data.to_owned());
        assert_eq!(frames, [own("a1", "entry", "{\"a\":1}"), own("", "heartbeat", "{}")]);
    }

    #[test]
    fn the_place_is_kept_after_each_frame_also_without_an_entry() {
        let text = "id: a0\nevent: open\ndata: {}\n\nid: a1\nevent: entry\ndata: 1\n\nid: a2\nevent: heartbeat\ndata: {}\n\n\
                    id: a3\nevent: entry\ndata: 2\n\nid: a4\nevent: entry\ndata: 3\n\n";
        let steps = std::cell::RefCell::new(Vec::new());
        let mut cursor = None;
        let ended = read(
            &receive(text.as_bytes()),
            &mut cursor,
            &mut |json: &str| {
                steps.borrow_mut().push(format!("entry {json}"));
                Ok(if json == "2" { Next::Stop } else { Next::Continue })
            },
            &mut |cursor: &str| {
                steps.borrow_mut().push(cursor.to_owned());
                Ok(())
            },
        );
        assert!(matches!(ended.unwrap(), Ended::Stopped));
        assert_eq!(steps.into_inner(), ["a0", "entry 1", "a1", "a2", "entry 2", "a3"]);
        assert_eq!(cursor.as_deref(), Some("a3"));
    }

    #[test]
    fn a_request_is_repeated_while_the_server_is_away() {
        let away = || anyhow::Error::new(ureq::Error::ConnectionFailed);
        let mut answers = vec![Ok(7), Err(away())];
        assert_eq!(retry(|| answers.pop().unwrap()).unwrap(), 7);
        assert!(retry(|| Err::<(), _>(anyhow::anyhow!("refused"))).is_err());
    }
}
