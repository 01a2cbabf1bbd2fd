//! Transcripts without ids, times and tokens.

/// Forms of what differs from run to run: `h` is a hexadecimal digit, `d` a decimal one.
const ID: &str = "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh";
const CURSOR: &str = "hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh";
const TIME: &str = "dddd-dd-ddTdd:dd:dd.dddZ";

/// Replaces ids by numbers in the order in which they appear, and times and endpoints by their names. Of columns, whose width
/// depends on them, only one space is left between two.
pub fn without_chance(text: &str) -> String {
    let mut ids: Vec<String> = Vec::new();
    let mut shown = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (form, length) = [ID, CURSOR, TIME]
            .into_iter()
            .find(|form| fits(rest, form))
            .map_or((None, first.len_utf8()), |form| (Some(form), form.len()));
        let (taken, after) = rest.split_at(length);
        match form {
            None => shown.push_str(taken),
            Some(TIME) => shown.push_str("TIME"),
            Some(_) => {
                let id = taken.replace('-', "");
                let known = ids.iter().position(|known| *known == id);
                let number = known.unwrap_or_else(|| {
                    ids.push(id);
                    ids.len() - 1
                });
                shown.push_str(&format!("ID{}", number + 1));
            }
        }
        rest = after;
    }
    let lines = shown.lines().map(|line| {
        let words: Vec<String> = line.split_whitespace().map(endpoint).collect();
        let indent = line.len() - line.trim_start().len();
        format!("{}{}", " ".repeat(indent), words.join(" "))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn fits(text: &str, form: &str) -> bool {
    let mut characters = text.chars();
    form.chars().all(|wanted| match (wanted, characters.next()) {
        ('h', Some(found)) => found.is_ascii_hexdigit() && !found.is_ascii_uppercase(),
        ('d', Some(found)) => found.is_ascii_digit(),
        (wanted, found) => found == Some(wanted),
    })
}

fn endpoint(word: &str) -> String {
    match word.split_once("/integrations/receive/") {
        Some((before, _)) => format!("{before}/integrations/receive/TOKEN"),
        None => word.to_owned(),
    }
}

#[test]
fn what_differs_from_run_to_run_is_named() {
    let text =
        "019b7c9b-7eae-7000-8000-000000000000   2026-01-02T03:04:05.678Z\n  after 019b7c9b7eae70008000000000000000";
    assert_eq!(without_chance(text), "ID1 TIME\n  after ID1");
}
