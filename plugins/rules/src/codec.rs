//! The bytes of a [`Program`]: a byte for the format, the length of all texts as four bytes, all texts, and the structure.
//!
//! In the structure, a list begins with its length as one byte, and a text is its length as two bytes; numbers are
//! little-endian. Decoding reads the bytes once from front to back, so its cost is bounded by their number whatever they
//! are. The texts stand together, so that they are checked to be UTF-8 at once: text by text that takes most of the time.

use crate::limits::{BATCH_LEVELS, DEPTH};
use crate::{
    Condition, Data, Name, Override, Part, Program, Read, Rules, Scalar, Scope, Slot, Step, Test, Text, Values, Verdict,
};

/// The version of the format. Other bytes are refused.
const FORMAT: u8 = 3;

impl<'a> Program<'a> {
    /// Reads a program; `None` if the bytes are none.
    pub fn decode(bytes: &'a [u8]) -> Option<Self> {
        let (FORMAT, bytes) = bytes.split_first().map(|(format, rest)| (*format, rest))? else { return None };
        let (length, bytes) = bytes.split_first_chunk::<4>()?;
        let (texts, bytes) = bytes.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
        let mut input = Input { texts: std::str::from_utf8(texts).ok()?, bytes };
        let program = program(&mut input)?;
        (input.texts.is_empty() && input.bytes.is_empty()).then_some(program)
    }
}

struct Input<'a> {
    texts: &'a str,
    bytes: &'a [u8],
}

impl<'a> Input<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.bytes.split_first_chunk::<N>()?;
        self.bytes = rest;
        Some(*first)
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = usize::from(u16::from_le_bytes(self.array()?));
        let (text, rest) = self.texts.split_at_checked(length)?;
        self.texts = rest;
        Some(text)
    }

    fn flag(&mut self) -> Option<bool> {
        match self.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    fn list<T>(&mut self, item: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = usize::from(self.byte()?);
        // Each item takes at least a byte.
        let mut items = Vec::with_capacity(count.min(self.bytes.len()));
        for _ in 0..count {
            items.push(item(self)?);
        }
        Some(items)
    }

    fn option<T>(&mut self, item: impl Fn(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if self.flag()? { item(self).map(Some) } else { Some(None) }
    }
}

fn program<'a>(input: &mut Input<'a>) -> Option<Program<'a>> {
    let mut steps: [Vec<Step<'a>>; 5] = Default::default();
    for scope in &mut steps {
        *scope = input.list(step)?;
        if !is_tree(scope) {
            return None;
        }
    }
    let program = Program {
        steps,
        headers: input.list(Input::text)?,
        query: input.list(Input::text)?,
        rules: Rules {
            array: input.flag()?,
            batch: input.list(|input| input.list(Input::text))?,
            values: values(input)?,
            ignore: input.list(verdict)?,
            reject: input.list(verdict)?,
            events: input.list(|input| Some(Override { when: input.list(condition)?, values: values(input)? }))?,
        },
    };
    // The depth to which batches are followed.
    (program.rules.batch.len() <= BATCH_LEVELS).then_some(program)
}

/// Returns true if each step ends behind itself and within the one that it leads on from, at most [`DEPTH`] deep.
fn is_tree(steps: &[Step<'_>]) -> bool {
    let mut ends = [0; DEPTH];
    let mut depth = 0;
    for (index, step) in steps.iter().enumerate() {
        while depth > 0 && ends[depth - 1] <= index {
            depth -= 1;
        }
        let end = usize::from(step.end);
        let outer = if depth == 0 { steps.len() } else { ends[depth - 1] };
        if end <= index || end > outer || depth == DEPTH {
            return false;
        }
        ends[depth] = end;
        depth += 1;
    }
    true
}

fn step<'a>(input: &mut Input<'a>) -> Option<Step<'a>> {
    let name = match input.byte()? {
        0 => Name::Member(input.text()?),
        1 => Name::Option(input.text()?),
        2 => Name::Element { member: input.text()?, value: input.text()? },
        _ => return None,
    };
    Some(Step { name, end: input.byte()?, pointer: input.text()?, is_fixed: input.flag()? })
}

fn slot(input: &mut Input<'_>) -> Option<Slot> {
    Some(Slot { scope: Scope::from_byte(input.byte()?)?, index: input.byte()? })
}

fn read(input: &mut Input<'_>) -> Option<Read<Slot>> {
    Some(Read { source: slot(input)?, lower: input.flag()? })
}

fn text<'a>(input: &mut Input<'a>) -> Option<Text<Slot, &'a str>> {
    match input.byte()? {
        0 => Some(Text::Value(read(input)?)),
        1 => Some(Text::Template(input.list(|input| match input.byte()? {
            0 => Some(Part::Fixed(input.text()?)),
            1 => Some(Part::Value(read(input)?)),
            _ => None,
        })?)),
        _ => None,
    }
}

fn values<'a>(input: &mut Input<'a>) -> Option<Values<Slot, &'a str>> {
    fn alternatives<'a>(input: &mut Input<'a>) -> Option<Vec<Text<Slot, &'a str>>> {
        input.list(text)
    }
    Some(Values {
        event_type: input.option(alternatives)?,
        user_id: input.option(alternatives)?,
        key: input.option(alternatives)?,
        time: input.option(alternatives)?,
        data: input.option(|input| match input.byte()? {
            0 => Some(Data::First(input.list(slot)?)),
            1 => Some(Data::Members(input.list(|input| Some((input.text()?, input.list(slot)?)))?)),
            _ => None,
        })?,
        hints: [input.option(alternatives)?, input.option(alternatives)?, input.option(alternatives)?],
    })
}

fn verdict<'a>(input: &mut Input<'a>) -> Option<Verdict<Slot, &'a str>> {
    Some(Verdict { when: input.list(condition)?, code: input.text()?, message: input.text()? })
}

fn condition<'a>(input: &mut Input<'a>) -> Option<Condition<Slot, &'a str>> {
    let read = read(input)?;
    let test = match input.byte()? {
        0 => Test::Exists,
        1 => Test::Missing,
        2 => Test::In(input.list(scalar)?),
        3 => Test::NotIn(input.list(scalar)?),
        4 => Test::StartsWith(input.list(Input::text)?),
        _ => return None,
    };
    Some(Condition { read, test })
}

fn scalar<'a>(input: &mut Input<'a>) -> Option<Scalar<&'a str>> {
    match input.byte()? {
        0 => Some(Scalar::Text(input.text()?)),
        1 => Some(Scalar::Number(i64::from_le_bytes(input.array()?))),
        2 => Some(Scalar::Boolean(input.flag()?)),
        _ => None,
    }
}

/// Writes programs.
#[cfg(feature = "text")]
pub(crate) mod encode {
    use super::{Condition, Data, FORMAT, Name, Part, Program, Read, Scalar, Slot, Step, Test, Text, Values, Verdict};

    impl Program<'_> {
        /// Returns the program's bytes. The lengths of lists and texts must be within [`limits`](crate::limits).
        pub(crate) fn encode(&self) -> Vec<u8> {
            let mut output = Output { texts: String::new(), bytes: Vec::new() };
            for scope in &self.steps {
                output.list(scope, Output::step);
            }
            output.list(&self.headers, |output, name| output.text(name));
            output.list(&self.query, |output, name| output.text(name));
            let rules = &self.rules;
            output.flag(rules.array);
            output.list(&rules.batch, |output, level| output.list(level, |output, pointer| output.text(pointer)));
            output.values(&rules.values);
            output.list(&rules.ignore, Output::verdict);
            output.list(&rules.reject, Output::verdict);
            output.list(&rules.events, |output, event| {
                output.list(&event.when, Output::condition);
                output.values(&event.values);
            });
            let length = u32::try_from(output.texts.len()).unwrap_or(u32::MAX).to_le_bytes();
            [&[FORMAT][..], &length, output.texts.as_bytes(), &output.bytes].concat()
        }
    }

    struct Output {
        texts: String,
        bytes: Vec<u8>,
    }

    impl Output {
        fn byte(&mut self, byte: u8) {
            self.bytes.push(byte);
        }

        fn text(&mut self, text: &str) {
            let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
            self.bytes.extend(length.to_le_bytes());
            self.texts.push_str(text);
        }

        fn flag(&mut self, flag: bool) {
            self.byte(u8::from(flag));
        }

        fn list<T>(&mut self, items: &[T], mut item: impl FnMut(&mut Self, &T)) {
            self.byte(u8::try_from(items.len()).unwrap_or(u8::MAX));
            items.iter().for_each(|found| item(self, found));
        }

        fn option<T>(&mut self, value: Option<&T>, item: impl FnOnce(&mut Self, &T)) {
            self.flag(value.is_some());
            if let Some(value) = value {
                item(self, value);
            }
        }

        fn step(&mut self, step: &Step<'_>) {
            match step.name {
                Name::Member(name) => {
                    self.byte(0);
                    self.text(name);
                }
                Name::Option(name) => {
                    self.byte(1);
                    self.text(name);
                }
                Name::Element { member, value } => {
                    self.byte(2);
                    self.text(member);
                    self.text(value);
                }
            }
            self.byte(step.end);
            self.text(step.pointer);
            self.flag(step.is_fixed);
        }

        fn slot(&mut self, slot: &Slot) {
            self.byte(slot.scope as u8);
            self.byte(slot.index);
        }

        fn read(&mut self, read: &Read<Slot>) {
            self.slot(&read.source);
            self.flag(read.lower);
        }

        fn alternative(&mut self, alternative: &Text<Slot, &str>) {
            match alternative {
                Text::Value(read) => {
                    self.byte(0);
                    self.read(read);
                }
                Text::Template(parts) => {
                    self.byte(1);
                    self.list(parts, |output, part| match part {
                        Part::Fixed(text) => {
                            output.byte(0);
                            output.text(text);
                        }
                        Part::Value(read) => {
                            output.byte(1);
                            output.read(read);
                        }
                    });
                }
            }
        }

        fn values(&mut self, values: &Values<Slot, &str>) {
            for alternatives in [&values.event_type, &values.user_id, &values.key, &values.time] {
                self.option(alternatives.as_ref(), |output, all| output.list(all, Self::alternative));
            }
            self.option(values.data.as_ref(), |output, data| match data {
                Data::First(slots) => {
                    output.byte(0);
                    output.list(slots, Self::slot);
                }
                Data::Members(members) => {
                    output.byte(1);
                    output.list(members, |output, (name, slots)| {
                        output.text(name);
                        output.list(slots, Self::slot);
                    });
                }
            });
            for alternatives in &values.hints {
                self.option(alternatives.as_ref(), |output, all| output.list(all, Self::alternative));
            }
        }

        fn verdict(&mut self, verdict: &Verdict<Slot, &str>) {
            self.list(&verdict.when, Self::condition);
            self.text(verdict.code);
            self.text(verdict.message);
        }

        fn condition(&mut self, condition: &Condition<Slot, &str>) {
            self.read(&condition.read);
            match &condition.test {
                Test::Exists => self.byte(0),
                Test::Missing => self.byte(1),
                Test::In(scalars) => {
                    self.byte(2);
                    self.list(scalars, Self::scalar);
                }
                Test::NotIn(scalars) => {
                    self.byte(3);
                    self.list(scalars, Self::scalar);
                }
                Test::StartsWith(prefixes) => {
                    self.byte(4);
                    self.list(prefixes, |output, prefix| output.text(prefix));
                }
            }
        }

        fn scalar(&mut self, scalar: &Scalar<&str>) {
            match scalar {
                Scalar::Text(text) => {
                    self.byte(0);
                    self.text(text);
                }
                Scalar::Number(number) => {
                    self.byte(1);
                    self.bytes.extend(number.to_le_bytes());
                }
                Scalar::Boolean(boolean) => {
                    self.byte(2);
                    self.flag(*boolean);
                }
            }
        }
    }
}
