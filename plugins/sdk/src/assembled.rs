//! Objects assembled from JSON Pointers. Every digit of a value survives, and no text is copied.

use crate::{Node, Notice, Pointed, Value};

/// Longest member name or pointer that this SDK uses, in bytes. The host accepts 64 KiB and rejects the whole request
/// beyond that.
const LONGEST: usize = 32 * 1024;

/// Returns one object with the members of all `objects`.
///
/// If two objects have a member of the same name, the later object wins, and its member replaces the earlier one whole.
/// A node that is not an object contributes nothing.
///
/// # Errors
///
/// `too_long` if a name or pointer exceeds 32 KiB.
pub fn merged(objects: &[&Node<'_>]) -> Result<Value, Notice> {
    let mut members = Vec::new();
    for (name, value) in objects.iter().flat_map(|object| object.members()) {
        point(&mut members, &name, value.into_at())?;
    }
    Ok(Value::Assembled(members))
}

/// Adds one member to an object.
///
/// # Errors
///
/// `too_long` if the name or the pointer exceeds 32 KiB.
pub fn point(members: &mut Vec<Pointed>, name: &str, at: String) -> Result<(), Notice> {
    let found = name.len().max(at.len());
    if found > LONGEST {
        return Err(Notice::new(
            "too_long",
            format!("A member's name is {found} bytes long; at most {LONGEST} can be used. Send a shorter name."),
        ));
    }
    members.push(Pointed { key: name.to_owned(), at });
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::{LONGEST, merged};
    use crate::{Node, Pointed, Value};

    fn pointed(key: &str, at: &str) -> Pointed {
        Pointed { key: key.to_owned(), at: at.to_owned() }
    }

    #[test]
    fn later_objects_come_last_so_that_they_count() {
        let (a, b) = (
            Node::parse(r#"{"a/b":1,"c":2}"#, "/context/traits").unwrap(),
            Node::parse(r#"{"c":3}"#, "/traits").unwrap(),
        );
        let no_object = Node::parse("[7]", "/x").unwrap();
        let members =
            vec![pointed("a/b", "/context/traits/a~1b"), pointed("c", "/context/traits/c"), pointed("c", "/traits/c")];
        assert_eq!(merged(&[&a, &no_object, &b]), Ok(Value::Assembled(members)));
    }

    #[test]
    fn a_name_that_is_too_long_is_an_error_and_not_a_fault_of_the_request() {
        let text = format!(r#"{{"{}":1}}"#, "k".repeat(LONGEST));
        let notice = merged(&[&Node::parse(&text, "/0").unwrap()]).unwrap_err();
        assert_eq!(notice.code, "too_long");
    }
}
