//! JSON Pointers (RFC 6901), composed one step at a time.

use std::fmt::Write;

/// Returns the pointer to the member `name` of the object at `parent`.
pub(crate) fn member(parent: &str, name: &str) -> String {
    let mut pointer = String::with_capacity(parent.len() + 1 + name.len());
    pointer.push_str(parent);
    pointer.push('/');
    if !name.bytes().any(|byte| matches!(byte, b'~' | b'/')) {
        pointer.push_str(name);
        return pointer;
    }
    for part in name.split_inclusive(['~', '/']) {
        if let Some(plain) = part.strip_suffix('~') {
            pointer.push_str(plain);
            pointer.push_str("~0");
        } else if let Some(plain) = part.strip_suffix('/') {
            pointer.push_str(plain);
            pointer.push_str("~1");
        } else {
            pointer.push_str(part);
        }
    }
    pointer
}

/// Returns the pointer to the element `index` of the array at `parent`.
pub(crate) fn element(parent: &str, index: usize) -> String {
    let mut pointer = String::with_capacity(parent.len() + 6);
    pointer.push_str(parent);
    // Writing to a string cannot fail.
    let _ = write!(pointer, "/{index}");
    pointer
}

/// Returns the pointer to the value that contains the one at `pointer`.
pub(crate) fn parent(pointer: &str) -> &str {
    pointer.rsplit_once('/').map_or("", |(parent, _)| parent)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{element, member};

    #[test]
    fn escapes_what_rfc_6901_reserves_and_nothing_else() {
        assert_eq!(member("", "traits"), "/traits");
        assert_eq!(member("/0", ""), "/0/");
        assert_eq!(member("", "a/b~c~1"), "/a~1b~0c~01");
        assert_eq!(member("/x", "na\u{ef}ve \"%"), "/x/na\u{ef}ve \"%");
        assert_eq!(element("/batch", 16), "/batch/16");
    }

    proptest! {
        #[test]
        fn finds_any_name_again(name in any::<String>()) {
            let value = serde_json::json!({ "other": 0, (name.clone()): { (name.clone()): 7 } });
            let pointer = member(&member("", &name), &name);
            prop_assert_eq!(value.pointer(&pointer), Some(&serde_json::json!(7)));
        }
    }
}
