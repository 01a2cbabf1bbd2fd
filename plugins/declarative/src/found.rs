//! The values of one object to which the pointers of a scope lead, found in one pass.

use inlet_plugin::{Kind, Node};
use inlet_rules::{Name, Step};

/// The values of one object.
#[derive(Debug, Default)]
pub(crate) struct Found<'a> {
    /// The object's JSON Pointer.
    pub(crate) at: String,
    /// The object's own text.
    pub(crate) whole: &'a str,
    /// The text at each step; `None` where there is nothing.
    pub(crate) texts: Vec<Option<&'a str>>,
    /// The numbers of elements that were searched for: step and number.
    elements: Vec<(usize, usize)>,
}

impl<'a> Found<'a> {
    /// Finds the values of another object.
    pub(crate) fn fill(&mut self, node: &Node<'a>, steps: &[Step<'_>]) {
        self.at.clear();
        self.at.push_str(node.at());
        self.whole = node.raw();
        self.elements.clear();
        self.texts.clear();
        self.texts.resize(steps.len(), None);
        if !steps.is_empty() {
            self.follow(node, steps, 0, steps.len());
        }
    }

    /// Returns the JSON Pointer of the value at a step, from the top of the body.
    pub(crate) fn pointer(&self, steps: &[Step<'_>], step: usize) -> String {
        if steps[step].is_fixed {
            return [&self.at, steps[step].pointer].concat();
        }
        let mut pointer = self.at.clone();
        for (index, outer) in steps.iter().enumerate().take(step + 1).filter(|(_, outer)| usize::from(outer.end) > step)
        {
            pointer.push('/');
            match outer.name {
                Name::Member(name) => pointer.push_str(&name.replace('~', "~0").replace('/', "~1")),
                Name::Element { .. } => {
                    let element = self.elements.iter().find(|(step, _)| *step == index);
                    pointer.push_str(&element.map_or(0, |(_, element)| *element).to_string());
                }
                // Nothing was found there.
                Name::Option(_) => {}
            }
        }
        pointer
    }

    /// Follows the steps from `start` to `end`, which lead on from `node`. It calls itself once for each name of a
    /// pointer, of which rules have at most 16.
    fn follow(&mut self, node: &Node<'a>, steps: &[Step<'_>], start: usize, end: usize) {
        match node.kind() {
            Kind::Object => {
                let texts = &mut self.texts;
                node.for_each_member(|name, text| {
                    let is_it = |step: &usize| matches!(steps[*step].name, Name::Member(wanted) if name.is(wanted));
                    if let Some(step) = siblings(steps, start, end).find(is_it) {
                        // The last of duplicates wins.
                        texts[step] = Some(text);
                    }
                });
            }
            Kind::Array => self.find_elements(node, steps, start, end),
            _ => return,
        }
        for step in siblings(steps, start, end) {
            let next = usize::from(steps[step].end);
            if let Some(text) = self.texts[step]
                && next > step + 1
            {
                self.follow(&Node::part(text, String::new()), steps, step + 1, next);
            }
        }
    }

    /// Finds the elements of an array to which steps lead. What is behind the last of them is not read.
    fn find_elements(&mut self, node: &Node<'a>, steps: &[Step<'_>], start: usize, end: usize) {
        let mut open = siblings(steps, start, end).filter(|step| can_be_element(steps[*step].name)).count();
        for (index, element) in node.items().enumerate() {
            if open == 0 {
                return;
            }
            for step in siblings(steps, start, end) {
                let is_it = match steps[step].name {
                    Name::Member(name) => number(name) == Some(index),
                    Name::Element { member, value } => self.texts[step].is_none() && has_text(&element, member, value),
                    Name::Option(_) => false,
                };
                if is_it {
                    self.texts[step] = Some(element.raw());
                    self.elements.push((step, index));
                    open -= 1;
                }
            }
        }
    }
}

fn can_be_element(name: Name<'_>) -> bool {
    match name {
        Name::Member(name) => number(name).is_some(),
        Name::Element { .. } => true,
        Name::Option(_) => false,
    }
}

/// Returns the number that a name is, as JSON Pointers write numbers.
fn number(name: &str) -> Option<usize> {
    let is_number = name.bytes().all(|byte| byte.is_ascii_digit()) && (name == "0" || !name.starts_with('0'));
    if is_number { name.parse().ok() } else { None }
}

/// Returns true if an element has this text at a member.
fn has_text(element: &Node<'_>, member: &str, value: &str) -> bool {
    let mut found = None;
    element.for_each_member(|name, text| {
        if name.is(member) {
            found = Some(text);
        }
    });
    found.is_some_and(|text| Node::part(text, String::new()).as_str().is_some_and(|text| text == value))
}

/// Iterates over the steps from `start` to `end` that lead on from the same object.
fn siblings(steps: &[Step<'_>], start: usize, end: usize) -> impl Iterator<Item = usize> {
    let next = move |step: &usize| Some(usize::from(steps[*step].end)).filter(|next| *next < end);
    std::iter::successors(Some(start).filter(|start| *start < end), next)
}
