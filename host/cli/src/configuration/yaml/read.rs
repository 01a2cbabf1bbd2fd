//! Reads a file of YAML.

use std::collections::HashSet;

use granit_parser::{Event, Parser, ScalarStyle, Span};

use super::{Fault, Member, Node, Position, Value, scalar};

/// The deepest nesting.
const MAX_DEPTH: usize = 64;

/// The largest file, in bytes.
const MAX_BYTES: usize = 5 << 20;

/// Reads a text. Returns all faults but those that follow one of the grammar, after which there is no value.
pub fn read(text: &str) -> (Option<Node>, Vec<Fault>) {
    if text.len() > MAX_BYTES {
        let message = format!("the file has {} bytes; at most {MAX_BYTES} are read", text.len());
        return (None, vec![Fault { position: Position { line: 1, column: 1 }, message }]);
    }
    let options = granit_parser::options! {
        emit_comments: false,
        disallow_directives: true,
        block_nesting_limit: MAX_DEPTH,
        flow_nesting_limit: MAX_DEPTH,
    };
    let mut reader = Reader { parser: Parser::new_from_str_with_options(text, options), faults: Vec::new() };
    let node = reader.document();
    reader.faults.sort();
    (node, reader.faults)
}

struct Reader<'t> {
    parser: Parser<'t, granit_parser::StrInput<'t>>,
    faults: Vec<Fault>,
}

impl<'t> Reader<'t> {
    /// Reads the only document. Returns none after a fault of the grammar.
    fn document(&mut self) -> Option<Node> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => break,
                Event::DocumentStart(..) if root.is_some() => {
                    self.fault(position(&span), "there is a second document; a file holds one");
                    return None;
                }
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                event => root = Some(self.node(event, &span, 0)?),
            }
        }
        Some(root.unwrap_or(Node { position: Position { line: 1, column: 1 }, value: Value::Null }))
    }

    fn next(&mut self) -> Option<(Event<'t>, Span)> {
        match self.parser.next_event()? {
            Ok(found) => Some(found),
            Err(error) => {
                let mark = error.marker();
                let position = Position { line: mark.line(), column: mark.col() + 1 };
                self.fault(position, &format!("this is no YAML: {}", error.info()));
                None
            }
        }
    }

    fn node(&mut self, event: Event<'t>, span: &Span, depth: usize) -> Option<Node> {
        let position = position(span);
        if depth > MAX_DEPTH {
            self.fault(position, &format!("it is nested deeper than {MAX_DEPTH} levels"));
            return None;
        }
        let value = match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_properties(position, anchor, tag.is_some());
                match style {
                    ScalarStyle::Plain => match scalar::resolve(&text) {
                        Ok(value) => value,
                        Err(message) => {
                            self.fault(position, &message);
                            Value::String(text.into_owned())
                        }
                    },
                    _ => Value::String(text.into_owned()),
                }
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.refuse_properties(position, anchor, tag.is_some());
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, _) => break Value::List(items),
                        (event, span) => items.push(self.node(event, &span, depth + 1)?),
                    }
                }
            }
            Event::MappingStart(_, anchor, tag) => {
                self.refuse_properties(position, anchor, tag.is_some());
                Value::Map(self.mapping(depth)?)
            }
            Event::Alias(_) => {
                self.fault(position, "an alias (*) is not read; write the value out");
                Value::Null
            }
            _ => Value::Null,
        };
        Some(Node { position, value })
    }

    fn mapping(&mut self, depth: usize) -> Option<Vec<Member>> {
        let mut members: Vec<Member> = Vec::new();
        let mut names = HashSet::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                return Some(members);
            }
            let key_position = position(&span);
            let is_name = |style: ScalarStyle, text: &str| {
                style != ScalarStyle::Plain || matches!(scalar::resolve(text), Ok(Value::String(_) | Value::Number(_)))
            };
            let name = match event {
                Event::Scalar(text, style, 0, None) if is_name(style, &text) => text.into_owned(),
                Event::Scalar(text, ..) => {
                    let text: String = text.chars().take(100).collect();
                    self.fault(
                        key_position,
                        &format!("{text:?} is no name; write it in quotes, without anchor and tag"),
                    );
                    text
                }
                event => {
                    self.node(event, &span, depth + 1)?;
                    self.fault(key_position, "a key is a text; found a list or an object");
                    String::new()
                }
            };
            if !names.insert(name.clone()) {
                self.fault(key_position, &format!("{name:?} is there twice; keep one of them"));
            }
            let (event, span) = self.next()?;
            let node = self.node(event, &span, depth + 1)?;
            members.push(Member { name, position: key_position, node });
        }
    }

    fn refuse_properties(&mut self, position: Position, anchor: usize, has_tag: bool) {
        if anchor != 0 {
            self.fault(position, "an anchor (&) is not read; write the value out where it is needed");
        }
        if has_tag {
            self.fault(position, "a tag (!) is not read; leave it out");
        }
    }

    fn fault(&mut self, position: Position, message: &str) {
        self.faults.push(Fault { position, message: message.to_owned() });
    }
}

fn position(span: &Span) -> Position {
    Position { line: span.start.line(), column: span.start.col() + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> String {
        match read(text) {
            (Some(node), faults) if faults.is_empty() => node.to_json(),
            (_, faults) => panic!("{faults:?}"),
        }
    }

    fn faults(text: &str) -> String {
        let line = |fault: Fault| format!("{}:{} {}", fault.position.line, fault.position.column, fault.message);
        read(text).1.into_iter().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn values_are_those_of_json() {
        let text = "# a comment\nname: Shop\ncount: 9007199254740993\nprice: 39.50\nlist:\n- a\n- [1, true, null]\ntext: |\n  two\n  lines\nempty:\nquoted: 'no'\n1: one\n";
        insta::assert_snapshot!(json(text), @r#"{"name":"Shop","count":9007199254740993,"price":39.50,"list":["a",[1,true,null]],"text":"two\nlines\n","empty":null,"quoted":"no","1":"one"}"#);
        assert_eq!(json(""), "null");
        assert_eq!(json("---\na: 1\n"), r#"{"a":1}"#);
    }

    #[test]
    fn faults_have_their_places() {
        insta::assert_snapshot!(faults("a: no\nb: 2026-01-02\nc: &x 1\nd: *x\na: !!str 2\ne: 0x1F\n<<: {f: 1}\nyes: 1\n"), @r#"
        1:4 no is read in different ways by different programs; write it in quotes, or true, false or null
        2:4 2026-01-02 is a date or a time to some programs; write it in quotes
        3:7 an anchor (&) is not read; write the value out where it is needed
        4:4 an alias (*) is not read; write the value out
        5:1 "a" is there twice; keep one of them
        5:10 a tag (!) is not read; leave it out
        6:4 0x1F is a number to some programs and a text to others; write it in quotes, or as in JSON
        8:1 "yes" is no name; write it in quotes, without anchor and tag
        "#);
        insta::assert_snapshot!(faults("a: [1\n"), @"1:4 this is no YAML: unclosed bracket '['");
        insta::assert_snapshot!(faults("a: 1\n---\nb: 2\n"), @"2:1 there is a second document; a file holds one");
        insta::assert_snapshot!(faults("? [a]\n: 1\n"), @"1:3 a key is a text; found a list or an object");
    }

    #[test]
    fn bombs_are_bounded() {
        let laughs = "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n";
        assert!(faults(laughs).contains("an alias (*) is not read"));
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(!faults(&deep).is_empty());
        let nested: String = (0..1000).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
        assert!(!faults(&nested).is_empty());
        assert!(faults(&"a".repeat(MAX_BYTES + 1)).contains("at most"));
    }
}
