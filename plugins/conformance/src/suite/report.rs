//! Reports for people, as JSON and as JUnit XML, and the exit code.

use std::fmt::{self, Write as _};

use serde_json::{Value, json};

use super::law::{LOADS, Level};

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckOutcome {
    /// The check passed.
    Passed,
    /// The check failed, with a sentence per finding.
    Failed(Vec<String>),
    /// The check is known to fail, with the reason.
    Skipped(String),
}

/// A law or a case, with its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The name of a law, or `case:` and the name of a case.
    pub id: String,
    /// The consequence of a failure.
    pub level: Level,
    /// The result.
    pub outcome: CheckOutcome,
    /// Measurements; empty if there are none.
    pub note: String,
}

/// The results of all checks of one plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The plugin's key.
    pub plugin: String,
    /// The checks in the order in which they ran.
    pub checks: Vec<Check>,
}

impl Report {
    /// Returns the report on a file that does not load. `plugin` names it; `reason` is the loader's sentence.
    pub fn not_loaded(plugin: String, reason: String) -> Self {
        let outcome = CheckOutcome::Failed(vec![reason]);
        let check = Check { id: LOADS.to_owned(), level: Level::Must, outcome, note: String::new() };
        Self { plugin, checks: vec![check] }
    }

    /// Returns how many checks of a level passed and how many failed.
    pub fn count(&self, level: Level) -> (usize, usize) {
        let of_level = || self.checks.iter().filter(|check| check.level == level);
        let passed = of_level().filter(|check| check.outcome == CheckOutcome::Passed).count();
        (passed, of_level().filter(|check| matches!(check.outcome, CheckOutcome::Failed(_))).count())
    }

    /// Returns true if no check of the level `must` failed.
    pub fn conforms(&self) -> bool {
        self.count(Level::Must).1 == 0
    }

    /// Returns 0 if the plugin conforms, else 1.
    pub fn exit_code(&self) -> u8 {
        u8::from(!self.conforms())
    }

    /// Returns the report as JSON.
    pub fn to_json(&self) -> Value {
        let checks: Vec<Value> = self.checks.iter().map(Check::to_json).collect();
        json!({ "plugin": self.plugin, "conforms": self.conforms(), "checks": checks })
    }

    /// Returns the report as JUnit XML. A failed `should` goes to `system-out`, because JUnit has no warnings.
    pub fn to_junit(&self) -> String {
        let failures = self.count(Level::Must).1;
        let skipped = self.checks.iter().filter(|check| matches!(check.outcome, CheckOutcome::Skipped(_))).count();
        let mut xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"{}\" tests=\"{}\" failures=\"{failures}\" \
             skipped=\"{skipped}\">\n",
            attribute(&self.plugin),
            self.checks.len(),
        );
        for check in &self.checks {
            let inside = match &check.outcome {
                CheckOutcome::Passed => String::new(),
                CheckOutcome::Skipped(reason) => format!("<skipped message=\"{}\"/>", attribute(reason)),
                CheckOutcome::Failed(found) if check.level == Level::Should => {
                    format!("<system-out>{}</system-out>", escaped(&found.join("\n")))
                }
                CheckOutcome::Failed(found) => format!("<failure>{}</failure>", escaped(&found.join("\n"))),
            };
            let (level, id) = (check.level, attribute(&check.id));
            // Writing to a string cannot fail.
            let _ = writeln!(xml, "  <testcase classname=\"{level}\" name=\"{id}\">{inside}</testcase>");
        }
        xml + "</testsuite>\n"
    }
}

impl Check {
    fn to_json(&self) -> Value {
        let (outcome, found, reason) = match &self.outcome {
            CheckOutcome::Passed => ("passed", Vec::new(), ""),
            CheckOutcome::Failed(found) => ("failed", found.clone(), ""),
            CheckOutcome::Skipped(reason) => ("skipped", Vec::new(), reason.as_str()),
        };
        json!({
            "id": self.id, "level": self.level.as_str(), "outcome": outcome,
            "found": found, "reason": reason, "note": self.note,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.checks.iter().map(|check| check.id.len()).max().unwrap_or_default();
        for check in &self.checks {
            let (word, found, reason) = match &check.outcome {
                CheckOutcome::Passed => ("passed", &[][..], ""),
                CheckOutcome::Failed(found) => ("FAILED", found.as_slice(), ""),
                CheckOutcome::Skipped(reason) => ("skipped", &[][..], reason.as_str()),
            };
            let line = format!("{word:7} {:6} {:width$}  {reason}{}", check.level, check.id, check.note);
            writeln!(f, "{}", line.trim_end())?;
            found.iter().flat_map(|text| text.lines()).try_for_each(|line| writeln!(f, "          {line}"))?;
        }
        let ((musts, failed), (shoulds, lacking)) = (self.count(Level::Must), self.count(Level::Should));
        writeln!(f, "{}: must {musts} passed, {failed} failed; should {shoulds} passed, {lacking} failed", self.plugin)
    }
}

/// Escapes text for an attribute, including white space, which XML readers normalise.
fn attribute(text: &str) -> String {
    escaped(text).replace('\n', "&#10;").replace('\t', "&#9;")
}

/// Escapes text for XML. Characters that XML does not allow become U+FFFD.
fn escaped(text: &str) -> String {
    let mut xml = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\n' | '\t' => xml.push(character),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => xml.push('\u{fffd}'),
            other => xml.push(other),
        }
    }
    xml
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(id: &str, outcome: CheckOutcome) -> Check {
        Check { id: id.to_owned(), level: Level::Must, outcome, note: String::new() }
    }

    #[test]
    fn what_a_plugin_writes_cannot_leave_its_place_in_the_xml() {
        let failed =
            CheckOutcome::Failed(vec!["]]></failure><x a='1'>".to_owned(), "NUL \0, ESC \u{1b}, CR \r".to_owned()]);
        let skipped = CheckOutcome::Skipped("one\ntwo\t\"three\"/>".to_owned());
        let checks = vec![check("case:\"><x>", failed), check("case:b", skipped)];
        insta::assert_snapshot!(Report { plugin: "a\" b=\"&".to_owned(), checks }.to_junit(), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuite name="a&quot; b=&quot;&amp;" tests="2" failures="1" skipped="1">
          <testcase classname="must" name="case:&quot;&gt;&lt;x&gt;"><failure>]]&gt;&lt;/failure&gt;&lt;x a='1'&gt;
        NUL �, ESC �, CR �</failure></testcase>
          <testcase classname="must" name="case:b"><skipped message="one&#10;two&#9;&quot;three&quot;/&gt;"/></testcase>
        </testsuite>
        "#);
    }

    #[test]
    fn no_character_is_written_that_xml_does_not_know() {
        let every: String = (0..=u32::from(char::MAX)).filter_map(char::from_u32).collect();
        let found = CheckOutcome::Failed(vec![every.clone()]);
        let xml = Report {
            plugin: every.clone(),
            checks: vec![check(&every, found), check("b", CheckOutcome::Skipped(every.clone()))],
        };
        let known =
            |it: &char| matches!(it, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
        assert_eq!(xml.to_junit().chars().find(|character| !known(character)), None);
    }
}
