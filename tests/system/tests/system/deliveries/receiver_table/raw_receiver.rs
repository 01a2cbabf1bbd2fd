//! A receiver that does to its connections what no library does.

use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    thread,
    time::Duration,
};

/// A receiver that reads a request from each connection and then does something with it. It runs until the tests end.
pub struct RawReceiver {
    /// The base URL.
    pub url: String,
}

impl RawReceiver {
    /// Starts a receiver.
    pub fn start(then: impl Fn(&mut TcpStream) -> io::Result<()> + Copy + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                // A sender may hang up at any time.
                thread::spawn(move || read_request(&stream).and_then(|()| then(&mut stream)));
            }
        });
        Self { url }
    }

    /// Starts a receiver that writes a text and closes the connection.
    pub fn writing(text: &'static str) -> Self {
        Self::start(move |stream| stream.write_all(text.as_bytes()))
    }

    /// Starts a receiver that writes a text and then bytes, ten in a second, until the sender hangs up.
    pub fn dripping(text: &'static str) -> Self {
        Self::start(move |stream| {
            stream.write_all(text.as_bytes())?;
            loop {
                stream.write_all(b"x")?;
                thread::sleep(Duration::from_millis(100));
            }
        })
    }
}

fn read_request(stream: &TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().unwrap()
            }
            _ if line.trim_end().is_empty() => break,
            _ => {}
        }
    }
    reader.read_exact(&mut vec![0; length])
}
