//! The JavaScript engine: built once, without a clock, randomness, files or network.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    path::Path,
    rc::Rc,
};

use boa_engine::{
    Context, JsArgs as _, JsError, JsNativeErrorKind, JsObject, JsResult, JsString, JsValue, NativeFunction, Script,
    Source,
    builtins::promise::PromiseState,
    context::{
        ContextBuilder, HostHooks,
        time::{Clock, JsInstant},
    },
    error::JsNativeError,
    job::{Job, JobExecutor, PromiseJob},
    js_string,
    module::IdleModuleLoader,
    object::{ObjectInitializer, builtins::JsFunction},
    property::Attribute,
    vm::RuntimeLimits,
};
use inlet_plugin::log;

use crate::{
    failure::{FILE, Failure},
    result,
};

/// The most nested calls of a script. Calls of built-in functions nest in the engine's own stack, which holds them.
const MAX_CALLS: usize = 256;

thread_local! {
    static ENGINE: RefCell<Option<Engine>> = const { RefCell::new(None) };
}

struct Engine {
    context: Context,
    clock: Rc<ArrivalClock>,
}

/// A script that uses the usual parts of the language and declares nothing.
#[cfg(target_family = "wasm")]
const WARM: &str =
    "(({ a, ...rest }) => [...a].map((x) => `${x}`.replace(/a/g, 'b') ?? rest))(JSON.parse('{\"a\":[1.5]}'))";

/// Builds the engine. The packer calls it and keeps the memory that it leaves, so that a request need not.
#[cfg(target_family = "wasm")]
#[expect(unsafe_code, reason = "the packer finds the function by its name, which must not be mangled")]
#[unsafe(export_name = "inlet-initialize")]
pub extern "C" fn initialize() {
    let mut engine = Engine::build();
    // What the engine makes only when it is first needed is made here too. There is no `main` in it, which is no matter.
    let _ = load(WARM, &mut engine.context);
    ENGINE.set(Some(engine));
}

/// Calls `work` with the engine, whose clock stands at the time of arrival.
pub(crate) fn with<T>(received_at_ms: u64, work: impl FnOnce(&mut Context) -> T) -> T {
    // Taken for good: another request must not see what a script left.
    let mut engine = ENGINE.take().unwrap_or_else(Engine::build);
    engine.clock.now_ms.set(received_at_ms);
    let result = work(&mut engine.context);
    // Nothing is freed: the sandbox ends with the request.
    std::mem::forget(engine);
    result
}

impl Engine {
    fn build() -> Self {
        let clock = Rc::new(ArrivalClock::default());
        let context = ContextBuilder::new()
            .clock(clock.clone())
            .host_hooks(Rc::new(Utc))
            .module_loader(Rc::new(IdleModuleLoader))
            .job_executor(Rc::new(Jobs::default()))
            .build();
        #[expect(clippy::expect_used, reason = "the builder's arguments are constant, so every test would fail")]
        let mut context = context.expect("an engine of constant parts");
        let mut limits = RuntimeLimits::default();
        limits.set_recursion_limit(MAX_CALLS);
        context.set_runtime_limits(limits);
        #[expect(clippy::expect_used, reason = "the names are constant, so every test would fail")]
        add_globals(&mut context).expect("globals of constant names");
        Self { context, clock }
    }
}

/// Runs a script's top level and returns its function `main`.
pub(crate) fn load(source: &str, context: &mut Context) -> Result<JsObject, Failure> {
    // The value of the last statement, because a `const main` is no property of the global object. Short, because it is compiled for
    // every request.
    let with_main = format!("{source}\n;main");
    let path = Path::new(FILE);
    let script = match Script::parse(Source::from_bytes(&with_main).with_path(path), None, context) {
        Ok(script) => script,
        Err(error) => {
            // Without the addition the position is one in the operator's text.
            let alone = Script::parse(Source::from_bytes(source).with_path(path), None, context);
            return Err(Failure::syntax(&alone.err().unwrap_or(error), context));
        }
    };
    let main = script.evaluate(context).map_err(|error| match is_missing_main(&error, context) {
        true => {
            Failure::new("The script defines no function `main`. Begin with `function main({ body }) {`.".to_owned())
        }
        false => Failure::thrown(&error, context),
    })?;
    let wrong = || Failure::new(format!("`main` is {}; expected a function.", result::described(&main)));
    main.as_callable().ok_or_else(wrong)
}

fn is_missing_main(error: &JsError, context: &mut Context) -> bool {
    let native = error.try_native(context);
    native.is_ok_and(|error| *error.kind() == JsNativeErrorKind::Reference && error.message() == "main is not defined")
}

/// Returns the value of a promise, and any other value as it is.
pub(crate) fn settled(value: JsValue, context: &mut Context) -> JsResult<JsValue> {
    let Some(promise) = value.as_promise() else { return Ok(value) };
    context.run_jobs()?;
    match promise.state() {
        PromiseState::Fulfilled(value) => Ok(value),
        PromiseState::Rejected(reason) => Err(JsError::from_opaque(reason)),
        PromiseState::Pending => Err(JsNativeError::error()
            .with_message("main returned a promise that nothing settles; a script has nothing to wait for")
            .into()),
    }
}

/// The clock stands at the time of arrival: the same request gives the same translation.
#[derive(Default)]
struct ArrivalClock {
    now_ms: Cell<u64>,
}

impl Clock for ArrivalClock {
    fn now(&self) -> JsInstant {
        let now_ms = self.now_ms.get();
        JsInstant::new(now_ms / 1000, (now_ms % 1000) as u32 * 1_000_000)
    }

    fn system_time_millis(&self) -> i64 {
        i64::try_from(self.now_ms.get()).unwrap_or(i64::MAX)
    }
}

/// Local time is UTC.
struct Utc;

impl HostHooks for Utc {
    fn local_timezone_offset_seconds(&self, _: i64) -> i32 {
        0
    }
}

/// The jobs of promises. There are no timers to wait for.
#[derive(Default)]
struct Jobs {
    promises: RefCell<VecDeque<PromiseJob>>,
}

impl JobExecutor for Jobs {
    fn enqueue_job(self: Rc<Self>, job: Job, _: &mut Context) {
        if let Job::PromiseJob(job) = job {
            self.promises.borrow_mut().push_back(job);
        }
    }

    fn run_jobs(self: Rc<Self>, context: &mut Context) -> JsResult<()> {
        loop {
            let Some(job) = self.promises.borrow_mut().pop_front() else { return Ok(()) };
            job.call(context)?;
        }
    }
}

/// Adds `console` and `at`, and gives `Math.random` a fixed stream.
fn add_globals(context: &mut Context) -> JsResult<()> {
    let mut console = ObjectInitializer::new(context);
    for name in ["debug", "log", "info", "warn", "error"] {
        let level = match name {
            "debug" => log::Level::Debug,
            "warn" => log::Level::Warn,
            "error" => log::Level::Error,
            _ => log::Level::Info,
        };
        let write = move |_: &JsValue, arguments: &[JsValue], context: &mut Context| {
            log::write(level, &line(arguments, context));
            Ok(JsValue::undefined())
        };
        console.function(NativeFunction::from_copy_closure(write), JsString::from(name), 0);
    }
    let console = console.build();
    context.register_global_property(js_string!("console"), console, Attribute::all())?;
    let at = NativeFunction::from_fn_ptr(|_, arguments, context| {
        let pointer = arguments.get_or_undefined(0).to_string(context)?;
        Ok(result::pointer(pointer, context).into())
    });
    context.register_global_builtin_callable(js_string!("at"), 1, at)?;
    let random = NativeFunction::from_fn_ptr(|_, _, _| Ok(JsValue::from(random())));
    let random: JsFunction =
        boa_engine::object::FunctionObjectBuilder::new(context.realm(), random).name(js_string!("random")).build();
    let math = context.global_object().get(js_string!("Math"), context)?;
    if let Some(math) = math.as_object() {
        math.set(js_string!("random"), random, true, context)?;
    }
    Ok(())
}

/// Returns the text of a log line, as `console.log` writes it: strings as they are, other values as JSON where they have it.
fn line(values: &[JsValue], context: &mut Context) -> String {
    let text = |value: &JsValue, context: &mut Context| match value.as_string() {
        Some(text) => text.to_std_string_lossy(),
        None => match value.as_object().is_some_and(|object| !object.is_callable()) {
            true => crate::to_json::text(value, context).ok().flatten().unwrap_or_else(|| value.display().to_string()),
            false => value.display().to_string(),
        },
    };
    values.iter().map(|value| text(value, context)).collect::<Vec<_>>().join(" ")
}

/// Returns the next number of a stream that is the same for every request (SplitMix64).
fn random() -> f64 {
    thread_local! {
        static STATE: Cell<u64> = const { Cell::new(0) };
    }
    let state = STATE.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
    STATE.set(state);
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    // 53 bits, as many as a number holds.
    ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// The bytes that the engine's own generator of random numbers starts with. Nothing draws from it: `Math.random` is replaced.
#[cfg(target_family = "wasm")]
#[expect(unsafe_code, reason = "getrandom calls its custom source by this name and passes a buffer as a pointer")]
#[unsafe(no_mangle)]
unsafe extern "Rust" fn __getrandom_v03_custom(bytes: *mut u8, length: usize) -> Result<(), std::num::NonZeroU32> {
    // SAFETY: getrandom passes a buffer of this length.
    unsafe { std::ptr::write_bytes(bytes, 0, length) };
    Ok(())
}
