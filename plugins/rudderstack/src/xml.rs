//! A call as XML, as the HTTP Webhook destination sends it: the root element holds the mapped body.
//!
//! RudderStack writes an object's members as elements, an array as elements of one name, leaves nulls out, and writes
//! `""` and `{}` alike as an empty element. It writes no attributes. The types of values are lost, so every value is a
//! string.

use std::borrow::Cow;
use std::collections::BTreeMap;

use inlet_plugin::segment::Call;
use inlet_plugin::{Event, MAX_ITEMS, Node, Notice, Pointed, Value, jsonrpc::quote};
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::Event as Token;
use quick_xml::reader::Reader;

use crate::call;

/// The host rejects JSON with deeper nesting.
const DEEPEST: usize = 128;

/// Members of a call that are objects, so that an empty element is one.
const OBJECTS: [&str; 4] = ["properties", "traits", "context", "fields"];

/// An element: its text, or the elements in it.
#[derive(Default)]
struct Element {
    name: String,
    text: String,
    children: Vec<Element>,
}

/// Returns the event of a call. Values cannot be pointed at, so they are copied.
pub(crate) fn event(text: &str, default_type: Option<&str>) -> Result<Event, Notice> {
    let root = read(text)?;
    let mut json = String::new();
    write_object(&root, 0, &mut json);
    let body = Node::parse(&json, "").map_err(|error| not_xml(&error.to_string()))?;
    let event = call::event(Call::read(body.clone())?, default_type).map_err(|notice| Notice { at: None, ..notice })?;
    let made = |value: Option<Value>| value.and_then(|value| copied(value, &body));
    Ok(Event {
        user_id: made(event.user_id),
        data: made(event.data),
        idempotency_key: made(event.idempotency_key),
        occurred_at: made(event.occurred_at),
        original: None,
        ..event
    })
}

/// Reads the root element. A document type is refused, so no entity but those of XML itself is resolved.
fn read(text: &str) -> Result<Element, Notice> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    let mut root: Option<Element> = None;
    let mut count = 0;
    loop {
        let token = reader.read_event().map_err(|error| not_xml(&error.to_string()))?;
        let (started, is_closed) = match token {
            Token::Start(tag) => (Some(tag), false),
            Token::Empty(tag) => (Some(tag), true),
            Token::End(_) => (None, true),
            Token::Text(text) => {
                add_text(&mut open, &text)?;
                continue;
            }
            Token::CData(text) => {
                add_text(&mut open, &text)?;
                continue;
            }
            Token::GeneralRef(name) => {
                add_text(&mut open, &reference(&name)?)?;
                continue;
            }
            Token::DocType(_) => return Err(not_xml("it has a document type, which is not read")),
            Token::Decl(_) | Token::PI(_) | Token::Comment(_) => continue,
            Token::Eof => break,
        };
        if let Some(tag) = started {
            count += 1;
            if open.len() >= DEEPEST {
                return Err(not_xml("it is nested deeper than 128 levels"));
            }
            if count > MAX_ITEMS {
                let sentence =
                    format!("The body has more than {MAX_ITEMS} elements. Set the destination's format to JSON.");
                return Err(Notice::new("too_long", sentence));
            }
            if open.is_empty() && root.is_some() {
                return Err(not_xml("it has more than one root element"));
            }
            open.push(Element { name: tag.name().as_ref().to_owned(), ..Element::default() });
        }
        if let Some(element) = open.pop_if(|_| is_closed) {
            match open.last_mut() {
                Some(parent) => parent.children.push(element),
                None => root = Some(element),
            }
        }
    }
    match root {
        Some(root) if open.is_empty() => Ok(root),
        _ => Err(not_xml("an element is not closed")),
    }
}

/// Adds text to the innermost open element.
fn add_text(open: &mut [Element], text: &str) -> Result<(), Notice> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim_ascii().is_empty() => {}
        None => return Err(not_xml("it has text outside of its root element")),
    }
    Ok(())
}

/// Returns the text of a reference: one of XML's five entities, or a character's number.
fn reference(name: &str) -> Result<Cow<'static, str>, Notice> {
    let number = name.strip_prefix('#').and_then(|number| match number.strip_prefix('x') {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok(),
        None => number.parse().ok(),
    });
    match (number.and_then(char::from_u32), resolve_xml_entity(name)) {
        (Some(character), _) => Ok(character.to_string().into()),
        (None, Some(text)) => Ok(text.into()),
        (None, None) => Err(not_xml("it refers to an entity that XML does not define")),
    }
}

/// Writes an element's children as an object. Elements of one name become an array.
fn write_object(element: &Element, depth: usize, json: &mut String) {
    let mut members: Vec<(&str, Vec<&Element>)> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for child in &element.children {
        let place = *places.entry(&child.name).or_insert(members.len());
        match members.get_mut(place) {
            Some((_, children)) => children.push(child),
            None => members.push((&child.name, vec![child])),
        }
    }
    json.push('{');
    for (index, (name, children)) in members.iter().enumerate() {
        json.push_str(if index == 0 { "" } else { "," });
        json.push_str(&quote(name));
        json.push(':');
        let is_array = children.len() > 1;
        json.push_str(if is_array { "[" } else { "" });
        for (index, child) in children.iter().enumerate() {
            json.push_str(if index == 0 { "" } else { "," });
            write_value(child, depth + 1, json);
        }
        json.push_str(if is_array { "]" } else { "" });
    }
    json.push('}');
}

fn write_value(element: &Element, depth: usize, json: &mut String) {
    let is_object = match depth {
        1 => OBJECTS.contains(&element.name.as_str()),
        2 => element.name == "traits",
        _ => false,
    };
    match element.children.is_empty() && !(is_object && element.text.trim_ascii().is_empty()) {
        true => json.push_str(&quote(&element.text)),
        false => write_object(element, depth, json),
    }
}

/// Returns a copy of the value that was pointed at; `None` if there is none.
fn copied(value: Value, body: &Node<'_>) -> Option<Value> {
    match value {
        Value::At(at) => Some(Value::Made(pointed(&at, body)?.raw().to_owned())),
        Value::Assembled(members) => {
            let member = |Pointed { key, at }: &Pointed| Some(format!("{}:{}", quote(key), pointed(at, body)?.raw()));
            let members: Vec<String> = members.iter().filter_map(member).collect();
            Some(Value::Made(format!("{{{}}}", members.join(","))))
        }
        Value::Made(text) => Some(Value::Made(text)),
    }
}

fn pointed<'a>(pointer: &str, body: &Node<'a>) -> Option<Node<'a>> {
    let mut tokens = pointer.split('/').skip(1);
    tokens.try_fold(body.clone(), |node, token| node.get(&token.replace("~1", "/").replace("~0", "~")))
}

fn not_xml(problem: &str) -> Notice {
    let sentence = format!(
        "The body looks like XML and could not be read: {problem}. Set the format of the HTTP Webhook destination to JSON."
    );
    Notice::new("not_xml", sentence)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use inlet_plugin::MAX_ITEMS;

    use super::{read, write_object};

    fn json(xml: &str) -> Result<String, String> {
        let mut json = String::new();
        write_object(&read(xml).map_err(|notice| notice.message)?, 0, &mut json);
        Ok(json)
    }

    #[test]
    fn elements_become_members_and_repeated_ones_arrays() {
        let xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<root>\n <a>1.10</a><b><c>x</c></b><a>2</a><d/><e> y </e>\n</root>\n";
        assert_eq!(json(xml).unwrap(), r#"{"a":["1.10","2"],"b":{"c":"x"},"d":"","e":" y "}"#);
    }

    #[test]
    fn references_and_character_data_are_text() {
        let xml = "<r><a>&lt;&amp;&gt;&quot;&apos;&#9731;&#x2603;</a><b><![CDATA[<x>&amp;]]></b></r>";
        assert_eq!(json(xml).unwrap(), r#"{"a":"<&>\"'☃☃","b":"<x>&amp;"}"#);
    }

    #[test]
    fn an_empty_element_is_an_object_where_a_call_has_one() {
        let xml = "<r><properties/><context><traits/></context><traits>\n</traits><x><traits/></x></r>";
        let expected = r#"{"properties":{},"context":{"traits":{}},"traits":{},"x":{"traits":{}}}"#;
        assert_eq!(json(xml).unwrap(), expected);
    }

    #[test]
    fn bombs_and_damaged_documents_are_refused() {
        let deep = format!("{}{}", "<a>".repeat(200), "</a>".repeat(200));
        let wide = format!("<r>{}</r>", "<a/>".repeat(MAX_ITEMS + 1));
        for (xml, problem) in [
            ("<!DOCTYPE r [<!ENTITY a \"x\">]><r>&a;</r>", "document type"),
            ("<r>&a;</r>", "entity"),
            ("<r>&#xD800;</r>", "entity"),
            ("<r><a></r>", "could not be read"),
            ("<r><a>", "not closed"),
            ("<r/><r/>", "more than one root"),
            ("<r/>x", "outside"),
            ("<", "could not be read"),
            (&deep, "128 levels"),
            (&wide, "elements"),
        ] {
            let found = json(xml).unwrap_err();
            assert!(found.contains(problem), "{found}");
        }
    }
}
