//! The law about what large bodies cost.
//!
//! Instructions are the same number on every machine, so that a plugin that is quadratic in something is found whatever it
//! runs on. They are counted only where the sandbox counts them.

use inlet_core::contract::{Request, Spent};

use super::{Found, Run, batches::array_of, sample::Sample};

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
        for (what, grown) in [("a long text", long as Grow), ("many members", wide), ("many items", many)] {
            if let Some(cost) = cost(run, found, sample, what, grown).await {
                worst = Some(worst.map_or(cost, |worst| worst.or_worse(cost)));
            }
        }
    }
    worst.map_or_else(|| "not measured: it takes no example that was made large".to_owned(), |cost| cost.to_string())
}

/// Makes a sample as large as asked. None: this sample cannot be made so.
type Grow = fn(&Run<'_>, &Sample, usize) -> Option<Request>;

fn long(_: &Run<'_>, sample: &Sample, size: usize) -> Option<Request> {
    sample.with_members(&format!("\"inlet_conformance_padding\":\"{}\"", "x".repeat(size)))
}

fn wide(_: &Run<'_>, sample: &Sample, size: usize) -> Option<Request> {
    // Twenty bytes each, with the comma.
    let members: Vec<String> = (0..size / 20).map(|number| format!("\"inlet_{number:06}\":1.25")).collect();
    sample.with_members(&members.join(","))
}

fn many(run: &Run<'_>, sample: &Sample, size: usize) -> Option<Request> {
    let fitting = (size / sample.text().len().max(1)).max(1);
    let most = run.plugin.manifest().sender.as_ref().and_then(|sender| sender.batch_max).unwrap_or(u32::MAX);
    let count = fitting.min(ITEMS).min(usize::try_from(most).unwrap_or(usize::MAX));
    Some(sample.with_body(&array_of(&vec![sample.text(); count])))
}

async fn cost(run: &Run<'_>, found: &mut Found, sample: &Sample, what: &str, grow: Grow) -> Option<Cost> {
    let mut measured = Vec::new();
    for size in SIZES {
        let request = grow(run, sample, size)?;
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
