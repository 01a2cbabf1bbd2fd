//! JSON with a line for each member.

/// The deepest indentation, in levels.
const MAX_INDENT: usize = 40;

/// Returns JSON text with a line for each member and item. Only white space outside of strings changes, so numbers keep
/// every digit. A text that is not JSON keeps all its other characters too.
pub fn json_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let (mut depth, mut in_string, mut is_escaped) = (0_usize, false, false);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if in_string {
            out.push(c);
            in_string = is_escaped || c != '"';
            is_escaped = !is_escaped && c == '\\';
            continue;
        }
        match c {
            '"' => {
                in_string = true;
                out.push(c);
            }
            '{' | '[' => {
                out.push(c);
                while rest.next_if(char::is_ascii_whitespace).is_some() {}
                match rest.next_if(|next| matches!(next, '}' | ']')) {
                    Some(end) => out.push(end),
                    None => {
                        depth += 1;
                        new_line(&mut out, depth);
                    }
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                new_line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => out.push(c),
        }
    }
    out
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth.min(MAX_INDENT)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_digit_stays_and_strings_are_untouched() {
        let text = r#"{"total":39.50, "big":9007199254740993,"text":"a, {b: \"c\"} \\","none":{},"list":[1, [ ]]}"#;
        insta::assert_snapshot!(json_lines(text), @r#"
        {
          "total": 39.50,
          "big": 9007199254740993,
          "text": "a, {b: \"c\"} \\",
          "none": {},
          "list": [
            1,
            []
          ]
        }
        "#);
        assert_eq!(json_lines("]]}"), "\n]\n]\n}");
    }
}
