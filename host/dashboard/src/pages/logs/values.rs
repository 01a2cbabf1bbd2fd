//! The fields of an event, and the values of the received item that they were made of.

use inlet_api_types::{hints::EventHints, logs::SourceLog, traces::TracedValue};
use inlet_core::json::{self, Kind};

use crate::{
    components::{
        Html,
        json_tree::{JsonTree, Mark},
    },
    html::escape,
};

/// A field of an event.
pub struct Field {
    /// The name, as the API has it.
    pub name: String,
    /// The value; none if there is none.
    pub value: Option<Html>,
    /// The place where the plugin found it in the item: the pointer and the id of the mark there.
    pub found: Vec<(String, String)>,
    /// True if the plugin wrote the value itself.
    pub is_written: bool,
}

/// The id of a field's row.
pub fn row_id(index: usize) -> String {
    format!("value-{index}")
}

/// Returns the fields of an event with the places of their values. `parts` is the address of parts of the received item.
pub fn fields(entry: &SourceLog, traced: &[TracedValue], parts: &str) -> Vec<Field> {
    let text = |value: &str| Some(Html::trusted(format!("<code>{}</code>", escape(value))));
    let item = entry.original.as_ref().map_or("", |item| item.as_text());
    let data = entry.data.as_ref().map(|data| {
        let (data, tree) = (data.as_text(), JsonTree::new(data.as_text(), "the event's data").open_depth(1));
        let pointers =
            traced.iter().filter(|traced| traced.field == "data").filter_map(|traced| traced.pointer.as_deref());
        // What is too much for one tree is loaded from the item, where the data stands there as it is.
        match pointers.clone().find(|pointer| json::point(item, pointer) == Some(data)) {
            Some(pointer) => tree.at(pointer).loading(parts).html(),
            None => tree.html(),
        }
    });
    let mut fields = vec![
        Field::new("event_type", text(&entry.event_type).filter(|_| !entry.event_type.is_empty())),
        Field::new("user_id", entry.user_id.as_deref().and_then(text)),
        Field::new("idempotency_key", entry.idempotency_key.as_deref().and_then(text)),
        Field::new("occurred_at", text(&entry.occurred_at)),
        Field::new("data", data),
    ];
    let hints = entry.hints.iter().flat_map(EventHints::iter);
    fields.extend(hints.map(|(path, hint)| Field::new(path, text(hint))));
    for (index, TracedValue { field, pointer }) in traced.iter().enumerate() {
        let at = fields.iter().position(|known| known.name == *field).unwrap_or_else(|| {
            let found = pointer.as_deref().and_then(|pointer| json::point(item, pointer));
            let value = found.and_then(|found| match Kind::of(found) {
                Kind::Object | Kind::Array => Some(JsonTree::new(found, "the value").open_depth(0).html()),
                _ => text(found),
            });
            fields.push(Field::new(field, value));
            fields.len() - 1
        });
        match pointer {
            Some(pointer) => fields[at].found.push((pointer.clone(), mark_id(index))),
            None => fields[at].is_written = true,
        }
    }
    fields
}

impl Field {
    fn new(name: &str, value: Option<Html>) -> Self {
        Self { name: name.to_owned(), value, found: Vec::new(), is_written: false }
    }
}

/// Returns the received item as a tree, in which each value that a field was made of is marked and leads to it.
///
/// `parts` is the address of its parts.
pub fn item(text: &str, fields: &[Field], parts: &str) -> Html {
    let mut tree = JsonTree::new(text, "the received item").loading(parts);
    for (row, field) in fields.iter().enumerate() {
        for (pointer, id) in &field.found {
            let href = Some(format!("#{}", row_id(row)));
            tree = tree.mark(pointer.clone(), Mark { label: field.name.clone(), href, id: Some(id.clone()) });
        }
    }
    tree.html()
}

fn mark_id(index: usize) -> String {
    format!("found-{index}")
}
