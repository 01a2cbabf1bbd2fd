//! Plugins in raw WebAssembly, for behaviour that no toolchain emits and no SDK allows.
//!
//! A raw plugin behaves if the body is text and misbehaves if the body is bytes. It contains no SDK and no bindings, so
//! the tests exercise the canonical ABI alone.

use serde_json::Value;
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, DataSection, ExportKind, ExportSection, Function, FunctionSection, Instruction,
    MemorySection, MemoryType, Module, RefType, StartSection, TableSection, TableType, TypeSection,
    ValType::{I32, I64},
};

use crate::forge::{contract, encode, manifest, with_manifest};

/// Offset of the result of `translate`. Zeros are a translation without items.
pub const RESULT: i32 = 1024;

/// Index of the parameter of `translate` that distinguishes text (0) and bytes (1). It follows method, path, query and
/// headers, two parameters each.
const BODY_KIND: u32 = 8;

/// Indices of the module's functions.
const TRANSLATE: u32 = 0;
const POST_RETURN: u32 = 2;
const START: u32 = 3;

/// The parts of a raw plugin. By default every part behaves.
pub struct RawPlugin {
    /// Instructions of `translate` for bytes.
    pub translate: Vec<Instruction<'static>>,
    /// Instructions of `cabi_realloc`, by which the host allocates memory in the guest.
    pub realloc: Vec<Instruction<'static>>,
    /// Instructions of the post-return function, which the host calls after it has read the result.
    pub post_return: Vec<Instruction<'static>>,
    /// Instructions of the start function.
    pub start: Vec<Instruction<'static>>,
    /// Bytes at [`RESULT`].
    pub result: Vec<u8>,
    /// Initial pages of the memory.
    pub pages: u64,
    /// Initial elements of the table.
    pub elements: u64,
}

impl Default for RawPlugin {
    fn default() -> Self {
        Self {
            translate: vec![],
            // Always the same address: nothing reads the request.
            realloc: vec![Instruction::I32Const(4096)],
            post_return: vec![],
            start: vec![],
            result: vec![],
            pages: 2,
            elements: 1,
        }
    }
}

impl RawPlugin {
    /// Builds the component with a valid manifest.
    pub fn wasm(self) -> Vec<u8> {
        self.wasm_of(&manifest())
    }

    /// Builds the component with the given manifest.
    pub fn wasm_of(self, manifest: &Value) -> Vec<u8> {
        let (resolve, world) = contract("export translator;", str::to_owned);
        with_manifest(encode(self.module().finish(), &resolve, world), &manifest.to_string())
    }

    fn module(self) -> Module {
        let mut types = TypeSection::new();
        let flat = [vec![I32; 11], vec![I64], vec![I32; 4]].concat();
        types.ty().function(flat, [I32]);
        types.ty().function([I32; 4], [I32]);
        types.ty().function([I32], []);
        types.ty().function([], []);
        let mut functions = FunctionSection::new();
        for kind in [TRANSLATE, 1, POST_RETURN, START] {
            functions.function(kind);
        }
        let mut tables = TableSection::new();
        tables.table(TableType {
            element_type: RefType::FUNCREF,
            minimum: self.elements,
            maximum: None,
            table64: false,
            shared: false,
        });
        let mut memories = MemorySection::new();
        memories.memory(MemoryType {
            minimum: self.pages,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        let mut exports = ExportSection::new();
        exports.export("memory", ExportKind::Memory, 0);
        exports.export("inlet:source/translator@0.1.0#translate", ExportKind::Func, TRANSLATE);
        exports.export("cabi_realloc", ExportKind::Func, 1);
        exports.export("cabi_post_inlet:source/translator@0.1.0#translate", ExportKind::Func, POST_RETURN);
        let mut data = DataSection::new();
        data.active(0, &ConstExpr::i32_const(RESULT), self.result);
        let misbehaving = [
            vec![Instruction::LocalGet(BODY_KIND), Instruction::If(BlockType::Empty)],
            self.translate,
            vec![Instruction::End, Instruction::I32Const(RESULT)],
        ];
        let mut code = CodeSection::new();
        for body in [misbehaving.concat(), self.realloc, self.post_return, self.start] {
            let mut function = Function::new([]);
            body.iter().chain([&Instruction::End]).for_each(|instruction| {
                function.instruction(instruction);
            });
            code.function(&function);
        }
        let mut module = Module::new();
        module.section(&types).section(&functions).section(&tables).section(&memories).section(&exports);
        module.section(&StartSection { function_index: START }).section(&code).section(&data);
        module
    }
}

/// Returns the instructions of an endless loop.
pub fn endless() -> Vec<Instruction<'static>> {
    vec![Instruction::Loop(BlockType::Empty), Instruction::Br(0), Instruction::End]
}

/// Returns the instructions of a countdown, which takes about a nanosecond per step.
pub fn counting(from: i32) -> Vec<Instruction<'static>> {
    // A parameter that is not read otherwise.
    const LEFT: u32 = 0;
    vec![
        Instruction::I32Const(from),
        Instruction::LocalSet(LEFT),
        Instruction::Loop(BlockType::Empty),
        Instruction::LocalGet(LEFT),
        Instruction::I32Const(1),
        Instruction::I32Sub,
        Instruction::LocalTee(LEFT),
        Instruction::BrIf(0),
        Instruction::End,
    ]
}
