//! A single pass over a JSON text (RFC 8259) that finds the ends of values and allocates nothing for them.
//!
//! Reading the body once is most of a plugin's work, so this pass dominates the cost of a call. It is a fast path, not
//! an authority: if it meets anything that it does not accept as JSON, it returns [`Doubt`], and serde_json decides. A
//! property test holds that the two agree.

/// The text does not look like JSON.
#[derive(Debug)]
pub(super) struct Doubt;

type Scanned<T> = Result<T, Doubt>;

/// A position in a text.
#[derive(Debug, Clone)]
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Returns a scanner at the first element of an array; `None` if it is empty or not an array.
    pub(super) fn into_array(text: &'a str) -> Option<Self> {
        let mut scanner = Self::new(text);
        scanner.expect(b'[').ok()?;
        (scanner.peek() != b']').then_some(scanner)
    }

    /// Returns the next byte after white space; 0, which never occurs in JSON, at the end.
    pub(super) fn peek(&mut self) -> u8 {
        loop {
            match self.byte(0) {
                b' ' | b'\t' | b'\r' | b'\n' => self.at += 1,
                byte => return byte,
            }
        }
    }

    /// Skips white space and checks that the text ends.
    pub(super) fn end(mut self) -> Scanned<()> {
        self.peek();
        if self.at == self.text.len() { Ok(()) } else { Err(Doubt) }
    }

    /// Scans an object and calls `take` with each member's name literal and value.
    pub(super) fn members(&mut self, mut take: impl FnMut(&'a str, &'a str)) -> Scanned<()> {
        self.expect(b'{')?;
        if self.peek() == b'}' {
            return self.expect(b'}');
        }
        loop {
            let name = self.consumed(Self::string)?;
            self.expect(b':')?;
            take(name, self.value()?);
            if !self.another(b'}')? {
                return Ok(());
            }
        }
    }

    /// Scans an array and calls `take` with each element.
    pub(super) fn elements(&mut self, mut take: impl FnMut(&'a str)) -> Scanned<()> {
        self.expect(b'[')?;
        if self.peek() == b']' {
            return self.expect(b']');
        }
        loop {
            take(self.value()?);
            if !self.another(b']')? {
                return Ok(());
            }
        }
    }

    /// Scans any value and returns its text.
    pub(super) fn value(&mut self) -> Scanned<&'a str> {
        self.consumed(Self::skip_value)
    }

    /// Consumes a comma or the closing bracket. Returns true if another member or element follows.
    pub(super) fn another(&mut self, close: u8) -> Scanned<bool> {
        let byte = self.peek();
        self.at += 1;
        match byte {
            b',' => Ok(true),
            byte if byte == close => Ok(false),
            _ => Err(Doubt),
        }
    }

    /// Skips white space, runs `over`, and returns the text that it consumed.
    fn consumed(&mut self, over: impl FnOnce(&mut Self) -> Scanned<()>) -> Scanned<&'a str> {
        self.peek();
        let start = self.at;
        over(self)?;
        self.text.get(start..self.at).ok_or(Doubt)
    }

    /// Iterative: a text of two million brackets costs two million bits and no stack.
    fn skip_value(&mut self) -> Scanned<()> {
        let mut open = Levels::default();
        loop {
            match self.peek() {
                b'"' => self.string()?,
                b'-' | b'0'..=b'9' => self.number()?,
                b't' => self.word("true")?,
                b'f' => self.word("false")?,
                b'n' => self.word("null")?,
                b'{' => {
                    self.at += 1;
                    if self.peek() != b'}' {
                        open.push(true);
                        self.name()?;
                        continue;
                    }
                    self.at += 1;
                }
                b'[' => {
                    self.at += 1;
                    if self.peek() != b']' {
                        open.push(false);
                        continue;
                    }
                    self.at += 1;
                }
                _ => return Err(Doubt),
            }
            // After a value, which may be the last one of several levels.
            loop {
                let Some(is_object) = open.last() else { return Ok(()) };
                if !self.another(if is_object { b'}' } else { b']' })? {
                    open.pop();
                    continue;
                }
                if is_object {
                    self.name()?;
                }
                break;
            }
        }
    }

    fn name(&mut self) -> Scanned<()> {
        self.peek();
        self.string()?;
        self.expect(b':')
    }

    fn string(&mut self) -> Scanned<()> {
        if self.byte(0) != b'"' {
            return Err(Doubt);
        }
        self.at += 1;
        loop {
            self.skip_plain();
            match self.byte(0) {
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => self.at += self.escape()?,
                0x20.. => self.at += 1,
                _ => return Err(Doubt),
            }
        }
    }

    /// Skips plain characters, eight bytes at a time, up to a quote, a backslash or a control character. Leaves the
    /// last few bytes of a text to the caller.
    fn skip_plain(&mut self) {
        const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
        const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
        // The highest bit of every byte that is less than `limit`; exact at least for the first such byte.
        let less = |eight: u64, limit: u8| eight.wrapping_sub(ONES * u64::from(limit)) & !eight & HIGH;
        while let Some(eight) = self.text.as_bytes().get(self.at..).and_then(<[u8]>::first_chunk::<8>) {
            let eight = u64::from_le_bytes(*eight);
            let stop = less(eight, 0x20)
                | less(eight ^ (ONES * u64::from(b'"')), 1)
                | less(eight ^ (ONES * u64::from(b'\\')), 1);
            if stop != 0 {
                self.at += stop.trailing_zeros() as usize / 8;
                return;
            }
            self.at += 8;
        }
    }

    /// Returns the length of the escape sequence at the current position.
    fn escape(&self) -> Scanned<usize> {
        match self.byte(1) {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(2),
            b'u' if (2..6).all(|at| self.byte(at).is_ascii_hexdigit()) => Ok(6),
            _ => Err(Doubt),
        }
    }

    fn number(&mut self) -> Scanned<()> {
        if self.byte(0) == b'-' {
            self.at += 1;
        }
        // No digit may follow a leading zero.
        if self.byte(0) == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.byte(0) == b'.' {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.byte(0), b'e' | b'E') {
            self.at += 1;
            if matches!(self.byte(0), b'+' | b'-') {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    /// Skips one or more digits.
    fn digits(&mut self) -> Scanned<()> {
        let start = self.at;
        while self.byte(0).is_ascii_digit() {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(Doubt) }
    }

    fn word(&mut self, word: &str) -> Scanned<()> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        self.at += word.len();
        if rest.starts_with(word.as_bytes()) { Ok(()) } else { Err(Doubt) }
    }

    fn expect(&mut self, byte: u8) -> Scanned<()> {
        let found = self.peek();
        self.at += 1;
        if found == byte { Ok(()) } else { Err(Doubt) }
    }

    /// Returns the byte at this distance from the current position; 0 beyond the end.
    fn byte(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }
}

/// A stack of open levels with one bit each, set for objects.
#[derive(Default)]
struct Levels {
    /// The innermost 64 levels, the last one in the lowest bit.
    last: u64,
    /// The levels further out.
    outer: Vec<u64>,
    depth: usize,
}

impl Levels {
    fn push(&mut self, is_object: bool) {
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.outer.push(self.last);
        }
        self.last = self.last << 1 | u64::from(is_object);
        self.depth += 1;
    }

    fn last(&self) -> Option<bool> {
        (self.depth > 0).then_some(self.last & 1 == 1)
    }

    fn pop(&mut self) {
        self.depth -= 1;
        self.last >>= 1;
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.last = self.outer.pop().unwrap_or_default();
        }
    }
}

#[cfg(test)]
#[path = "scan_tests.rs"]
mod tests;
