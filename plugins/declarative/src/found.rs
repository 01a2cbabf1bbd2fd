//! The values of one object to which the pointers of a scope lead, found in one pass.

use inlet_plugin::{Kind, Node};
use inlet_rules::Step;

/// The values of one object.
#[derive(Debug, Default)]
pub(crate) struct Found<'a> {
    /// The object's JSON Pointer.
    pub(crate) at: String,
    /// The object's own text.
    pub(crate) whole: &'a str,
    /// The text at each step; `None` where there is nothing.
    pub(crate) texts: Vec<Option<&'a str>>,
}

impl<'a> Found<'a> {
    /// Finds the values of another object.
    pub(crate) fn fill(&mut self, node: &Node<'a>, steps: &[Step<'_>]) {
        self.at.clear();
        self.at.push_str(node.at());
        self.whole = node.raw();
        self.texts.clear();
        self.texts.resize(steps.len(), None);
        if !steps.is_empty() {
            follow(node, steps, 0, steps.len(), &mut self.texts);
        }
    }
}

/// Follows the steps from `start` to `end`, which lead on from `node`. It calls itself once for each name of a pointer,
/// of which rules have at most 16.
fn follow<'a>(node: &Node<'a>, steps: &[Step<'_>], start: usize, end: usize, texts: &mut [Option<&'a str>]) {
    match node.kind() {
        Kind::Object => node.for_each_member(|name, text| {
            if let Some(step) = siblings(steps, start, end).find(|step| name.is(steps[*step].name)) {
                // The last of duplicates wins.
                texts[step] = Some(text);
            }
        }),
        Kind::Array => elements(node, steps, start, end, texts),
        _ => return,
    }
    for step in siblings(steps, start, end) {
        let next = usize::from(steps[step].end);
        if let Some(text) = texts[step]
            && next > step + 1
        {
            follow(&Node::part(text, String::new()), steps, step + 1, next, texts);
        }
    }
}

/// Finds the elements of an array to which steps lead. Those behind the last one are not read.
fn elements<'a>(node: &Node<'a>, steps: &[Step<'_>], start: usize, end: usize, texts: &mut [Option<&'a str>]) {
    let number = |step: usize| {
        let name = steps[step].name;
        let is_number = name.bytes().all(|byte| byte.is_ascii_digit()) && (name == "0" || !name.starts_with('0'));
        if is_number { name.parse::<usize>().ok() } else { None }
    };
    let Some(last) = siblings(steps, start, end).filter_map(number).max() else { return };
    for (index, element) in node.items().enumerate().take(last.saturating_add(1)) {
        if let Some(step) = siblings(steps, start, end).find(|step| number(*step) == Some(index)) {
            texts[step] = Some(element.raw());
        }
    }
}

/// Iterates over the steps from `start` to `end` that lead on from the same object.
fn siblings(steps: &[Step<'_>], start: usize, end: usize) -> impl Iterator<Item = usize> {
    let next = move |step: &usize| Some(usize::from(steps[*step].end)).filter(|next| *next < end);
    std::iter::successors(Some(start).filter(|start| *start < end), next)
}
