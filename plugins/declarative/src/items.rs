//! The items of a body: itself, the elements of an array, or those of batches within batches.

use inlet_plugin::{Documents, Item, Kind, Node, Notice, Request, empty_batch, segment, too_many_items};
use inlet_rules::Program;

/// Calls `take` with each item and the objects that it is in, the outermost first. What is no item becomes one of its own
/// in `items`.
pub(crate) struct Walk<'p, 'a, F> {
    pub(crate) program: &'p Program<'p>,
    pub(crate) request: &'a Request,
    pub(crate) items: Vec<Item>,
    pub(crate) take: F,
}

/// The objects that an item is in. Each has a number, which differs from that of every other object.
pub(crate) type Enclosing<'a> = [(usize, Node<'a>)];

impl<'a, F: FnMut(&Enclosing<'a>, Node<'a>) -> Result<Item, Notice>> Walk<'_, 'a, F> {
    /// Walks over the body.
    pub(crate) fn body(&mut self) -> Result<(), Notice> {
        if !self.program.rules.array {
            let body = self.request.json()?;
            return match body.kind() {
                Kind::Object => self.object(&mut Vec::new(), &mut 0, body),
                found => Err(Notice::new(
                    "not_an_object",
                    format!(
                        "Expected an event as a JSON object, found {found}. Send each event in a request of its own."
                    ),
                )),
            };
        }
        match self.request.documents()? {
            Documents::One(body) => match body.kind() {
                Kind::Object => self.object(&mut Vec::new(), &mut 0, body),
                Kind::Array => self.elements(&body),
                _ => Err(segment::not_an_object(&body)),
            },
            Documents::Lines(lines) => lines.into_iter().try_for_each(|line| match line {
                Ok(line) => self.element(line),
                Err(notice) => self.push(Item::Rejected(notice)),
            }),
        }
    }

    fn elements(&mut self, array: &Node<'a>) -> Result<(), Notice> {
        self.check_count(array)?;
        if array.items().next().is_none() {
            return self.push(empty_batch(array.at()));
        }
        array.items().try_for_each(|element| self.element(element))
    }

    /// Takes an element of a body that is an array.
    fn element(&mut self, element: Node<'a>) -> Result<(), Notice> {
        if element.kind() != Kind::Object {
            return self.push(Item::Rejected(segment::not_an_object(&element)));
        }
        let item = (self.take)(&[], element)?;
        self.push(item)
    }

    /// Takes an object: its batches, if it has any, or itself. It calls itself once for each level of batches, of which
    /// rules have at most four.
    fn object(
        &mut self,
        enclosing: &mut Vec<(usize, Node<'a>)>,
        count: &mut usize,
        object: Node<'a>,
    ) -> Result<(), Notice> {
        if object.kind() != Kind::Object {
            return self.push(Item::Rejected(segment::not_an_object(&object)));
        }
        let level = self.program.rules.batch.get(enclosing.len()).map_or(&[][..], Vec::as_slice);
        let arrays: Vec<Node<'a>> = level.iter().filter_map(|pointer| array_at(&object, pointer)).collect();
        let Some(first) = arrays.first() else {
            let is_body = enclosing.is_empty();
            return match (self.take)(enclosing, object)? {
                // The body is the request: there is no other item to keep.
                Item::Rejected(notice) if is_body => Err(notice),
                item => self.push(item),
            };
        };
        if arrays.iter().all(|array| array.items().next().is_none()) {
            return self.push(empty_batch(first.at()));
        }
        *count += 1;
        enclosing.push((*count, object));
        let walked = arrays.iter().try_for_each(|array| {
            self.check_count(array)?;
            array.items().try_for_each(|element| self.object(enclosing, count, element))
        });
        enclosing.pop();
        walked
    }

    fn check_count(&self, array: &Node<'a>) -> Result<(), Notice> {
        if array.has_more_than(self.request.max_items()) { Err(too_many_items(self.request)) } else { Ok(()) }
    }

    fn push(&mut self, item: Item) -> Result<(), Notice> {
        if self.items.len() >= self.request.max_items() {
            return Err(too_many_items(self.request));
        }
        self.items.push(item);
        Ok(())
    }
}

/// Returns the array at a JSON Pointer in an object.
fn array_at<'a>(object: &Node<'a>, pointer: &str) -> Option<Node<'a>> {
    let mut node = object.clone();
    for token in pointer.split('/').skip(1) {
        node = if token.contains('~') {
            node.get(&token.replace("~1", "/").replace("~0", "~"))?
        } else {
            node.get(token)?
        };
    }
    (node.kind() == Kind::Array).then_some(node)
}
