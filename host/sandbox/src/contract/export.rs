//! Lookup of a component's exported functions.

use semver::Version;
use wasmtime::component::{
    Component, ComponentExportIndex, ComponentNamedList, InstancePre, Lift, Linker, Lower, types::ComponentItem,
};

use super::{
    error::ContractError,
    version::{PACKAGE, folder_version},
};
use crate::run::state::State;

/// Resolves a component's imports, once for all of its calls.
pub(super) fn resolve_imports(
    linker: &Linker<State>,
    component: &Component,
    version: &Version,
) -> Result<InstancePre<State>, ContractError> {
    linker.instantiate_pre(component).map_err(|error| ContractError::imports(version, &error))
}

/// Returns the index of an exported function, or `None` if the component does not export the interface. A function that
/// is missing from the interface, or has another type, is an error.
pub(super) fn find_export<Params, Return>(
    instance: &InstancePre<State>,
    interface: &str,
    version: &Version,
    function: &str,
) -> Result<Option<ComponentExportIndex>, ContractError>
where
    Params: ComponentNamedList + Lower,
    Return: ComponentNamedList + Lift,
{
    let component = instance.component();
    let interface = format!("{PACKAGE}{interface}@{version}");
    let Some(interface_index) = component.get_export_index(None, &interface) else { return Ok(None) };
    let shape = |reason: String| ContractError::ExportShape {
        export: format!("{interface}#{function}"),
        contract: folder_version(version),
        reason,
    };
    match component.get_export(Some(&interface_index), function) {
        Some((ComponentItem::ComponentFunc(found), index)) => {
            found
                .typecheck::<Params, Return>(&instance.instance_type())
                .map_err(|error| shape(format!("{error:#}")))?;
            Ok(Some(index))
        }
        Some(_) => Err(shape("it is not a function".to_owned())),
        None => Err(shape("it is not there".to_owned())),
    }
}
