//! Which values a plugin reads: those that must stay, so that a masked request becomes what the real one became.

use std::collections::HashSet;

/// Finds them by trying: `same` says whether the request becomes the same when these are masked. Those that do not matter
/// go many at once, so that it takes few trials more than there are values that matter.
pub(super) fn needed(values: &[String], mut same: impl FnMut(&HashSet<&str>) -> bool) -> HashSet<String> {
    let mut masked = HashSet::new();
    let mut needed = HashSet::new();
    let mut chunks = vec![values];
    while let Some(chunk) = chunks.pop() {
        let with: HashSet<&str> = masked.iter().copied().chain(chunk.iter().map(String::as_str)).collect();
        if same(&with) {
            masked = with;
        } else if let [value] = chunk {
            needed.insert(value.clone());
        } else {
            let (first, second) = chunk.split_at(chunk.len() / 2);
            chunks.extend([second, first]);
        }
    }
    needed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matters_is_found_in_few_trials() {
        let values: Vec<String> = (0..1000).map(|value| value.to_string()).collect();
        let mut trials = 0;
        let found = needed(&values, |masked| {
            trials += 1;
            !masked.contains("7") && !masked.contains("500")
        });
        assert_eq!(found, HashSet::from(["7".to_owned(), "500".to_owned()]));
        assert!(trials < 50, "{trials}");
        // One of two is enough: the first that is tried goes.
        let either = needed(&values[..2], |masked| masked.len() < 2);
        assert_eq!(either.len(), 1);
        assert!(needed(&[], |_| true).is_empty());
    }
}
