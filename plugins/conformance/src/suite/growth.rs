//! The law about what large bodies cost.
//!
//! Instructions are the same number on every machine, so that a plugin that is quadratic in something is found whatever it
//! runs on. They are counted only where the sandbox counts them.

use inlet_core::contract::{Request, Spent, Translation, Value};

use super::{
    Found, Run,
    batches::{Batch, array_of},
    sample::{Sample, events, offset, with_members},
    values::resolved,
};

/// Bytes of body that are measured.
const SIZES: [usize; 3] = [1 << 10, 32 << 10, 1 << 20];

/// Bytes of memory for a byte of body.
const MOST: usize = 32;

/// How much steeper the second stretch may be than the first. A plugin that is quadratic is 32 times as steep.
const STEEPER: u64 = 3;

/// Items of a batch that is measured: below what the sandbox takes.
const ITEMS: usize = 4000;

/// Judges memory and instructions; time is told.
pub(super) async fn growth(run: &Run<'_>, found: &mut Found) -> String {
    let mut worst: Option<Cost> = None;
    for sample in run.examples() {
        let Some(translation) = run.translation(&sample.request).await else { continue };
        for (what, grown) in GROWN {
            if let Some(cost) = cost(run, found, (sample, &translation), what, grown).await {
                worst = Some(worst.map_or(cost, |worst| worst.or_worse(cost)));
            }
        }
    }
    worst.map_or_else(|| "not measured: it takes no example that was made large".to_owned(), |cost| cost.to_string())
}

/// Makes a sample, which becomes this, as large as asked. None: this sample cannot be made so.
type Grow = fn(&Run<'_>, &Sample, &Translation, usize) -> Option<Request>;

const GROWN: [(&str, Grow); 5] = [
    ("a long text", |_, sample, _, size| sample.with_members(&text(size))),
    ("many members", |_, sample, _, size| sample.with_members(&members(size))),
    ("a long text in its content", |_, sample, translation, size| inside(sample, translation, &text(size))),
    ("many members in its content", |_, sample, translation, size| inside(sample, translation, &members(size))),
    ("many items", many),
];

fn text(size: usize) -> String {
    format!("\"inlet_conformance_padding\":\"{}\"", "x".repeat(size))
}

fn members(size: usize) -> String {
    // Twenty bytes each, with the comma.
    let members: Vec<String> = (0..size / 20).map(|number| format!("\"inlet_{number:06}\":1.25")).collect();
    members.join(",")
}

/// More members in the object that is the first event's content.
fn inside(sample: &Sample, translation: &Translation, members: &str) -> Option<Request> {
    let Some(Value::At(at)) = &events(translation).next()?.data else { return None };
    let content = resolved(sample.text(), at).filter(|content| content.len() < sample.text().trim().len())?;
    Some(sample.with_body(&with_members(sample.text(), offset(sample.text(), content)?, members)?))
}

/// More elements in the batch that the sample is, or an array of it.
fn many(run: &Run<'_>, sample: &Sample, translation: &Translation, size: usize) -> Option<Request> {
    let batch = Batch::of(sample.text(), translation);
    let elements = batch.as_ref().map_or_else(|| vec![sample.text()], |batch| batch.elements().to_vec());
    let bytes = elements.iter().map(|element| element.len() + 1).sum::<usize>() / elements.len();
    let most = run.plugin.manifest().sender.as_ref().and_then(|sender| sender.batch_max).unwrap_or(u32::MAX);
    let most = usize::try_from(most).unwrap_or(usize::MAX).clamp(1, ITEMS);
    let count = (size / bytes.max(1)).clamp(1, most);
    let elements: Vec<&str> = elements.iter().copied().cycle().take(count).collect();
    Some(sample.with_body(&batch.map_or_else(|| array_of(&elements), |batch| batch.with(&elements))))
}

async fn cost(
    run: &Run<'_>,
    found: &mut Found,
    (sample, translation): (&Sample, &Translation),
    what: &str,
    grow: Grow,
) -> Option<Cost> {
    let mut measured = Vec::new();
    for size in SIZES {
        let request = grow(run, sample, translation, size)?;
        let bytes = request.body.as_bytes().len();
        let call = run.plugin.translate(&request, &run.limits).await;
        match call.result {
            Ok(Ok(_)) => measured.push((bytes, call.spent)),
            // It takes none of this shape, or not so much of it; that it says so is another law's.
            Ok(Err(_)) => return None,
            Err(fault) => {
                found.add(format!(
                    "{} with {what}, {bytes} bytes: expected a translation, found a fault: {fault}",
                    sample.name
                ));
                return None;
            }
        }
    }
    let [small, middle, large] = <[_; 3]>::try_from(measured).ok()?;
    let cost = Cost::between(&small, &large)?;
    if cost.memory > MOST << 10 {
        found.add(format!(
            "{} with {what}: expected at most {MOST} bytes of memory for a byte of body, found {} for a KB",
            sample.name, cost.memory
        ));
    }
    let (early, late) = (Cost::between(&small, &middle), Cost::between(&middle, &large));
    if let (Some(Some(early)), Some(Some(late))) =
        (early.map(|cost| cost.instructions), late.map(|cost| cost.instructions))
        // One instruction for a byte is what looking at it costs.
        && late > (early + 1024) * STEEPER
    {
        found.add(format!(
            "{} with {what}: expected instructions to grow no faster than the body, found {early} for a KB up to 32 KB and \
             {late} for a KB beyond; look for a loop inside a loop",
            sample.name
        ));
    }
    Some(cost)
}

/// What a further KB of body costs.
#[derive(Clone, Copy)]
struct Cost {
    instructions: Option<u64>,
    memory: usize,
    nanoseconds: u128,
}

impl Cost {
    /// None: the bodies are of one size.
    fn between((smaller, less): &(usize, Spent), (larger, more): &(usize, Spent)) -> Option<Self> {
        let bytes = larger.checked_sub(*smaller).filter(|bytes| *bytes > 0)?;
        let instructions = less.instructions.zip(more.instructions);
        Some(Self {
            instructions: instructions
                .map(|(less, more)| more.saturating_sub(less).saturating_mul(1024) / bytes as u64),
            memory: more.memory.saturating_sub(less.memory).saturating_mul(1024) / bytes,
            nanoseconds: more.wall.saturating_sub(less.wall).as_nanos() * 1024 / bytes as u128,
        })
    }

    fn or_worse(self, other: Self) -> Self {
        Self {
            instructions: self.instructions.max(other.instructions),
            memory: self.memory.max(other.memory),
            nanoseconds: self.nanoseconds.max(other.nanoseconds),
        }
    }
}

impl std::fmt::Display for Cost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.instructions {
            Some(instructions) => write!(f, "{instructions} instructions, ")?,
            None => f.write_str("instructions not counted, ")?,
        }
        write!(f, "{} bytes of memory and {} ns per KB at most", self.memory, self.nanoseconds)
    }
}
