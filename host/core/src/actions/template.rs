//! Templates: text with paths in double braces, `Hi {{ data.name }}`.
//!
//! There are no expressions and no filters. `\{{` writes two braces, and a backslash before that one writes a backslash:
//! backslashes count only directly before `{{`. `}}` outside of braces is text.

use crate::path::Path;

/// The longest template, in bytes.
const MAX_BYTES: usize = 16 * 1024;
/// The most paths of one template.
const MAX_PATHS: usize = 100;

/// A parsed template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Text as it is.
    Text(String),
    /// The value at a path.
    Path(Path),
}

impl Template {
    /// Parses a template, or says what is wrong with it.
    pub fn parse(text: &str) -> Result<Template, String> {
        if text.len() > MAX_BYTES {
            return Err(format!("it has {} bytes; at most {MAX_BYTES} are allowed", text.len()));
        }
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(open) = rest.find("{{") {
            let before = &rest[..open];
            let plain = before.trim_end_matches('\\');
            let backslashes = before.len() - plain.len();
            literal.push_str(plain);
            literal.extend(std::iter::repeat_n('\\', backslashes / 2));
            rest = &rest[open + 2..];
            if backslashes % 2 == 1 {
                literal.push_str("{{");
                continue;
            }
            let at = text.len() - rest.len();
            let end = end_of_path(rest).ok_or_else(|| {
                format!(
                    "the braces at character {} are not closed; write {{{{ data.name }}}}",
                    text[..at].chars().count() - 1
                )
            })?;
            if !literal.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut literal)));
            }
            pieces.push(Piece::Path(parse_path(rest[..end].trim())?));
            rest = &rest[end + 2..];
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Text(literal));
        }
        let template = Template { pieces };
        match template.paths().count() {
            0..=MAX_PATHS => Ok(template),
            found => Err(format!("it has {found} paths; at most {MAX_PATHS} are allowed")),
        }
    }

    /// Returns the parts in order.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Returns the paths in order.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Path(path) => Some(path),
            Piece::Text(_) => None,
        })
    }
}

/// Returns the offset of the braces that end a path. Braces in a quoted name do not.
fn end_of_path(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '}' if !quoted && text[at..].starts_with("}}") => return Some(at),
            _ => {}
        }
    }
    None
}

/// Parses the path between braces. What other template languages allow there is refused, not taken for a name.
fn parse_path(text: &str) -> Result<Path, String> {
    if let Some(sign) = outside_quotes(text).find(|sign| "|(){}#&^>!/".contains(*sign)) {
        let shown: String = text.chars().take(80).collect();
        return Err(format!(
            "{{{{ {shown} }}}} holds {sign:?}; a template knows paths only, and a name with such a sign is written [\"…\"]"
        ));
    }
    Path::parse(text).map_err(|error| error.to_string())
}

/// Returns the characters that are not part of a quoted name.
fn outside_quotes(text: &str) -> impl Iterator<Item = char> {
    let (mut quoted, mut escaped) = (false, false);
    text.chars().filter(move |character| {
        let outside = !quoted;
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        outside
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The pieces: text in quotes, paths in angle brackets.
    fn pieces(text: &str) -> String {
        let shown = |piece: &Piece| match piece {
            Piece::Text(text) => format!("{text:?}"),
            Piece::Path(path) => format!("<{path}>"),
        };
        Template::parse(text).unwrap().pieces().iter().map(shown).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn paths_stand_in_double_braces() {
        insta::assert_snapshot!(pieces("Hi {{ data.name }}!"), @r#""Hi " <data.name> "!""#);
        insta::assert_snapshot!(pieces("{{user_id}}{{data.a[0].b}}"), @"<user_id> <data.a[0].b>");
        insta::assert_snapshot!(pieces("{{ data.Shipping Address.city }}"), @"<data.Shipping Address.city>");
        insta::assert_snapshot!(pieces(r#"{{ data["a}}|b"] }}"#), @r#"<data["a}}|b"]>"#);
        insta::assert_snapshot!(pieces("no path } }} {"), @r#""no path } }} {""#);
        insta::assert_snapshot!(pieces(""), @"");
    }

    #[test]
    fn a_backslash_before_braces_writes_braces() {
        insta::assert_snapshot!(pieces(r"\{{ a }} {{ b }}"), @r#""{{ a }} " <b>"#);
        insta::assert_snapshot!(pieces(r"\\{{ a }}"), @r#""\\" <a>"#);
        insta::assert_snapshot!(pieces(r"\\\{{ a }}"), @r#""\\{{ a }}""#);
        insta::assert_snapshot!(pieces(r"C:\dir\{x}"), @r#""C:\\dir\\{x}""#);
    }

    #[test]
    fn refusals_say_what_is_wrong() {
        let error = |text: &str| Template::parse(text).unwrap_err();
        insta::assert_snapshot!(error("Hi {{ data.name"), @"the braces at character 4 are not closed; write {{ data.name }}");
        insta::assert_snapshot!(error("Hi {{ data.name | upcase }}"), @r#"{{ data.name | upcase }} holds '|'; a template knows paths only, and a name with such a sign is written ["…"]"#);
        insta::assert_snapshot!(error("{{#if data.x}}"), @r##"{{ #if data.x }} holds '#'; a template knows paths only, and a name with such a sign is written ["…"]"##);
        insta::assert_snapshot!(error("{{{ data.x }}}"), @r#"{{ { data.x }} holds '{'; a template knows paths only, and a name with such a sign is written ["…"]"#);
        insta::assert_snapshot!(error("{{ }}"), @r#"nothing at character 1 of the path ""; write paths like data.items[0].sku or ["a.b"].c"#);
        insta::assert_snapshot!(error(&"{{a}}".repeat(101)), @"it has 101 paths; at most 100 are allowed");
        insta::assert_snapshot!(error(&"x".repeat(16 * 1024 + 1)), @"it has 16385 bytes; at most 16384 are allowed");
    }

    proptest! {
        #[test]
        fn escaped_text_is_text(text in r"[a{}\\ ]{0,12}") {
            // Every backslash directly before braces is doubled, and one more escapes them.
            let mut escaped = String::new();
            let mut rest = text.as_str();
            while let Some(open) = rest.find("{{") {
                let plain = rest[..open].trim_end_matches('\\');
                let backslashes = open - plain.len();
                escaped.push_str(plain);
                escaped.push_str(&"\\".repeat(2 * backslashes + 1));
                escaped.push_str("{{");
                rest = &rest[open + 2..];
            }
            escaped.push_str(rest);
            let template = Template::parse(&escaped).unwrap();
            let written: String = template.pieces().iter().map(|piece| match piece {
                Piece::Text(text) => text.clone(),
                Piece::Path(path) => format!("<{path}>"),
            }).collect();
            prop_assert_eq!(written, text);
        }

        #[test]
        fn nothing_panics(text in r#"[a{}\\" .|\[\]é]{0,16}"#) {
            let _ = Template::parse(&text);
        }
    }
}
