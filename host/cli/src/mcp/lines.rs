//! Reading messages, one on each line.

use std::io::{self, BufRead, Read as _};

/// The longest message, in bytes: a payload to rehearse has at most 5 MiB.
const MAX_BYTES: usize = 8 << 20;

/// A line of the input.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// A whole message.
    Message(Vec<u8>),
    /// A message that is too long, and was passed over.
    TooLong,
}

/// Reads the next line; none at the end of the input.
pub fn next(input: &mut impl BufRead) -> io::Result<Option<Line>> {
    let mut line = Vec::new();
    if read_part(input, &mut line)? == 0 {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') || line.len() <= MAX_BYTES {
        return Ok(Some(Line::Message(line)));
    }
    while line.last() != Some(&b'\n') {
        line.clear();
        if read_part(input, &mut line)? == 0 {
            break;
        }
    }
    Ok(Some(Line::TooLong))
}

fn read_part(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<usize> {
    input.take(MAX_BYTES as u64 + 1).read_until(b'\n', line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_is_too_long_is_passed_over_and_the_next_one_read() {
        let long = "x".repeat(2 * MAX_BYTES + 5);
        let input = format!("{{\"a\":1}}\n{long}\n{{}}");
        let mut input = input.as_bytes();
        assert_eq!(next(&mut input).unwrap(), Some(Line::Message(b"{\"a\":1}\n".to_vec())));
        assert_eq!(next(&mut input).unwrap(), Some(Line::TooLong));
        assert_eq!(next(&mut input).unwrap(), Some(Line::Message(b"{}".to_vec())));
        assert_eq!(next(&mut input).unwrap(), None);
    }
}
