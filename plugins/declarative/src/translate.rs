//! Translates a request by compiled rules.

use std::cell::Cell;

use inlet_plugin::{Event, Hint, Item, Node, Notice, Request, Translation, Value};
use inlet_rules::{Name, Program, Scope, Slot, Step, Values};

use crate::evaluate::{Evaluation, Numbers};
use crate::found::Found;
use crate::items::{Enclosing, Walk};

/// Most bytes that may be written for a byte of the body, and for any body. A value outside of the items can be read and
/// written once for each item, so without a limit a small request could fill the sandbox. The host takes 4 and 16 MiB.
const WRITTEN: (usize, usize) = (3, 12 << 20);

/// Translates a request.
///
/// # Errors
///
/// The body is not JSON or not an object, holds too many items, or its items have too long event types and keys in total.
pub fn translate(program: &Program<'_>, request: &Request) -> Result<Translation, Notice> {
    let names = option_names(program);
    if names.is_empty() {
        return translate_resolved(program, request);
    }
    let options: Vec<(&str, String)> = names
        .into_iter()
        .filter_map(|name| Some((name, request.option(name)?.as_str()?.into_owned())))
        .filter(|(_, member)| !member.is_empty())
        .collect();
    let mut resolved = program.clone();
    for step in resolved.steps.iter_mut().flatten() {
        if let Name::Option(name) = step.name
            && let Some((_, member)) = options.iter().find(|(option, _)| *option == name)
        {
            step.name = Name::Member(member);
        }
    }
    translate_resolved(&resolved, request)
}

/// Returns the names of the options that say where values are.
fn option_names<'p>(program: &Program<'p>) -> Vec<&'p str> {
    let name = |step: &Step<'p>| if let Name::Option(name) = step.name { Some(name) } else { None };
    program.steps.iter().flatten().filter_map(name).collect()
}

fn translate_resolved<'a>(program: &Program<'_>, request: &'a Request) -> Result<Translation, Notice> {
    let mut evaluation = Evaluation {
        program,
        request,
        found: Default::default(),
        event_type: String::new(),
        read_outside: Cell::new(0),
    };
    let mut numbers = [0; 5];
    let limit = request.text().map_or(0, str::len) * WRITTEN.0 + WRITTEN.1;
    let mut written = 0;
    let mut walk = Walk {
        program,
        request,
        items: Vec::new(),
        take: |enclosing: &Enclosing<'a>, item: Node<'a>| {
            find(&mut evaluation, &mut numbers, enclosing, &item);
            let item = evaluation.item(item);
            // The event type is made also for an item that is ignored.
            written += evaluation.event_type.len() + size(&item);
            if written + evaluation.read_outside.get() > limit {
                let sentence =
                    "The event types, keys and pointers of this request are too long together. Send smaller batches.";
                return Err(Notice::new("too_long", sentence));
            }
            Ok(item)
        },
    };
    walk.body()?;
    Ok(Translation::from(walk.items))
}

/// Finds the values of an item and of the objects that it is in. What was found in an object is kept for its other items.
fn find<'a>(evaluation: &mut Evaluation<'_, 'a>, numbers: &mut [usize; 5], enclosing: &Enclosing<'a>, item: &Node<'a>) {
    for scope in Scope::POINTERS {
        let index = scope as usize;
        let steps = &evaluation.program.steps[index];
        // A body that is no object has an item for each element, and no members of its own.
        let is_body = enclosing.is_empty() && item.at().is_empty();
        let object = match scope {
            Scope::Item => Some((0, item)),
            Scope::Body if is_body => Some((0, item)),
            Scope::Body => enclosing.first().map(|(number, object)| (*number, object)),
            _ => {
                let levels = index - Scope::Body as usize;
                enclosing.len().checked_sub(levels).map(|place| (enclosing[place].0, &enclosing[place].1))
            }
        };
        let Some((number, object)) = object else {
            evaluation.found[index] = None;
            continue;
        };
        let is_known = number != 0 && numbers[index] == number && evaluation.found[index].is_some();
        if !is_known {
            numbers[index] = number;
            evaluation.found[index].get_or_insert_with(Found::default).fill(object, steps);
        }
    }
}

impl Evaluation<'_, '_> {
    /// Returns what an item is.
    fn item(&mut self, item: Node<'_>) -> Item {
        let rules = &self.program.rules;
        let at = item.at();
        let base = rules.values.event_type.as_deref().unwrap_or_default();
        self.event_type.clear();
        match self.first_text(base) {
            Ok(found) => self.event_type = found.unwrap_or_default(),
            Err(notice) => return Item::Rejected(notice.at(at)),
        }
        if let Some(verdict) = rules.ignore.iter().find(|verdict| self.holds(&verdict.when)) {
            return Item::Ignored(Notice::new(verdict.code, verdict.message).at(at));
        }
        if let Some(verdict) = rules.reject.iter().find(|verdict| self.holds(&verdict.when)) {
            return Item::Rejected(Notice::new(verdict.code, verdict.message).at(at));
        }
        let values = rules.events.iter().find(|event| self.holds(&event.when)).map(|event| &event.values);
        let own = values.and_then(|values| values.event_type.as_deref());
        if let Some(own) = own {
            match self.first_text(own) {
                Ok(found) => self.event_type = found.unwrap_or_default(),
                Err(notice) => return Item::Rejected(notice.at(at)),
            }
        }
        if self.event_type.is_empty() && self.request.fact("event_type_path").is_none() {
            return Item::Rejected(self.nameless(own.unwrap_or(base), at));
        }
        Item::Event(self.event(item, values))
    }

    fn event(&self, item: Node<'_>, own: Option<&Values<Slot, &str>>) -> Event {
        let base = &self.program.rules.values;
        let mut event = Event::new(self.event_type.clone());
        let user_id = own.and_then(|own| own.user_id.as_ref()).or(base.user_id.as_ref());
        event.user_id = user_id.and_then(|alternatives| self.value(alternatives, Numbers::Pointed));
        let key = own.and_then(|own| own.key.as_ref()).or(base.key.as_ref());
        event.idempotency_key = key.and_then(|alternatives| self.value(alternatives, Numbers::Written));
        let time = own.and_then(|own| own.time.as_ref()).or(base.time.as_ref());
        event.occurred_at = time.and_then(|alternatives| self.value(alternatives, Numbers::Pointed));
        event.data = match own.and_then(|own| own.data.as_ref()).or(base.data.as_ref()) {
            Some(data) => self.data(data),
            None => Some(Value::at(item.at())),
        };
        event.original = Some(item.into_at()).filter(|at| !at.is_empty());
        let hint = |index: usize| -> Hint {
            let own = own.and_then(|own| own.hints[index].as_ref());
            own.or(base.hints[index].as_ref()).map(|alternatives| self.hint(alternatives)).into()
        };
        event.tenant(hint(0)).anonymous_id(hint(1)).group_id(hint(2))
    }
}

/// Returns about how many bytes an item takes beside its event type.
fn size(item: &Item) -> usize {
    let event = match item {
        Item::Event(event) => event,
        Item::Ignored(notice) | Item::Rejected(notice) => return notice.code.len() + notice.message.len(),
    };
    let values = [&event.user_id, &event.idempotency_key, &event.occurred_at, &event.data];
    let value = |value: &Value| match value {
        Value::At(text) | Value::Made(text) => text.len(),
        Value::Assembled(members) => members.iter().map(|member| member.key.len() + member.at.len() + 48).sum(),
    };
    let extras: usize = event.extras.iter().map(|extra| extra.name.len() + extra.value.len() + 16).sum();
    extras + values.into_iter().flatten().map(value).sum::<usize>()
}
