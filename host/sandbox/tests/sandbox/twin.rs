//! Components whose machine code is written out here: what no toolchain emits, and so no SDK can be made to do.
//!
//! A twin behaves when it is given text and misbehaves when it is given bytes. The SDK and its bindings are not in it, so
//! that the host faces the canonical ABI alone.

use serde_json::Value;
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, DataSection, ExportKind, ExportSection, Function, FunctionSection, Instruction,
    MemorySection, MemoryType, Module, RefType, StartSection, TableSection, TableType, TypeSection,
    ValType::{I32, I64},
};

use crate::forge::{contract, encode, manifest, with_manifest};

/// Where `translate` leaves its result. Zeros there are a translation without items.
pub const RESULT: i32 = 1024;

/// Which of the parameters of `translate` says whether the body is text (0) or bytes (1): after method, path, query and
/// headers, two each.
const BODY_KIND: u32 = 8;

/// Functions by their place in the module.
const TRANSLATE: u32 = 0;
const POST_RETURN: u32 = 2;
const START: u32 = 3;

/// The module of a twin. Every part behaves until it is replaced.
pub struct Twin {
    /// What `translate` does with bytes.
    pub translate: Vec<Instruction<'static>>,
    /// What the host's request for room in the plugin's memory does.
    pub realloc: Vec<Instruction<'static>>,
    /// What the host's word that it has read the result does.
    pub post_return: Vec<Instruction<'static>>,
    /// What instantiation does.
    pub start: Vec<Instruction<'static>>,
    /// What lies at [`RESULT`].
    pub result: Vec<u8>,
    /// Pages of memory that it starts with.
    pub pages: u64,
    /// Elements of the table that it starts with.
    pub elements: u64,
}

impl Default for Twin {
    fn default() -> Self {
        Self {
            translate: vec![],
            // The same room every time: a twin does not read what it is given.
            realloc: vec![Instruction::I32Const(4096)],
            post_return: vec![],
            start: vec![],
            result: vec![],
            pages: 2,
            elements: 1,
        }
    }
}

impl Twin {
    /// The whole file, with a manifest.
    pub fn wasm(self) -> Vec<u8> {
        self.wasm_of(&manifest())
    }

    /// The whole file, with this manifest.
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

/// Never ends.
pub fn endless() -> Vec<Instruction<'static>> {
    vec![Instruction::Loop(BlockType::Empty), Instruction::Br(0), Instruction::End]
}

/// Counts down from this number, which takes about a nanosecond for each.
pub fn counting(from: i32) -> Vec<Instruction<'static>> {
    // A parameter that a twin does not read.
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
