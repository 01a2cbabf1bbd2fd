//! Between the text of rules and their compiled form.

use crate::limits::STEPS;
use crate::source::{Token, tokens};
use crate::{
    Condition, Data, Name, Override, Part, Program, Read, Rules, Scalar, Scope, Slot, Source, Step, Test, Text, Values,
    Verdict, WrittenRules,
};

/// Rules name more values than a program can number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooMuch(String);

impl std::fmt::Display for TooMuch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TooMuch {}

/// Compiles rules into the bytes of a program.
///
/// # Errors
///
/// The pointers of one scope lead through more than [`STEPS`] members, or there are more headers or query parameters.
pub fn compile(rules: &WrittenRules) -> Result<Vec<u8>, TooMuch> {
    let mut sources: Vec<&Source> = Vec::new();
    // Only to see them all.
    map(rules, &mut |source| sources.push(source), &mut |_| ());
    let mut trees: [Tree; 5] = Default::default();
    let (mut headers, mut query) = (Vec::new(), Vec::new());
    for source in sources {
        match source {
            Source::Header(name) if !headers.contains(&name.as_str()) => headers.push(name.as_str()),
            Source::Query(name) if !query.contains(&name.as_str()) => query.push(name.as_str()),
            _ => {}
        }
        if let (scope, Some(pointer)) = (scope(source), source.pointer())
            && !pointer.is_empty()
        {
            trees[scope as usize].add(pointer);
        }
    }
    let steps = trees.each_ref().map(Tree::steps);
    let places = [
        ("the item", steps[0].len()),
        ("the body", steps[1].len()),
        ("up", steps[2].len()),
        ("up2", steps[3].len()),
        ("up3", steps[4].len()),
        ("headers", headers.len()),
        ("query parameters", query.len()),
    ];
    if let Some((place, count)) = places.into_iter().find(|(_, count)| *count > STEPS) {
        return Err(TooMuch(format!(
            "rules: they name {count} different members in {place}; at most {STEPS} can be used: leave out alternatives"
        )));
    }
    let mut slot = |source: &Source| {
        let scope = scope(source);
        let position = match source {
            Source::Header(name) => headers.iter().position(|found| found == name),
            Source::Query(name) => query.iter().position(|found| found == name),
            Source::EventType => Some(0),
            // Steps that only lead to others have an empty pointer too: they are never meant.
            _ => source
                .pointer()
                .filter(|pointer| !pointer.is_empty())
                .and_then(|pointer| steps[scope as usize].iter().position(|step| step.pointer == pointer)),
        };
        // Only the empty pointer has no step: it is the whole.
        let index = position.and_then(|position| u8::try_from(position).ok()).unwrap_or(Slot::WHOLE);
        Slot { scope, index }
    };
    let rules = map(rules, &mut slot, &mut |text| text.as_str());
    Ok(Program { rules, headers: headers.clone(), query: query.clone(), steps: steps.clone() }.encode())
}

/// Returns the rules that were compiled into a program.
pub fn decompile(program: &Program<'_>) -> WrittenRules {
    let named = |names: &[&str], index: u8| names.get(usize::from(index)).copied().unwrap_or_default().to_owned();
    let mut source = |slot: &Slot| {
        let pointer = || {
            let steps = program.steps.get(slot.scope as usize);
            steps
                .and_then(|steps| steps.get(usize::from(slot.index)))
                .map_or_else(String::new, |step| step.pointer.to_owned())
        };
        match slot.scope {
            Scope::Item => Source::Item(pointer()),
            Scope::Body => Source::Body(pointer()),
            Scope::Up1 => Source::Up(1, pointer()),
            Scope::Up2 => Source::Up(2, pointer()),
            Scope::Up3 => Source::Up(3, pointer()),
            Scope::Header => Source::Header(named(&program.headers, slot.index)),
            Scope::Query => Source::Query(named(&program.query, slot.index)),
            Scope::EventType => Source::EventType,
        }
    };
    map(&program.rules, &mut source, &mut |text| (*text).to_owned())
}

fn scope(source: &Source) -> Scope {
    match source {
        Source::Item(_) => Scope::Item,
        Source::Body(_) => Scope::Body,
        Source::Up(1, _) => Scope::Up1,
        Source::Up(2, _) => Scope::Up2,
        Source::Up(..) => Scope::Up3,
        Source::Header(_) => Scope::Header,
        Source::Query(_) => Scope::Query,
        Source::EventType => Scope::EventType,
    }
}

/// The pointers of one scope: those that begin alike share their beginning.
#[derive(Default)]
struct Tree {
    nodes: Vec<Node>,
}

struct Node {
    token: Token,
    /// True if it and all that lead to it are names.
    is_fixed: bool,
    pointer: String,
    children: Tree,
}

impl Tree {
    fn add(&mut self, pointer: &str) {
        let (mut tree, mut is_fixed) = (self, true);
        let mut rest = tokens(pointer).peekable();
        while let Some(token) = rest.next() {
            is_fixed &= matches!(token, Token::Name(_));
            let position = tree.nodes.iter().position(|node| node.token == token).unwrap_or_else(|| {
                tree.nodes.push(Node { token, is_fixed, pointer: String::new(), children: Tree::default() });
                tree.nodes.len() - 1
            });
            let node = &mut tree.nodes[position];
            if rest.peek().is_none() {
                pointer.clone_into(&mut node.pointer);
            }
            tree = &mut node.children;
        }
    }

    fn steps(&self) -> Vec<Step<'_>> {
        let mut steps = Vec::new();
        self.write(&mut steps);
        steps
    }

    fn write<'a>(&'a self, steps: &mut Vec<Step<'a>>) {
        for node in &self.nodes {
            let index = steps.len();
            let name = match &node.token {
                Token::Name(name) => Name::Member(name),
                Token::Option(name) => Name::Option(name),
                Token::Element { member, value } => Name::Element { member, value },
            };
            steps.push(Step { name, end: 0, pointer: &node.pointer, is_fixed: node.is_fixed });
            node.children.write(steps);
            // More than 255 steps are refused afterwards.
            steps[index].end = u8::try_from(steps.len()).unwrap_or(u8::MAX);
        }
    }
}

/// Returns rules with other names of values and other texts.
fn map<'r, S, T, S2, T2>(
    rules: &'r Rules<S, T>,
    source: &mut impl FnMut(&'r S) -> S2,
    text: &mut impl FnMut(&'r T) -> T2,
) -> Rules<S2, T2> {
    Rules {
        array: rules.array,
        batch: rules.batch.iter().map(|level| level.iter().map(&mut *text).collect()).collect(),
        values: values(&rules.values, source, text),
        ignore: rules.ignore.iter().map(|one| verdict(one, source, text)).collect(),
        reject: rules.reject.iter().map(|one| verdict(one, source, text)).collect(),
        events: rules
            .events
            .iter()
            .map(|event| Override {
                when: conditions(&event.when, source, text),
                values: values(&event.values, source, text),
            })
            .collect(),
    }
}

fn read<'r, S, S2>(read: &'r Read<S>, source: &mut impl FnMut(&'r S) -> S2) -> Read<S2> {
    Read { source: source(&read.source), lower: read.lower }
}

fn values<'r, S, T, S2, T2>(
    values: &'r Values<S, T>,
    source: &mut impl FnMut(&'r S) -> S2,
    text: &mut impl FnMut(&'r T) -> T2,
) -> Values<S2, T2> {
    let mut alternatives = |all: &'r Option<Vec<Text<S, T>>>| {
        all.as_ref().map(|all| {
            let one = |one: &'r Text<S, T>| match one {
                Text::Value(value) => Text::Value(read(value, source)),
                Text::Template(parts) => Text::Template(
                    parts
                        .iter()
                        .map(|part| match part {
                            Part::Fixed(fixed) => Part::Fixed(text(fixed)),
                            Part::Value(value) => Part::Value(read(value, source)),
                        })
                        .collect(),
                ),
            };
            all.iter().map(one).collect()
        })
    };
    let (event_type, user_id, key, time) = (
        alternatives(&values.event_type),
        alternatives(&values.user_id),
        alternatives(&values.key),
        alternatives(&values.time),
    );
    let hints = values.hints.each_ref().map(&mut alternatives);
    let data = values.data.as_ref().map(|data| match data {
        Data::First(sources) => Data::First(sources.iter().map(&mut *source).collect()),
        Data::Members(members) => Data::Members(
            members.iter().map(|(name, sources)| (text(name), sources.iter().map(&mut *source).collect())).collect(),
        ),
    });
    Values { event_type, user_id, key, time, data, hints }
}

fn verdict<'r, S, T, S2, T2>(
    verdict: &'r Verdict<S, T>,
    source: &mut impl FnMut(&'r S) -> S2,
    text: &mut impl FnMut(&'r T) -> T2,
) -> Verdict<S2, T2> {
    Verdict {
        when: conditions(&verdict.when, source, text),
        code: text(&verdict.code),
        message: text(&verdict.message),
    }
}

fn conditions<'r, S, T, S2, T2>(
    all: &'r [Condition<S, T>],
    source: &mut impl FnMut(&'r S) -> S2,
    text: &mut impl FnMut(&'r T) -> T2,
) -> Vec<Condition<S2, T2>> {
    let scalars = |all: &'r [Scalar<T>], text: &mut dyn FnMut(&'r T) -> T2| -> Vec<Scalar<T2>> {
        all.iter()
            .map(|scalar| match scalar {
                Scalar::Text(found) => Scalar::Text(text(found)),
                Scalar::Number(number) => Scalar::Number(*number),
                Scalar::Boolean(boolean) => Scalar::Boolean(*boolean),
            })
            .collect()
    };
    all.iter()
        .map(|condition| Condition {
            read: read(&condition.read, source),
            test: match &condition.test {
                Test::Exists => Test::Exists,
                Test::Missing => Test::Missing,
                Test::In(all) => Test::In(scalars(all, text)),
                Test::NotIn(all) => Test::NotIn(scalars(all, text)),
                Test::StartsWith(prefixes) => Test::StartsWith(prefixes.iter().map(&mut *text).collect()),
            },
        })
        .collect()
}

impl WrittenRules {
    /// Returns the names of the headers that the rules read.
    pub fn headers(&self) -> Vec<&str> {
        self.names(|source| if let Source::Header(name) = source { Some(name) } else { None })
    }

    /// Returns the names of the query parameters that the rules read.
    pub fn query(&self) -> Vec<&str> {
        self.names(|source| if let Source::Query(name) = source { Some(name) } else { None })
    }

    /// Returns the names of the options that the rules read.
    pub fn options(&self) -> Vec<String> {
        let mut names = Vec::new();
        let of = |source: &Source| {
            let found = tokens(source.pointer().unwrap_or_default());
            names.extend(found.filter_map(|token| if let Token::Option(name) = token { Some(name) } else { None }));
        };
        map(self, &mut { of }, &mut |_| ());
        names.sort_unstable();
        names.dedup();
        names
    }

    fn names(&self, name: impl Fn(&Source) -> Option<&str>) -> Vec<&str> {
        let mut names = Vec::new();
        map(self, &mut |source| names.extend(name(source)), &mut |_| ());
        names.sort_unstable();
        names.dedup();
        names
    }
}
