//! The index spaces of a component, so that tests can append sections that refer to existing entries.

use wasm_encoder::{
    Alias, CanonicalFunctionSection, CanonicalOption, CodeSection, ComponentAliasSection, ComponentExportKind,
    ComponentImportSection, ComponentSection, ComponentTypeRef, ComponentTypeSection, EntityType, ExportKind, Function,
    FunctionSection, ImportSection, InstanceSection, InstanceType, Instruction, Module, ModuleArg, ModuleSection,
    PrimitiveValType, StartSection, TypeBounds, TypeSection, ValType,
};
use wasmparser::{CanonicalFunction, ComponentAlias, ComponentExternalKind as Kind, ExternalKind, Parser, Payload};

/// The number of entries in each index space of a component.
#[derive(Default)]
pub struct IndexSpaces {
    types: u32,
    functions: u32,
    instances: u32,
    pub components: u32,
    core_functions: u32,
    core_instances: u32,
    modules: u32,
}

impl IndexSpaces {
    pub fn of(wasm: &[u8]) -> Self {
        let mut spaces = Self::default();
        let mut depth = 0;
        for payload in Parser::new(0).parse_all(wasm) {
            match payload.unwrap() {
                Payload::ModuleSection { .. } => {
                    spaces.modules += u32::from(depth == 0);
                    depth += 1;
                }
                Payload::ComponentSection { .. } => {
                    spaces.components += u32::from(depth == 0);
                    depth += 1;
                }
                Payload::End(_) => depth -= 1,
                payload if depth == 0 => spaces.count(payload),
                _ => {}
            }
        }
        spaces
    }

    fn count(&mut self, payload: Payload<'_>) {
        match payload {
            Payload::ComponentTypeSection(section) => self.types += section.count(),
            Payload::ComponentInstanceSection(section) => self.instances += section.count(),
            Payload::InstanceSection(section) => self.core_instances += section.count(),
            Payload::ComponentImportSection(section) => {
                section.into_iter().for_each(|import| self.one(import.unwrap().ty.kind()));
            }
            Payload::ComponentExportSection(section) => {
                section.into_iter().for_each(|export| self.one(export.unwrap().kind));
            }
            Payload::ComponentAliasSection(section) => section.into_iter().for_each(|alias| match alias.unwrap() {
                ComponentAlias::InstanceExport { kind, .. } => self.one(kind),
                ComponentAlias::CoreInstanceExport { kind: ExternalKind::Func, .. } => self.core_functions += 1,
                ComponentAlias::CoreInstanceExport { .. } => {}
                ComponentAlias::Outer { kind, .. } => panic!("an alias of {kind:?} is not counted here"),
            }),
            Payload::ComponentCanonicalSection(section) => section.into_iter().for_each(|function| match function {
                Ok(CanonicalFunction::Lift { .. }) => self.functions += 1,
                _ => self.core_functions += 1,
            }),
            _ => {}
        }
    }

    fn one(&mut self, kind: Kind) {
        match kind {
            Kind::Type => self.types += 1,
            Kind::Func => self.functions += 1,
            Kind::Instance => self.instances += 1,
            Kind::Component => self.components += 1,
            Kind::Module => self.modules += 1,
            Kind::Value => {}
        }
    }
}

/// A host function, with its type in the component and in the module.
pub struct HostFunction {
    pub interface: &'static str,
    pub name: &'static str,
    pub kind: InstanceType,
    pub core: (Vec<ValType>, Vec<ValType>),
}

/// Returns the host function `log(level, message)`. Its core type has three numbers: level, offset and length.
pub fn log() -> HostFunction {
    let mut kind = InstanceType::new();
    kind.ty().defined_type().enum_type(["debug", "info", "warn", "error"]);
    kind.export("level", ComponentTypeRef::Type(TypeBounds::Eq(0)));
    let parameters = [
        ("level", wasm_encoder::ComponentValType::Type(1)),
        ("message", wasm_encoder::ComponentValType::Primitive(PrimitiveValType::String)),
    ];
    kind.ty().function().params(parameters).result(None);
    kind.export("log", ComponentTypeRef::Func(2));
    HostFunction { interface: "inlet:source/log@0.1.0", name: "log", kind, core: (vec![ValType::I32; 3], vec![]) }
}

/// Returns a host function without parameters that returns one number.
pub fn number(interface: &'static str, name: &'static str) -> HostFunction {
    let mut kind = InstanceType::new();
    let none: [(&str, PrimitiveValType); 0] = [];
    kind.ty().function().params(none).result(Some(PrimitiveValType::U64.into()));
    kind.export(name, ComponentTypeRef::Func(0));
    HostFunction { interface, name, kind, core: (vec![], vec![ValType::I64]) }
}

/// Appends a module to a component, which runs `body` when it is instantiated. Its imports are the functions `host`, in
/// this order, without adapter code: they use the memory of the component's first module.
pub fn with_start(mut wasm: Vec<u8>, host: &[HostFunction], body: &[Instruction<'_>]) -> Vec<u8> {
    let spaces = IndexSpaces::of(&wasm);
    let (mut types, mut imports, mut aliases) =
        (ComponentTypeSection::new(), ComponentImportSection::new(), ComponentAliasSection::new());
    let mut lowered = CanonicalFunctionSection::new();
    let (mut core_types, mut core_imports) = (TypeSection::new(), ImportSection::new());
    let mut given = Vec::new();
    for (nth, function) in (0..).zip(host) {
        types.instance(&function.kind);
        imports.import(function.interface, ComponentTypeRef::Instance(spaces.types + nth));
        aliases.alias(Alias::InstanceExport {
            instance: spaces.instances + nth,
            kind: ComponentExportKind::Func,
            name: function.name,
        });
        lowered.lower(spaces.functions + nth, [CanonicalOption::UTF8, CanonicalOption::Memory(0)]);
        let (parameters, results) = function.core.clone();
        core_types.ty().function(parameters, results);
        core_imports.import("host", function.name, EntityType::Function(nth));
        given.push((function.name, ExportKind::Func, spaces.core_functions + nth));
    }
    let count = host.len() as u32;
    core_types.ty().function([], []);
    let mut functions = FunctionSection::new();
    functions.function(count);
    let mut start = Function::new([]);
    body.iter().chain([&Instruction::End]).for_each(|instruction| {
        start.instruction(instruction);
    });
    let mut code = CodeSection::new();
    code.function(&start);
    let mut module = Module::new();
    module.section(&core_types).section(&core_imports).section(&functions);
    module.section(&StartSection { function_index: count }).section(&code);
    let mut instances = InstanceSection::new();
    instances.export_items(given);
    instances.instantiate(spaces.modules, [("host", ModuleArg::Instance(spaces.core_instances))]);
    types.append_to_component(&mut wasm);
    imports.append_to_component(&mut wasm);
    aliases.append_to_component(&mut wasm);
    lowered.append_to_component(&mut wasm);
    ModuleSection(&module).append_to_component(&mut wasm);
    instances.append_to_component(&mut wasm);
    wasm
}
