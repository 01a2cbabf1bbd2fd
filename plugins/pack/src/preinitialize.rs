//! Runs a plugin's initialization once, when it is packed, and keeps the memory that it leaves.
//!
//! A plugin starts in a fresh sandbox for every request. What is the same for all of them, such as the built-in objects of a
//! JavaScript engine, can be made here: a module that exports [`INITIALIZE`] is run in an interpreter up to that function's end,
//! and its memory becomes the data of the packed module, which no longer exports the function.

use anyhow::{Context as _, Result, anyhow, bail};
use futures_util::FutureExt as _;
use wasmi::{Engine, ExternType, Instance, Linker, Module, Store, Val};
use wasmparser::ExternalKind;
use wasmtime_wizer::{InstanceState, SnapshotVal, ValType, Wizer};

use crate::sections::{Section, sections};

/// The export that a module is initialized by. It takes nothing, returns nothing, and calls nothing of the host.
pub const INITIALIZE: &str = "inlet-initialize";

/// Section number of a module's exports.
const EXPORT: u8 = 7;

/// Returns the module as its initialization leaves it, or `None` if it has none.
pub(crate) fn preinitialize(module: &[u8]) -> Result<Option<Vec<u8>>> {
    if !exports_initialization(module)? {
        return Ok(None);
    }
    let mut wizer = Wizer::new();
    wizer.init_func(INITIALIZE);
    let (context, instrumented) = wizer.instrument(module).map_err(plain)?;
    let mut instance = initialize(&instrumented).with_context(|| format!("its function {INITIALIZE:?} failed"))?;
    // The state is at hand, so there is nothing to wait for.
    let snapshot = wizer.snapshot(&context, &mut instance).now_or_never().context("the snapshot waits")?;
    snapshot.map(Some).map_err(plain)
}

fn exports_initialization(module: &[u8]) -> Result<bool> {
    let sections = sections(module)?;
    let exports: Vec<wasmparser::Export<'_>> =
        sections.iter().find(|section| section.id == EXPORT).map_or(Ok(vec![]), Section::items)?;
    Ok(exports.iter().any(|export| export.name == INITIALIZE && export.kind == ExternalKind::Func))
}

fn plain(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow!("{error:#}")
}

/// Instantiates the module and calls its initialization.
fn initialize(module: &[u8]) -> Result<Initialized> {
    let engine = Engine::default();
    let module = Module::new(&engine, module)?;
    let mut store = Store::new(&engine, ());
    let mut linker = Linker::<()>::new(&engine);
    for import in module.imports() {
        let ExternType::Func(function) = import.ty() else {
            bail!("it imports {:?}, which is no function", import.name())
        };
        let name = import.name().to_owned();
        linker.func_new(import.module(), import.name(), function.clone(), move |_, _, _| {
            Err(wasmi::Error::new(format!("it calls {name:?}, and the host is not there yet")))
        })?;
    }
    let instance = linker.instantiate_and_start(&mut store, &module)?;
    instance.get_typed_func::<(), ()>(&store, INITIALIZE)?.call(&mut store, ())?;
    Ok(Initialized { store, instance })
}

/// An initialized instance, of which the globals and memories are read.
struct Initialized {
    store: Store<()>,
    instance: Instance,
}

impl InstanceState for Initialized {
    #[expect(clippy::panic, reason = "the trait has no errors; a module of plain types has none of these")]
    async fn global_get(&mut self, name: &str, _: ValType) -> SnapshotVal {
        match self.instance.get_global(&self.store, name).map(|global| global.get(&self.store)) {
            Some(Val::I32(value)) => SnapshotVal::I32(value),
            Some(Val::I64(value)) => SnapshotVal::I64(value),
            Some(Val::F32(value)) => SnapshotVal::F32(value.to_bits()),
            Some(Val::F64(value)) => SnapshotVal::F64(value.to_bits()),
            other => panic!("the global {name:?} is {other:?}, which cannot be kept"),
        }
    }

    async fn memory_contents(&mut self, name: &str, contents: impl FnOnce(&[u8]) + Send) {
        let memory = self.instance.get_memory(&self.store, name);
        contents(memory.map_or(&[][..], |memory| memory.data(&self.store)));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use wasm_encoder::{
        CodeSection, EntityType, ExportKind, ExportSection, Function, FunctionSection, ImportSection, Instruction,
        MemArg, MemorySection, MemoryType, Module, TypeSection,
    };
    use wasmparser::{Parser, Payload};

    use super::*;

    /// Returns a module that writes 42 at the address 8 when `name` is called, after a call of the host if `calls` is true.
    fn module(name: &str, calls: bool) -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let mut imports = ImportSection::new();
        imports.import("host", "log", EntityType::Function(0));
        let mut functions = FunctionSection::new();
        functions.function(0);
        let mut memories = MemorySection::new();
        let one_page = MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: None };
        memories.memory(one_page);
        let mut exports = ExportSection::new();
        exports.export(name, ExportKind::Func, 1).export("memory", ExportKind::Memory, 0);
        let mut function = Function::new([]);
        if calls {
            function.instruction(&Instruction::Call(0));
        }
        function
            .instruction(&Instruction::I32Const(8))
            .instruction(&Instruction::I32Const(42))
            .instruction(&Instruction::I32Store8(MemArg { offset: 0, align: 0, memory_index: 0 }))
            .instruction(&Instruction::End);
        let mut code = CodeSection::new();
        code.function(&function);
        let mut module = Module::new();
        module
            .section(&types)
            .section(&imports)
            .section(&functions)
            .section(&memories)
            .section(&exports)
            .section(&code);
        module.finish()
    }

    #[test]
    fn the_memory_of_the_initialization_is_kept_and_its_export_is_not() {
        let initialized = preinitialize(&module(INITIALIZE, false)).unwrap().unwrap();
        let (mut data, mut exports) = (Vec::new(), Vec::new());
        for payload in Parser::new(0).parse_all(&initialized) {
            match payload.unwrap() {
                Payload::DataSection(segments) => {
                    data.extend(segments.into_iter().map(|one| one.unwrap().data.to_vec()))
                }
                Payload::ExportSection(found) => {
                    exports.extend(found.into_iter().map(|one| one.unwrap().name.to_owned()))
                }
                _ => {}
            }
        }
        assert_eq!((data, exports), (vec![vec![42]], vec!["memory".to_owned()]));
    }

    #[test]
    fn a_module_without_an_initialization_stays() {
        assert!(preinitialize(&module("run", false)).unwrap().is_none());
    }

    #[test]
    fn an_initialization_that_calls_the_host_is_refused() {
        let error = format!("{:#}", preinitialize(&module(INITIALIZE, true)).unwrap_err());
        assert!(error.contains(r#"its function "inlet-initialize" failed"#), "{error}");
        assert!(error.contains(r#"it calls "log", and the host is not there yet"#), "{error}");
    }
}
