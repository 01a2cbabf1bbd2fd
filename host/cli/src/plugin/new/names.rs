//! The names of a new project.

use anyhow::{bail, ensure};

/// The names that a project's files are filled with.
pub(super) struct Names<'a> {
    /// The plugin's key, `publisher/name`.
    pub(super) key: String,
    /// The name alone, which is also the crate's and the directory's.
    pub(super) name: &'a str,
}

impl<'a> Names<'a> {
    /// Checks a name of the form `publisher/name` or `name`; a name alone belongs to the publisher `local`.
    pub(super) fn parse(given: &'a str) -> anyhow::Result<Self> {
        let (publisher, name) = given.split_once('/').unwrap_or(("local", given));
        for part in [publisher, name] {
            let plain = part.split('-').all(|word| {
                !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            });
            if !plain {
                bail!(
                    "{given:?} is no name for a plugin; expected lower-case words joined by dashes, for example acme/orders"
                );
            }
        }
        ensure!(
            name.starts_with(|first: char| first.is_ascii_lowercase()),
            "{name:?} begins with a digit, which a crate's name may not; put a letter first"
        );
        Ok(Self { key: format!("{publisher}/{name}"), name })
    }

    fn title(&self) -> String {
        let words: Vec<String> = self.name.split('-').map(capitalised).collect();
        words.join(" ")
    }

    /// Fills the placeholders of a template.
    pub(super) fn fill(&self, template: &str) -> String {
        let type_name: String = self.name.split('-').map(capitalised).collect();
        template
            .replace("{key}", &self.key)
            .replace("{name}", self.name)
            .replace("{title}", &self.title())
            .replace("{type}", &type_name)
    }

    /// Renames an example, and points it to the contract in the project's `vendor/`.
    pub(super) fn rename(&self, example: &str) -> String {
        // The new names may contain the old ones, so each old name becomes a control character first.
        [("acme/orders", "\u{1}"), ("orders", "\u{2}"), ("Orders", "\u{3}"), ("../../../wit/v0.2", "vendor/wit/v0.2")]
            .iter()
            .fold(example.to_owned(), |text, (from, to)| text.replace(from, to))
            .replace('\u{1}', &self.key)
            .replace('\u{2}', self.name)
            .replace('\u{3}', &self.title())
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::{
        super::{embedded, language::Language},
        *,
    };

    #[test]
    fn names_are_checked_and_filled_in() {
        let names = Names::parse("acme/big-orders").unwrap();
        assert_eq!(names.fill("{key} {name} {title} {type}"), "acme/big-orders big-orders Big Orders BigOrders");
        assert_eq!(Names::parse("orders").unwrap().key, "local/orders");
        for bad in ["", "Orders", "a/b/c", "../x", "a--b", "7up", "a/"] {
            assert!(Names::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn examples_are_renamed() {
        let names = Names::parse("acme/big-orders").unwrap();
        assert_eq!(names.rename("acme/orders orders.wasm Orders"), "acme/big-orders big-orders.wasm Big Orders");
        for language in [Language::JavaScript, Language::Python, Language::C] {
            for (path, text) in embedded::files(language) {
                assert!(
                    !names.rename(text).contains("../wit"),
                    "{path} would look for the contract outside the project"
                );
            }
        }
    }
}
