//! References to sources and plugin versions, as they are written on the command line.

use std::str::FromStr;

/// A source in one environment: `SOURCE@ENVIRONMENT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceRef {
    /// The source's key.
    pub(crate) source: String,
    /// The environment's slug.
    pub(crate) environment: String,
}

/// A version of a plugin: `KEY@VERSION`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VersionRef {
    /// The plugin's key.
    pub(crate) key: String,
    /// The plugin's version.
    pub(crate) version: String,
}

impl FromStr for SourceRef {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (source, environment) = split(text, "SOURCE@ENVIRONMENT, for example shop@development")?;
        Ok(Self { source, environment })
    }
}

impl FromStr for VersionRef {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, version) = split(text, "KEY@VERSION, for example acme/orders@1.0.0")?;
        Ok(Self { key, version })
    }
}

/// Splits a reference at its last `@`.
fn split(text: &str, expected: &str) -> Result<(String, String), String> {
    match text.rsplit_once('@') {
        Some((name, at)) if !name.is_empty() && !at.is_empty() => Ok((name.to_owned(), at.to_owned())),
        _ => Err(format!("expected {expected}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_halves_are_required() {
        let version = VersionRef { key: "acme/orders".to_owned(), version: "1.0.0".to_owned() };
        assert_eq!("acme/orders@1.0.0".parse(), Ok(version));
        for text in ["shop", "shop@", "@development", "@"] {
            insta::allow_duplicates! {
                insta::assert_snapshot!(text.parse::<SourceRef>().unwrap_err(), @"expected SOURCE@ENVIRONMENT, for example shop@development");
            }
        }
    }
}
