//! The law about the cost of large bodies.
//!
//! Instruction counts are identical on every machine, so quadratic behaviour is found wherever the suite runs. They are
//! available only if the sandbox counts them.

use inlet_core::contract::{Request, Spent, Translation, Value};

use super::{
    Findings, Subject,
    batches::{Batch, array_of},
    pointers::resolved,
    sample::{Sample, events, offset, with_members},
};

/// Sizes of the measured bodies, in bytes.
const SIZES: [usize; 3] = [1 << 10, 32 << 10, 1 << 20];

/// Maximum bytes of memory per byte of body.
const MOST: usize = 32;

/// Maximum ratio of the cost per byte between the second step and the first. A quadratic plugin reaches 32.
const STEEPER: u64 = 3;

/// Maximum number of items in a measured batch, below the sandbox's limit.
const ITEMS: usize = 4000;

/// Checks memory and instructions. The returned note also has the time.
pub(super) async fn cost_grows_linearly(subject: &Subject<'_>, findings: &mut Findings) -> String {
    let mut worst: Option<Cost> = None;
    for sample in subject.examples() {
        let Some(translation) = subject.translation(&sample.request).await else { continue };
        for (what, grown) in GROWN {
            if let Some(cost) = cost(subject, findings, (sample, &translation), what, grown).await {
                worst = Some(worst.map_or(cost, |worst| worst.or_worse(cost)));
            }
        }
    }
    worst.map_or_else(|| "not measured: it takes no example that was made large".to_owned(), |cost| cost.to_string())
}

/// Enlarges a sample, given its translation, to a number of bytes. Returns `None` if that is impossible for this
/// sample.
type Grow = fn(&Subject<'_>, &Sample, &Translation, usize) -> Option<Request>;

const GROWN: [(&str, Grow); 5] = [
    ("a long text", |_, sample, _, size| sample.with_members(&text(size))),
    ("many members", |_, sample, _, size| sample.with_members(&members(size))),
    ("a long text in its content", |_, sample, translation, size| in_content(sample, translation, &text(size))),
    ("many members in its content", |_, sample, translation, size| in_content(sample, translation, &members(size))),
    ("many items", many_items),
];

fn text(size: usize) -> String {
    format!("\"inlet_conformance_padding\":\"{}\"", "x".repeat(size))
}

fn members(size: usize) -> String {
    // Each member has twenty bytes with its comma.
    let members: Vec<String> = (0..size / 20).map(|number| format!("\"inlet_{number:06}\":1.25")).collect();
    members.join(",")
}

/// Adds members to the object that is the data of the first event.
fn in_content(sample: &Sample, translation: &Translation, members: &str) -> Option<Request> {
    let Some(Value::At(at)) = &events(translation).next()?.data else { return None };
    let content = resolved(sample.text(), at).filter(|content| content.len() < sample.text().trim().len())?;
    Some(sample.with_body(&with_members(sample.text(), offset(sample.text(), content)?, members)?))
}

/// Repeats the elements of the sample's batch, or makes the sample a batch.
fn many_items(subject: &Subject<'_>, sample: &Sample, translation: &Translation, size: usize) -> Option<Request> {
    let batch = Batch::of(sample.text(), translation);
    let elements = batch.as_ref().map_or_else(|| vec![sample.text()], |batch| batch.elements().to_vec());
    let bytes = elements.iter().map(|element| element.len() + 1).sum::<usize>() / elements.len();
    let most = subject.largest_batch().min(ITEMS);
    let count = (size / bytes.max(1)).clamp(1, most);
    let elements: Vec<&str> = elements.iter().copied().cycle().take(count).collect();
    Some(sample.with_body(&batch.map_or_else(|| array_of(&elements), |batch| batch.with(&elements))))
}

async fn cost(
    subject: &Subject<'_>,
    findings: &mut Findings,
    (sample, translation): (&Sample, &Translation),
    what: &str,
    grow: Grow,
) -> Option<Cost> {
    let mut measured = Vec::new();
    for size in SIZES {
        let request = grow(subject, sample, translation, size)?;
        let bytes = request.body.as_bytes().len();
        let call = subject.plugin.translate(&request, &subject.limits).await;
        match call.result {
            Ok(Ok(_)) => measured.push((bytes, call.spent)),
            // The plugin rejects this shape or size. Another law checks that it rejects without a fault.
            Ok(Err(_)) => return None,
            Err(fault) => {
                findings.add(format!(
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
        findings.add(format!(
            "{} with {what}: expected at most {MOST} bytes of memory for a byte of body, found {} for a KB",
            sample.name, cost.memory
        ));
    }
    let (early, late) = (Cost::between(&small, &middle), Cost::between(&middle, &large));
    if let (Some(Some(early)), Some(Some(late))) =
        (early.map(|cost| cost.instructions), late.map(|cost| cost.instructions))
        // Reading a byte costs at least one instruction, so tiny costs are not compared.
        && late > (early + 1024) * STEEPER
    {
        findings.add(format!(
            "{} with {what}: expected instructions to grow no faster than the body, found {early} for a KB up to 32 KB and \
             {late} for a KB beyond; look for a loop inside a loop",
            sample.name
        ));
    }
    Some(cost)
}

/// The cost of a further KB of body.
#[derive(Clone, Copy)]
struct Cost {
    instructions: Option<u64>,
    memory: usize,
    nanoseconds: u128,
}

impl Cost {
    /// Returns the cost between two measurements, or `None` if the bodies have the same size.
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
