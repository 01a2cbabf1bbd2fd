//! The nearest known name, for error sentences about a name that is not known.

/// The longest name that is compared, in bytes. A comparison takes the product of both lengths.
const MAX_LENGTH: usize = 256;

/// The least similarity of two names, from 0 to 1.
const MIN_SIMILARITY: f64 = 0.78;

/// Returns the known name that `given` was most likely meant to be; none if no name is near. Letter case does not count.
pub fn nearest<'k>(given: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    if given.len() > MAX_LENGTH {
        return None;
    }
    let given = given.to_lowercase();
    known
        .into_iter()
        .filter(|name| name.len() <= MAX_LENGTH)
        .map(|name| (strsim::jaro_winkler(&given, &name.to_lowercase()), name))
        .filter(|(similarity, _)| *similarity >= MIN_SIMILARITY)
        // Of equally near names the first.
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 8] =
        ["environment", "starting_at", "ending_at", "event", "outcome", "user_id", "limit", "page_size"];

    #[test]
    fn a_slip_finds_its_name() {
        for (given, name) in [
            ("enviroment", "environment"),
            ("env", "environment"),
            ("Outcome", "outcome"),
            ("outcomes", "outcome"),
            ("user", "user_id"),
            ("userId", "user_id"),
            ("event_type", "event"),
            ("start_at", "starting_at"),
            ("pagesize", "page_size"),
        ] {
            assert_eq!(nearest(given, KNOWN), Some(name), "{given}");
        }
    }

    #[test]
    fn a_name_that_is_like_none_finds_none() {
        for given in ["", "x", "colour", "signature", "fields", &"environment".repeat(100)] {
            assert_eq!(nearest(given, KNOWN), None, "{given}");
        }
        assert_eq!(nearest("event", []), None);
    }

    #[test]
    fn of_equally_near_names_the_first_is_returned() {
        assert_eq!(nearest("track/pai", ["track/paid", "track/pain"]), Some("track/paid"));
    }
}
