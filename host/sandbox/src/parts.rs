//! What a component is made of, all of it counted, before it is compiled.
//!
//! A component can hold another one and instantiate it a thousand times, and that one another: the compiler writes all of it
//! out, without a total, and a file of a kilobyte becomes more than there is memory. So it is multiplied here first. What
//! toolchains make is small in this respect: Python, the largest, is some forty modules, each instantiated once.

use wasmparser::{
    BinaryReaderError, ComponentAlias, ComponentExternalKind as Kind, ComponentInstance,
    ComponentOuterAliasKind as Outer, Instance, Parser, Payload, SectionLimited,
};

use crate::{
    limits::bytes,
    load::{LoadError, malformed},
};

/// Modules and components that are instantiated, all together. (The pool has room for 64 modules.)
const MAX_INSTANCES: usize = 500;

/// Bytes that say how all of them are put together: types, imports, exports, and what connects them.
const MAX_BYTES: usize = 4 << 20;

/// Components and modules inside one another.
const MAX_DEPTH: usize = 20;

/// What instantiating something takes.
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
            return Err(parts(format!(
                "it instantiates {instances} modules and components, all together, and {MAX_INSTANCES} are allowed"
            )));
        }
        if found > MAX_BYTES {
            let (found, allowed) = (bytes(found), bytes(MAX_BYTES));
            return Err(parts(format!("how its parts are put together takes {found}, and {allowed} are allowed")));
        }
        Ok(())
    }
}

/// A component or module that is being read, with what can be instantiated in it. Nothing is known of what comes from
/// elsewhere.
#[derive(Default)]
struct Scope {
    is_module: bool,
    size: Size,
    modules: Vec<Option<Size>>,
    components: Vec<Option<Size>>,
}

/// Refuses a component that is made of too much.
pub(crate) fn check(wasm: &[u8]) -> Result<(), LoadError> {
    let mut reader = Reader { scopes: vec![Scope::default()], written: 0 };
    for payload in Parser::new(0).parse_all(wasm) {
        reader.read(payload.map_err(malformed)?)?;
    }
    Ok(())
}

struct Reader {
    /// From the outermost to the one that is being read.
    scopes: Vec<Scope>,
    /// Instantiations written down anywhere, in components that nobody instantiates as well: each is validated.
    written: usize,
}

impl Reader {
    fn read(&mut self, payload: Payload<'_>) -> Result<(), LoadError> {
        match payload {
            Payload::ModuleSection { .. } => self.begin(true),
            Payload::ComponentSection { .. } => self.begin(false),
            Payload::End(_) => self.end(),
            Payload::ImportSection(section) => self.takes(&section),
            Payload::InstanceSection(section) => {
                self.takes(&section)?;
                each(section, |instance| match instance {
                    Instance::Instantiate { module_index, .. } => {
                        let found = self.scope()?.modules.get(module_index as usize).copied();
                        self.instantiate(found)
                    }
                    Instance::FromExports(_) => Ok(()),
                })
            }
            Payload::ComponentInstanceSection(section) => {
                self.takes(&section)?;
                each(section, |instance| match instance {
                    ComponentInstance::Instantiate { component_index, .. } => {
                        let found = self.scope()?.components.get(component_index as usize).copied();
                        self.instantiate(found)
                    }
                    ComponentInstance::FromExports(_) => Ok(()),
                })
            }
            Payload::ComponentAliasSection(section) => {
                self.takes(&section)?;
                each(section, |alias| self.alias(&alias))
            }
            Payload::ComponentImportSection(section) => {
                self.takes(&section)?;
                each(section, |import| self.define(import.ty.kind(), None))
            }
            Payload::ComponentExportSection(section) => {
                self.takes(&section)?;
                each(section, |export| {
                    let found = self.scope()?.find(export.kind, export.index);
                    self.define(export.kind, found)
                })
            }
            Payload::ComponentTypeSection(section) => self.takes(&section),
            Payload::CoreTypeSection(section) => self.takes(&section),
            Payload::ComponentCanonicalSection(section) => self.takes(&section),
            _ => Ok(()),
        }
    }

    fn begin(&mut self, is_module: bool) -> Result<(), LoadError> {
        if self.scopes.len() > MAX_DEPTH {
            return Err(parts(format!("its components lie more than {MAX_DEPTH} deep inside one another")));
        }
        self.scopes.push(Scope { is_module, ..Scope::default() });
        Ok(())
    }

    fn end(&mut self) -> Result<(), LoadError> {
        let Some(Scope { is_module, size, .. }) = self.scopes.pop() else { return Ok(()) };
        // Here as well, and not only of the whole: the numbers stay small.
        size.check()?;
        match self.scopes.last_mut() {
            Some(outer) if is_module => outer.modules.push(Some(size)),
            Some(outer) => outer.components.push(Some(size)),
            None => {}
        }
        Ok(())
    }

    /// Of what is instantiated `found` is nothing where there is no such thing, which the compiler says better.
    fn instantiate(&mut self, found: Option<Option<Size>>) -> Result<(), LoadError> {
        let size = match found {
            Some(Some(size)) => size,
            Some(None) => {
                return Err(parts(
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

    /// Gives the next index to something.
    fn define(&mut self, kind: Kind, size: Option<Size>) -> Result<(), LoadError> {
        let scope = self.scope()?;
        match kind {
            Kind::Module => scope.modules.push(size),
            Kind::Component => scope.components.push(size),
            _ => {}
        }
        Ok(())
    }

    /// Counts a section's bytes.
    fn takes<T>(&mut self, section: &SectionLimited<'_, T>) -> Result<(), LoadError> {
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
    section.into_iter().try_for_each(|item: Result<T, BinaryReaderError>| read(item.map_err(malformed)?))
}

fn parts(reason: String) -> LoadError {
    LoadError::Parts { reason }
}
