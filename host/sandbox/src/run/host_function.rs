//! Host functions, linked so that a call of one counts towards the guest's running time.

use wasmtime::{
    AsContextMut as _, StoreContextMut,
    component::{ComponentNamedList, Lift, LinkerInstance, Lower},
};

use super::state::State;

/// Links `function` under `name`. After each call the guest may have to yield or be out of time.
///
/// A function whose cost depends on its arguments reports it with [`Clock::add_work`](super::clock::Clock::add_work).
pub(crate) fn link<Params, Return>(
    interface: &mut LinkerInstance<'_, State>,
    name: &str,
    function: impl Fn(StoreContextMut<'_, State>, Params) -> wasmtime::Result<Return> + Send + Sync + 'static,
) -> wasmtime::Result<()>
where
    Params: ComponentNamedList + Lift + 'static,
    Return: ComponentNamedList + Lower + Send + 'static,
{
    interface.func_wrap_async(name, move |mut store: StoreContextMut<'_, State>, params: Params| {
        let result = function(store.as_context_mut(), params);
        let checked = store.data_mut().clock.check_after_host_call();
        Box::new(async move {
            let result = result?;
            if let Some(slice_end) = checked? {
                slice_end.wait().await;
            }
            Ok(result)
        })
    })
}
