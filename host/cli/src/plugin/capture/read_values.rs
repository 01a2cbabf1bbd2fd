//! Finds the values that a plugin reads. Masking any of these would change the plugin's translation.

use std::collections::HashSet;

/// Returns the values that must stay unmasked. `is_unchanged` masks a set of values and returns true if the translation
/// stays the same. Values are tried in halves, so the number of trials grows with the values that matter, not with all.
pub(super) fn find(values: &[String], mut is_unchanged: impl FnMut(&HashSet<&str>) -> bool) -> HashSet<String> {
    let mut masked = HashSet::new();
    let mut read = HashSet::new();
    let mut chunks = vec![values];
    while let Some(chunk) = chunks.pop() {
        let with: HashSet<&str> = masked.iter().copied().chain(chunk.iter().map(String::as_str)).collect();
        if is_unchanged(&with) {
            masked = with;
        } else if let [value] = chunk {
            read.insert(value.clone());
        } else {
            let (first, second) = chunk.split_at(chunk.len() / 2);
            chunks.extend([second, first]);
        }
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_values_are_found_in_few_trials() {
        let values: Vec<String> = (0..1000).map(|value| value.to_string()).collect();
        let mut trials = 0;
        let found = find(&values, |masked| {
            trials += 1;
            !masked.contains("7") && !masked.contains("500")
        });
        assert_eq!(found, HashSet::from(["7".to_owned(), "500".to_owned()]));
        assert!(trials < 50, "{trials}");
        // If one of two suffices, the first that is tried is masked.
        let either = find(&values[..2], |masked| masked.len() < 2);
        assert_eq!(either.len(), 1);
        assert!(find(&[], |_| true).is_empty());
    }
}
