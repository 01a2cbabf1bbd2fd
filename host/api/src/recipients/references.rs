//! References to recipients: ids of users, and `{collection, id}` of objects.

use inlet_api_types::RawJson;
use inlet_core::{
    json,
    recipient::{MAX_RECIPIENTS, PartyRole, RecipientKey},
};

use super::{ids, parties};
use crate::{error::ApiError, query::Params};

/// Reads the references of a body.
pub fn read(field: &str, values: &[RawJson]) -> Result<Vec<RecipientKey>, ApiError> {
    check_length(field, values.len())?;
    values
        .iter()
        .enumerate()
        .map(|(index, value)| Ok(parties::read(&format!("{field}[{index}]"), value, PartyRole::Recipient)?.key))
        .collect()
}

/// Checks the number of recipients of a call.
pub fn check_length(field: &str, length: usize) -> Result<(), ApiError> {
    match length {
        0 => Err(ApiError::invalid(field, "it is empty; expected at least one recipient")),
        1..=MAX_RECIPIENTS => Ok(()),
        found => {
            let message =
                format!("{found} recipients; at most {MAX_RECIPIENTS} are allowed in one call: send them in several");
            Err(ApiError::invalid(field, message))
        }
    }
}

/// Writes references as JSON, an array.
pub fn write(keys: &[RecipientKey]) -> String {
    json::array(keys.iter().map(|key| match key.shown_collection() {
        None => json::quote(&key.id),
        Some(collection) => {
            json::object([("collection", json::quote(collection).as_str()), ("id", &json::quote(&key.id))])
        }
    }))
}

/// Reads the references of a query parameter such as `recipients[]`; none if there are none. Users are texts,
/// `recipients[]=u_42`; objects have members, `recipients[0][collection]=projects&recipients[0][id]=p1`.
pub fn of_query(params: &Params, name: &str) -> Result<Option<Vec<RecipientKey>>, ApiError> {
    let mut keys: Vec<RecipientKey> = Vec::new();
    // The object whose members are being read: its index, collection and id.
    let mut open: Option<(String, Option<String>, Option<String>)> = None;
    for (given, value) in params.pairs().filter(|(_, value)| !value.is_empty()) {
        let Some(groups) = given.strip_prefix(name).filter(|rest| rest.is_empty() || rest.starts_with('[')) else {
            continue;
        };
        let groups: Vec<&str> = groups.split('[').skip(1).map(|group| group.trim_end_matches(']')).collect();
        let member = groups.last().copied().filter(|member| matches!(*member, "id" | "collection"));
        let Some(member) = member else {
            keys.push(RecipientKey::user(value));
            continue;
        };
        let index = groups[..groups.len() - 1].concat();
        let begins = open.as_ref().is_none_or(|(at, collection, id)| {
            *at != index || (if member == "id" { id } else { collection }).is_some()
        });
        if begins {
            keys.extend(close(open.take()));
            open = Some((index, None, None));
        }
        if let Some((_, collection, id)) = &mut open {
            *(if member == "id" { id } else { collection }) = Some(value.to_owned());
        }
    }
    keys.extend(close(open));
    if keys.len() > MAX_RECIPIENTS {
        check_length(name, keys.len())?;
    }
    keys.iter().try_for_each(|key| ids::checked(name, &key.id))?;
    Ok(Some(keys).filter(|keys| !keys.is_empty()))
}

fn close(open: Option<(String, Option<String>, Option<String>)>) -> Option<RecipientKey> {
    match open? {
        (_, Some(collection), Some(id)) => Some(RecipientKey { collection: collection.into(), id }),
        (_, None, Some(id)) => Some(RecipientKey::user(id)),
        (_, _, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_of_a_query_are_texts_or_have_members() {
        let read = |query: &str| of_query(&Params::parse(query), "recipients").unwrap().map(|keys| write(&keys));
        assert_eq!(read(""), None);
        for query in ["recipients=a&recipients=b", "recipients[]=a&recipients[]=b", "recipients[0]=a&recipients[1]=b"] {
            assert_eq!(read(query).as_deref(), Some(r#"["a","b"]"#), "{query}");
        }
        let objects = r#"[{"collection":"p","id":"1"},{"collection":"q","id":"2"}]"#;
        for query in [
            "recipients[0][collection]=p&recipients[0][id]=1&recipients[1][id]=2&recipients[1][collection]=q",
            "recipients[][collection]=p&recipients[][id]=1&recipients[][collection]=q&recipients[][id]=2",
            "recipients[][][collection]=p&recipients[][][id]=1&recipients[][][collection]=q&recipients[][][id]=2",
        ] {
            assert_eq!(read(query).as_deref(), Some(objects), "{query}");
        }
        assert!(of_query(&Params::parse("recipients[]=a/b"), "recipients").is_err());
    }
}
