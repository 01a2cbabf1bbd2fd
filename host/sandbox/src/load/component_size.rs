//! The total size of a component, counted before compilation.
//!
//! A component can contain another one and instantiate it a thousand times, and that one a third. The compiler expands
//! every instance without a limit on the total, so a file of one kilobyte can exhaust all memory. This check multiplies
//! the instances first. Components from toolchains are far below the limits: Python, the largest, has about forty modules,
//! each instantiated once.

use wasmparser::{
    BinaryReaderError, ComponentAlias, ComponentExternalKind as Kind, ComponentInstance,
    ComponentOuterAliasKind as Outer, Instance, Parser, Payload, SectionLimited,
};

use super::error::LoadError;
use crate::display::format_bytes;

/// Instances of modules and components in total. (A sandbox can hold 64 module instances.)
const MAX_INSTANCES: usize = 500;

/// Bytes of types, imports, exports and other linking sections, summed over all instances.
const MAX_BYTES: usize = 4 << 20;

/// Nesting depth of components and modules.
const MAX_DEPTH: usize = 20;

/// The cost of instantiating a module or component.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    instances: usize,
    bytes: usize,
}

impl Size {
    fn add(&mut self, other: Size) {
        self.instances = self.instances.saturating_add(other.instances);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }

    fn check(self) -> Result<(), LoadError> {
        let Size { instances, bytes: found } = self;
        if instances > MAX_INSTANCES {
            return Err(too_large(format!(
                "it instantiates {instances} modules and components, all together, and {MAX_INSTANCES} are allowed"
            )));
        }
        if found > MAX_BYTES {
            let (found, allowed) = (format_bytes(found), format_bytes(MAX_BYTES));
            return Err(too_large(format!("how its parts are put together takes {found}, and {allowed} are allowed")));
        }
        Ok(())
    }
}

/// A component or module being read, with the sizes of the modules and components it can instantiate. `None` stands for
/// one that is defined elsewhere, whose size is unknown.
#[derive(Default)]
struct Scope {
    is_module: bool,
    size: Size,
    modules: Vec<Option<Size>>,
    components: Vec<Option<Size>>,
}

/// Refuses a component that exceeds the limits once it is expanded.
pub(super) fn check(wasm: &[u8]) -> Result<(), LoadError> {
    let mut reader = Reader { scopes: vec![Scope::default()], written: 0 };
    for payload in Parser::new(0).parse_all(wasm) {
        reader.read(payload.map_err(LoadError::malformed)?)?;
    }
    Ok(())
}

struct Reader {
    /// The scopes from the outermost to the one being read.
    scopes: Vec<Scope>,
    /// Instantiations in the file, including those in components that are never instantiated: the compiler validates each.
    written: usize,
}

impl Reader {
    fn read(&mut self, payload: Payload<'_>) -> Result<(), LoadError> {
        match payload {
            Payload::ModuleSection { .. } => self.begin(true),
            Payload::ComponentSection { .. } => self.begin(false),
            Payload::End(_) => self.end(),
            Payload::ImportSection(section) => self.add_section(&section),
            Payload::InstanceSection(section) => {
                self.add_section(&section)?;
                each(section, |instance| match instance {
                    Instance::Instantiate { module_index, .. } => {
                        let found = self.scope()?.modules.get(module_index as usize).copied();
                        self.instantiate(found)
                    }
                    Instance::FromExports(_) => Ok(()),
                })
            }
            Payload::ComponentInstanceSection(section) => {
                self.add_section(&section)?;
                each(section, |instance| match instance {
                    ComponentInstance::Instantiate { component_index, .. } => {
                        let found = self.scope()?.components.get(component_index as usize).copied();
                        self.instantiate(found)
                    }
                    ComponentInstance::FromExports(_) => Ok(()),
                })
            }
            Payload::ComponentAliasSection(section) => {
                self.add_section(&section)?;
                each(section, |alias| self.alias(&alias))
            }
            Payload::ComponentImportSection(section) => {
                self.add_section(&section)?;
                each(section, |import| self.define(import.ty.kind(), None))
            }
            Payload::ComponentExportSection(section) => {
                self.add_section(&section)?;
                each(section, |export| {
                    let found = self.scope()?.find(export.kind, export.index);
                    self.define(export.kind, found)
                })
            }
            Payload::ComponentTypeSection(section) => self.add_section(&section),
            Payload::CoreTypeSection(section) => self.add_section(&section),
            Payload::ComponentCanonicalSection(section) => self.add_section(&section),
            _ => Ok(()),
        }
    }

    fn begin(&mut self, is_module: bool) -> Result<(), LoadError> {
        if self.scopes.len() > MAX_DEPTH {
            return Err(too_large(format!("its components lie more than {MAX_DEPTH} deep inside one another")));
        }
        self.scopes.push(Scope { is_module, ..Scope::default() });
        Ok(())
    }

    fn end(&mut self) -> Result<(), LoadError> {
        let Some(Scope { is_module, size, .. }) = self.scopes.pop() else { return Ok(()) };
        // Checking every scope keeps the numbers small.
        size.check()?;
        match self.scopes.last_mut() {
            Some(outer) if is_module => outer.modules.push(Some(size)),
            Some(outer) => outer.components.push(Some(size)),
            None => {}
        }
        Ok(())
    }

    /// Adds the size of an instance to the current scope. `found` is `None` for an index that does not exist: the
    /// compiler has the better message for that.
    fn instantiate(&mut self, found: Option<Option<Size>>) -> Result<(), LoadError> {
        let size = match found {
            Some(Some(size)) => size,
            Some(None) => {
                return Err(too_large(
                    "it instantiates what it is given, or takes out of an instance, and only what is written in it can be \
                     counted"
                        .to_owned(),
                ));
            }
            None => Size::default(),
        };
        let scope = self.scope()?;
        scope.size.add(size);
        scope.size.instances = scope.size.instances.saturating_add(1);
        self.written += 1;
        Size { instances: self.written, bytes: 0 }.check()
    }

    fn alias(&mut self, alias: &ComponentAlias<'_>) -> Result<(), LoadError> {
        match *alias {
            ComponentAlias::InstanceExport { kind, .. } => self.define(kind, None),
            ComponentAlias::CoreInstanceExport { .. } => Ok(()),
            ComponentAlias::Outer { kind, count, index } => {
                let kind = match kind {
                    Outer::CoreModule => Kind::Module,
                    Outer::Component => Kind::Component,
                    Outer::CoreType | Outer::Type => return Ok(()),
                };
                let outer = self.scopes.len().checked_sub(1 + count as usize).and_then(|at| self.scopes.get(at));
                let found = outer.and_then(|outer| outer.find(kind, index));
                self.define(kind, found)
            }
        }
    }

    /// Assigns the next index of an index space.
    fn define(&mut self, kind: Kind, size: Option<Size>) -> Result<(), LoadError> {
        let scope = self.scope()?;
        match kind {
            Kind::Module => scope.modules.push(size),
            Kind::Component => scope.components.push(size),
            _ => {}
        }
        Ok(())
    }

    /// Adds the bytes of a section to the current scope.
    fn add_section<T>(&mut self, section: &SectionLimited<'_, T>) -> Result<(), LoadError> {
        let range = section.range();
        let bytes = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX);
        self.scope()?.size.add(Size { instances: 0, bytes });
        Ok(())
    }

    fn scope(&mut self) -> Result<&mut Scope, LoadError> {
        self.scopes.last_mut().ok_or_else(|| LoadError::Malformed { reason: "it goes on after its end".to_owned() })
    }
}

impl Scope {
    fn find(&self, kind: Kind, index: u32) -> Option<Size> {
        let space = match kind {
            Kind::Module => &self.modules,
            Kind::Component => &self.components,
            _ => return None,
        };
        space.get(index as usize).copied().flatten()
    }
}

fn each<'a, T: wasmparser::FromReader<'a>>(
    section: SectionLimited<'a, T>,
    mut read: impl FnMut(T) -> Result<(), LoadError>,
) -> Result<(), LoadError> {
    section.into_iter().try_for_each(|item: Result<T, BinaryReaderError>| read(item.map_err(LoadError::malformed)?))
}

fn too_large(reason: String) -> LoadError {
    LoadError::ComponentSize { reason }
}
