//! Versions as entity tags, which keep concurrent changes from overwriting each other.

use std::fmt::Display;

use axum::http::{HeaderMap, header};

use super::error::{ApiError, Kind};

/// Returns the entity tag of a version.
pub fn etag(version: impl Display) -> String {
    format!("\"{version}\"")
}

/// Checks `If-Match` (RFC 9110 §13.1.1) against the present version: `*` or one of the tags must match.
pub fn check_if_match(headers: &HeaderMap, version: Option<impl Display>) -> Result<(), ApiError> {
    if !headers.contains_key(header::IF_MATCH) {
        return Ok(());
    }
    let Some(version) = version else {
        let message = "If-Match is given, and there is nothing yet; leave it out to create it";
        return Err(ApiError::new(Kind::PreconditionFailed, message));
    };
    let present = etag(version);
    let values = headers.get_all(header::IF_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = values.flat_map(|value| value.split(',')).map(str::trim);
    match tags.any(|tag| tag == "*" || tag == present) {
        true => Ok(()),
        false => {
            let message = format!("it is of version {present} now; read it again and repeat the change");
            Err(ApiError::new(Kind::PreconditionFailed, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[&str], version: Option<i64>) -> Result<(), String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::IF_MATCH, value.parse().unwrap());
        }
        check_if_match(&headers, version).map_err(|error| error.to_string())
    }

    #[test]
    fn if_match_names_what_is_there() {
        for values in [&[] as &[&str], &["*"], &["\"3\""], &["\"2\", \"3\""], &["\"2\"", "\"3\""]] {
            assert_eq!(check(values, Some(3)), Ok(()), "{values:?}");
        }
        assert_eq!(check(&[], None), Ok(()));
        for value in ["\"2\"", "3", "W/\"3\"", ""] {
            insta::allow_duplicates! {
                insta::assert_snapshot!(check(&[value], Some(3)).unwrap_err(), @r#"it is of version "3" now; read it again and repeat the change"#);
            }
        }
        insta::assert_snapshot!(check(&["*"], None).unwrap_err(), @"If-Match is given, and there is nothing yet; leave it out to create it");
    }
}
