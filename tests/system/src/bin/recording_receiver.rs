//! A receiver of deliveries that can be killed: each request is in a file, synced, before it is answered.
//!
//! `recording-receiver <address> <file>` prints its address and answers every POST with 200. The file has a JSON object in
//! each line: `{"arrived": <webhook-id>, "path": …, "body": …}`, and `{"answering": <webhook-id>, "path": …}` before the
//! answer. A GET is answered when no other request is under way. It ends with its standard input.
#![allow(clippy::unwrap_used, reason = "a test harness: a panic is how it fails")]

use std::{
    fs::{File, OpenOptions},
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::{Value, json};

/// The time between the record of a request and its answer, so that kills find requests there.
const WORK: Duration = Duration::from_millis(5);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let file = Arc::new(Mutex::new(open(&arguments[2])));
    let listener = TcpListener::bind(&arguments[1]).unwrap();
    println!("{}", listener.local_addr().unwrap());
    thread::spawn(|| {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        std::process::exit(0);
    });
    let under_way = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming() {
        let Ok(stream) = stream else { continue };
        let (file, under_way) = (file.clone(), under_way.clone());
        // Counted before the next one is accepted, so that a GET knows of all that were before it.
        under_way.fetch_add(1, Ordering::SeqCst);
        thread::spawn(move || {
            // A sender may hang up, or be killed.
            let _ = serve(stream, &file, &under_way);
            under_way.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

/// Opens the file at its end. An earlier process may have been killed in the middle of a line.
fn open(path: &str) -> File {
    let text = std::fs::read(path).unwrap_or_default();
    let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.set_len(whole as u64).unwrap();
    file
}

fn write(file: &Mutex<File>, line: &Value) {
    let mut file = file.lock().unwrap();
    file.write_all(format!("{line}\n").as_bytes()).unwrap();
    file.sync_data().unwrap();
}

fn serve(mut stream: TcpStream, file: &Mutex<File>, under_way: &AtomicUsize) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (Some(method), Some(path)) = (words.next(), words.next()) else { return Ok(()) };
    let (mut id, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "webhook-id" => id = value.trim().to_owned(),
            "content-length" => length = value.trim().parse().unwrap_or(0),
            _ => {}
        }
    }
    if method == "GET" {
        while under_way.load(Ordering::SeqCst) > 1 {
            thread::sleep(Duration::from_millis(1));
        }
    } else {
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        write(file, &json!({"arrived": id, "path": path, "body": String::from_utf8_lossy(&body)}));
        thread::sleep(WORK);
        write(file, &json!({"answering": id, "path": path}));
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
}
