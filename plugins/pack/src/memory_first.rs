//! Rearranges a component so that its memory exists before its code.
//!
//! A function of the host reads its arguments from the plugin's memory, so the component must name the memory before it
//! can pass the function to the module. `wit-component` leaves the memory in the module, where the compiler put it. The
//! module then gets a stand-in that calls through a table, and another module fills the table once the memory exists:
//! three instances, two tables and a start function for every request.
//!
//! With the memory and its data in a module of their own, the function is passed as it is: two instances, one table and
//! no start function. A small call costs 7 % less, and another 2 % because its result is no longer freed.

use anyhow::{Context as _, Result};
use wasm_encoder::{
    Alias, CanonicalFunctionSection, Component, ComponentAliasSection, ComponentExportKind, ExportKind,
    InstanceSection, ModuleArg, RawSection,
};
use wasmparser::{
    CanonicalFunction, CanonicalOption, ComponentAlias, ComponentExternalKind, ExternalKind, Instance, Validator,
};

use crate::{
    memory_module::{MEMORY_IMPORT, REALLOC, SplitModule},
    sections::{Section, sections},
};

/// Section numbers of a component.
const CUSTOM: u8 = 0;
const MODULE: u8 = 1;
const CORE_INSTANCE: u8 = 2;
const ALIAS: u8 = 6;
const CANONICAL: u8 = 8;

/// The sections in which `wit-component` instantiates a module that imports one function: the module, the stand-in and
/// its instance, the module's instance and memory, the module that fills the table, the function, and that module's
/// instance.
const SHAPE: [u8; 10] =
    [MODULE, MODULE, CORE_INSTANCE, ALIAS, CORE_INSTANCE, ALIAS, MODULE, ALIAS, CANONICAL, CORE_INSTANCE];

/// Returns the component with its memory in a module of its own, or `None` if it is not put together as expected. That is
/// so for a plugin that imports more than one function (WASI), or none.
pub(crate) fn memory_first(component: &[u8]) -> Result<Option<Vec<u8>>> {
    let sections = sections(component)?;
    let Some(start) = sections.iter().position(|section| section.id == MODULE) else { return Ok(None) };
    let (before, rest) = sections.split_at(start);
    let Some((part, after)) = rest.split_at_checked(SHAPE.len()) else { return Ok(None) };
    if !part.iter().map(|section| section.id).eq(SHAPE) {
        return Ok(None);
    }
    let Some(part) = Part::read(part)? else { return Ok(None) };
    let mut component = Component::new();
    for section in before {
        component.section(&section.raw());
    }
    part.write(&mut component);
    for section in after {
        match section.id {
            // The names of the parts are wrong now, and nobody needs them.
            CUSTOM if section.is_named("component-name") => &mut component,
            CANONICAL => match without_clean_up(section)? {
                Some(lifted) => component.section(&lifted),
                None => return Ok(None),
            },
            _ => component.section(&section.raw()),
        };
    }
    let component = component.finish();
    Validator::new().validate_all(&component).context("the rearranged component is not valid")?;
    Ok(Some(component))
}

/// The part that is rearranged.
struct Part<'a> {
    module: SplitModule,
    /// Types that the function needs: instance and name.
    types: Vec<(u32, &'a str)>,
    /// The function of the host: instance and name.
    function: (u32, &'a str),
    /// The module's import: module and name.
    import: (&'a str, &'a str),
    /// The section that adapts the function to the module.
    lowered: Section<'a>,
}

impl<'a> Part<'a> {
    fn read(sections: &[Section<'a>]) -> Result<Option<Self>> {
        let [module, _, _, types, instances, memory, _, function, lowered, _] = sections else { return Ok(None) };
        let [ComponentAlias::InstanceExport { kind: ComponentExternalKind::Func, instance_index, name }] =
            function.items()?[..]
        else {
            return Ok(None);
        };
        let function = (instance_index, name);
        let [ComponentAlias::CoreInstanceExport { kind: ExternalKind::Memory, instance_index: 2, name: "memory" }] =
            memory.items()?[..]
        else {
            return Ok(None);
        };
        let instances: Vec<Instance<'a>> = instances.items()?;
        let [Instance::FromExports(exports), Instance::Instantiate { module_index: 0, args }] = &instances[..] else {
            return Ok(None);
        };
        let ([export], [argument]) = (&exports[..], &args[..]) else { return Ok(None) };
        let import = (argument.name, export.name);
        let Some(types) = types_and_stand_in(types)? else { return Ok(None) };
        if !is_plain(&lowered.items()?) {
            return Ok(None);
        }
        let Some(module) = SplitModule::split(module.content)? else { return Ok(None) };
        Ok(Some(Self { module, types, function, import, lowered: *lowered }))
    }

    /// Writes the part so that what follows finds everything under the same numbers: the module is instance 2, its
    /// memory is memory 0, and there are two functions.
    fn write(&self, component: &mut Component) {
        let module = |content| RawSection { id: MODULE, data: content };
        component.section(&module(&self.module.code)).section(&module(&self.module.memory));
        component.section(InstanceSection::new().instantiate::<_, &str>(1, []));
        let mut aliases = ComponentAliasSection::new();
        for (instance, name) in &self.types {
            aliases.alias(Alias::InstanceExport { instance: *instance, kind: ComponentExportKind::Type, name });
        }
        let (instance, name) = self.function;
        aliases
            .alias(Alias::InstanceExport { instance, kind: ComponentExportKind::Func, name })
            .alias(Alias::CoreInstanceExport { instance: 0, kind: ExportKind::Memory, name: MEMORY_IMPORT.1 });
        component.section(&aliases).section(&self.lowered.raw());
        let mut instances = InstanceSection::new();
        instances.export_items([(self.import.1, ExportKind::Func, 0)]);
        instances.instantiate(0, [(self.import.0, ModuleArg::Instance(1)), (MEMORY_IMPORT.0, ModuleArg::Instance(0))]);
        component.section(&instances);
        // In the place of the stand-in. An alias costs nothing when the component is instantiated.
        let counted = Alias::CoreInstanceExport { instance: 2, kind: ExportKind::Func, name: REALLOC };
        component.section(ComponentAliasSection::new().alias(counted));
    }
}

/// Returns the types, if the last alias is the stand-in's only function and the others are types.
fn types_and_stand_in<'a>(section: &Section<'a>) -> Result<Option<Vec<(u32, &'a str)>>> {
    let aliases = section.items()?;
    let Some((ComponentAlias::CoreInstanceExport { kind: ExternalKind::Func, instance_index: 0, name: "0" }, types)) =
        aliases.split_last()
    else {
        return Ok(None);
    };
    let type_of = |alias: &ComponentAlias<'a>| match *alias {
        ComponentAlias::InstanceExport { kind: ComponentExternalKind::Type, instance_index, name } => {
            Some((instance_index, name))
        }
        _ => None,
    };
    Ok(types.iter().map(type_of).collect())
}

/// Returns true if one function is adapted that needs nothing of the module but its memory.
fn is_plain(lowered: &[CanonicalFunction]) -> bool {
    let [CanonicalFunction::Lower { func_index: 0, options }] = lowered else { return false };
    options.iter().all(|option| matches!(option, CanonicalOption::Memory(0) | CanonicalOption::UTF8))
}

/// Returns the exported functions without the ones that free their results: the sandbox is discarded after every call.
/// Returns `None` for exports that are more than that.
fn without_clean_up(section: &Section<'_>) -> Result<Option<CanonicalFunctionSection>> {
    let mut lifted = CanonicalFunctionSection::new();
    for function in section.items()? {
        let CanonicalFunction::Lift { core_func_index, type_index, options } = function else { return Ok(None) };
        let mut kept = Vec::new();
        for option in options {
            kept.push(match option {
                CanonicalOption::UTF8 => wasm_encoder::CanonicalOption::UTF8,
                CanonicalOption::Memory(index) => wasm_encoder::CanonicalOption::Memory(index),
                CanonicalOption::Realloc(index) => wasm_encoder::CanonicalOption::Realloc(index),
                CanonicalOption::PostReturn(_) => continue,
                _ => return Ok(None),
            });
        }
        lifted.lift(core_func_index, type_index, kept);
    }
    Ok(Some(lifted))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use wasmparser::{Parser, Payload};
    use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
    use wit_parser::{ManglingAndAbi, Resolve};

    use super::*;

    /// Returns what `wit-component` makes of a module with these imports that does nothing.
    fn component(imports: &str) -> Vec<u8> {
        let text = format!(
            "package test:test;
             interface log {{ enum level {{ low, high }} log: func(level: level, line: string); }}
             interface clock {{ now: func() -> string; }}
             world plugin {{ {imports} export run: func(input: string) -> string; }}"
        );
        let mut resolve = Resolve::default();
        let package = resolve.push_str("test.wit", &text).unwrap();
        let world = resolve.select_world(&[package], None).unwrap();
        let mut module = dummy_module(&resolve, world, ManglingAndAbi::Legacy(wit_parser::LiftLowerAbi::Sync));
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
        ComponentEncoder::default().validate(true).module(&module).unwrap().encode().unwrap()
    }

    /// Returns the number of memories in each module.
    fn memories(component: &[u8]) -> Vec<u32> {
        let mut found = Vec::new();
        for payload in Parser::new(0).parse_all(component) {
            match payload.unwrap() {
                Payload::ModuleSection { .. } => found.push(0),
                Payload::MemorySection(memories) => *found.last_mut().unwrap() += memories.count(),
                _ => {}
            }
        }
        found
    }

    /// Returns the sections with imports and exports.
    fn borders(component: &[u8]) -> Vec<&[u8]> {
        sections(component).unwrap().into_iter().filter(|section| section.id > CANONICAL).map(|s| s.content).collect()
    }

    /// Returns the number of exported functions that free their results.
    fn clean_ups(component: &[u8]) -> usize {
        let is_one = |option: &CanonicalOption| matches!(option, CanonicalOption::PostReturn(_));
        let canonical = sections(component).unwrap().into_iter().filter(|section| section.id == CANONICAL);
        let functions = canonical.flat_map(|section| section.items::<CanonicalFunction>().unwrap());
        functions
            .map(|function| match function {
                CanonicalFunction::Lift { options, .. } => options.iter().filter(|option| is_one(option)).count(),
                _ => 0,
            })
            .sum()
    }

    #[test]
    fn the_memory_comes_before_the_code() {
        let component = component("import log;");
        let rearranged = memory_first(&component).unwrap().unwrap();
        assert_eq!((memories(&component), memories(&rearranged)), (vec![1, 0, 0], vec![0, 1]));
        assert_eq!((clean_ups(&component), clean_ups(&rearranged)), (1, 0));
        assert_eq!(borders(&component), borders(&rearranged));
        assert!(memory_first(&rearranged).unwrap().is_none(), "there is nothing more to do");
    }

    #[test]
    fn other_components_stay() {
        for imports in ["", "import clock;", "import log; import clock;"] {
            assert!(memory_first(&component(imports)).unwrap().is_none(), "{imports}");
        }
        assert!(memory_first(b"no WebAssembly").is_err());
    }
}
