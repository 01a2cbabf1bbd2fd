//! One thing as labelled lines, for people.

use super::text::clean;

/// Labelled lines. Labels are padded to the longest one.
#[derive(Debug, Default)]
pub struct Details(Vec<(&'static str, String)>);

impl Details {
    /// Adds a line.
    pub fn add(mut self, label: &'static str, value: impl AsRef<str>) -> Self {
        self.0.push((label, clean(value.as_ref())));
        self
    }

    /// Adds a line if there is a value.
    pub fn add_some(self, label: &'static str, value: Option<impl AsRef<str>>) -> Self {
        match value {
            Some(value) => self.add(label, value),
            None => self,
        }
    }

    /// Returns the lines.
    pub fn text(&self) -> String {
        let width = self.0.iter().map(|(label, _)| label.chars().count()).max().unwrap_or_default();
        let lines: Vec<String> = self.0.iter().map(|(label, value)| format!("{label:width$}  {value}")).collect();
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::Details;

    #[test]
    fn labels_are_padded_and_values_cleaned() {
        let details = Details::default().add("id", "7").add("user", "a\u{1b}[0mb").add_some("reason", None::<&str>);
        assert_eq!(details.text(), "id    7\nuser  a[0mb");
    }
}
