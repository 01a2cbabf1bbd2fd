//! The operations of the API: one line registers the route, its description and its access.

use std::sync::Arc;

use axum::{
    Extension, Router,
    http::{HeaderValue, Method, Uri, header},
    middleware::{from_extractor_with_state, map_request},
    routing::any,
};
use inlet_delivery::workflows::WorkflowLists;
use inlet_engine::Engine;
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::openapi::{
    OpenApi, RefOr,
    path::{Operation as Description, ParameterIn, PathItem},
};
use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouter},
    routes,
};

use crate::{
    actions,
    auth::Operator,
    backups,
    body::drain_unread,
    catalog, changes, clock, configuration, deliveries, environments,
    error::{ApiError, Kind},
    issues, logs, management_tokens, nodes, openapi, operational_events, providers,
    query::KnownParams,
    recipients, runs,
    scope::{Access, Scope},
    search, sign_in_links, sources, statistics, system, targets, unrouted_requests, variables, workflows,
};

/// The path of a provider whose key has a slash that is not escaped.
const PROVIDER_WITH_PUBLISHER: &str = "/v1/source_providers/{publisher}/{name}";

/// A route, its description and its access.
pub struct Operation {
    access: Access,
    routes: UtoipaMethodRouter<Engine>,
    /// A further path, which the document leaves out.
    alias: Option<&'static str>,
}

impl Operation {
    fn new(access: impl Into<Access>, routes: UtoipaMethodRouter<Engine>) -> Self {
        Self { access: access.into(), routes, alias: None }
    }

    /// Serves the operation at a further path, which the document leaves out.
    fn also_at(self, path: &'static str) -> Self {
        Self { alias: Some(path), ..self }
    }

    /// Hands the access and the names of the query parameters to the extractors of [`crate::auth`], and names the access in
    /// the description.
    fn secured(self) -> (UtoipaMethodRouter<Engine>, Option<&'static str>) {
        let Self { access, routes: (schemas, mut paths, router), alias } = self;
        let mut params = Vec::new();
        for description in paths.paths.values_mut().flat_map(descriptions_mut) {
            description.security = access.security();
            let described = description.parameters.iter().flatten().filter_map(|param| match param {
                RefOr::T(param) => Some(param),
                RefOr::Ref(_) => None,
            });
            let queried = described.filter(|param| param.parameter_in == ParameterIn::Query);
            params.extend(queried.map(|param| param.name.clone()));
        }
        let router = router.route_layer(Extension(access)).route_layer(Extension(KnownParams(params.into())));
        ((schemas, paths, router), alias)
    }

    /// The methods, the path and the access.
    #[cfg(test)]
    pub fn signature(&self) -> Vec<(&'static str, &str, Access)> {
        let (_, paths, _) = &self.routes;
        let items = paths.paths.iter();
        items.flat_map(|(path, item)| methods(item).map(move |method| (method, path.as_str(), self.access))).collect()
    }
}

/// Every operation, and who may use it.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(Scope::Read, routes!(sources::list::list_sources)),
        Operation::new(Scope::Read, routes!(sources::get::get_source)),
        Operation::new(Scope::Operate, routes!(sources::upsert::put_source)),
        Operation::new(Access::Everywhere(Scope::Admin), routes!(sources::delete::delete_source)),
        Operation::new(Scope::Read, routes!(sources::list_event_types::list_source_events)),
        Operation::new(Scope::Read, routes!(sources::describe_event_type::describe_source_event)),
        Operation::new(Scope::Operate, routes!(sources::send::send_to_source)),
        Operation::new(Scope::Read, routes!(sources::logs::list::list_source_logs)),
        Operation::new(Scope::Read, routes!(sources::logs::trace::trace_log)),
        Operation::new(Scope::Read, routes!(logs::list::list_logs)),
        Operation::new(Scope::Read, routes!(actions::list::list_actions)),
        Operation::new(Scope::Read, routes!(search::find::search)),
        Operation::new(Scope::Read, routes!(logs::stream::stream_logs)),
        Operation::new(Scope::Read, routes!(logs::stream::stream_source_logs)),
        Operation::new(Scope::Read, routes!(logs::get::get_log)),
        Operation::new(Scope::Operate, routes!(sources::rehearsal::rehearse::rehearse_source)),
        Operation::new(Scope::Operate, routes!(sources::rehearsal::rehearse_last::rehearse_last_events)),
        Operation::new(Scope::Read, routes!(sources::logs::test_case::get_log_test_case)),
        Operation::new(Scope::Operate, routes!(sources::logs::replay::replay_log)),
        Operation::new(Scope::Operate, routes!(sources::replays::create::create_replay)),
        Operation::new(Scope::Operate, routes!(sources::replays::preview::preview_replay)),
        Operation::new(Scope::Read, routes!(sources::replays::list::list_replays)),
        Operation::new(Scope::Read, routes!(sources::replays::get::get_replay)),
        Operation::new(Scope::Operate, routes!(sources::replays::cancel::cancel_replay)),
        Operation::new(Scope::Read, routes!(sources::refused_requests::list::list_refused)),
        Operation::new(Scope::Read, routes!(sources::refused_requests::get::get_refused)),
        Operation::new(Scope::Operate, routes!(sources::refused_requests::dismiss::dismiss_refused)),
        Operation::new(Scope::Operate, routes!(sources::refused_requests::verify_all::verify_all_refused)),
        Operation::new(Scope::Operate, routes!(sources::refused_requests::verify::verify_refused)),
        Operation::new(Scope::Operate, routes!(sources::dismiss_attention::dismiss_attention)),
        Operation::new(Scope::Read, routes!(issues::list::list_issues)),
        Operation::new(Scope::Read, routes!(issues::get::get_issue)),
        Operation::new(Scope::Operate, routes!(issues::change::acknowledge_issue)),
        Operation::new(Scope::Operate, routes!(issues::change::mute_issue)),
        Operation::new(Scope::Operate, routes!(issues::change::resolve_issue)),
        Operation::new(Scope::Operate, routes!(issues::change::reopen_issue)),
        Operation::new(Scope::Operate, routes!(sources::rotate_endpoint::rotate_source_endpoint)),
        Operation::new(Scope::Operate, routes!(sources::plugin::use_plugin::use_source_plugin)),
        Operation::new(Scope::Operate, routes!(sources::plugin::compare::compare_source_plugin)),
        Operation::new(Scope::Read, routes!(sources::status::get::get_source_status)),
        Operation::new(Scope::Read, routes!(sources::compare::compare_source)),
        Operation::new(Scope::Read, routes!(unrouted_requests::list::list_unrouted_requests)),
        Operation::new(Access::Everywhere(Scope::Operate), routes!(unrouted_requests::dismiss::dismiss_unrouted)),
        Operation::new(Scope::Read, routes!(statistics::get::get_statistics)),
        Operation::new(Scope::Read, routes!(statistics::deliveries::get_delivery_statistics)),
        Operation::new(Scope::Read, routes!(providers::list::list_source_providers)),
        Operation::new(Scope::Read, routes!(providers::get::get_source_provider)).also_at(PROVIDER_WITH_PUBLISHER),
        Operation::new(Access::Everywhere(Scope::Plugins), routes!(providers::upload::upload_source_provider)),
        Operation::new(Access::Everywhere(Scope::Plugins), routes!(providers::add::add_source_provider))
            .also_at(PROVIDER_WITH_PUBLISHER),
        Operation::new(Access::Everywhere(Scope::Plugins), routes!(providers::remove::remove_source_provider_version))
            .also_at("/v1/source_providers/{publisher}/{name}/versions/{version}"),
        Operation::new(
            Access::Everywhere(Scope::Plugins),
            routes!(providers::conformance::check_source_provider_version),
        )
        .also_at("/v1/source_providers/{publisher}/{name}/versions/{version}/conformance"),
        Operation::new(Scope::Read, routes!(catalog::list::list_catalog)),
        Operation::new(Access::Everywhere(Scope::Plugins), routes!(catalog::install::install_catalog_plugin))
            .also_at("/v1/catalog/{publisher}/{name}/install"),
        Operation::new(Scope::Read, routes!(environments::list::list_environments)),
        Operation::new(Access::Everywhere(Scope::Admin), routes!(environments::create::create_environment)),
        Operation::new(Scope::Admin, routes!(environments::update::update_environment)),
        Operation::new(Access::Everywhere(Scope::Admin), routes!(environments::delete::delete_environment)),
        Operation::new(Scope::Read, routes!(environments::list_api_keys::list_api_keys)),
        Operation::new(Scope::Admin, routes!(environments::create_api_key::create_api_key)),
        Operation::new(Scope::Admin, routes!(environments::delete_api_key::delete_api_key)),
        Operation::new(Scope::Read, routes!(variables::list::list_variables)),
        Operation::new(Scope::Read, routes!(variables::get::get_variable)),
        Operation::new(Scope::Operate, routes!(variables::put::put_variable)),
        Operation::new(Scope::Operate, routes!(variables::delete::delete_variable)),
        Operation::new(Scope::Read, routes!(targets::list::list_targets)),
        Operation::new(Scope::Read, routes!(targets::get::get_target)),
        Operation::new(Scope::Read, routes!(targets::workflows::list_target_workflows)),
        Operation::new(Scope::Operate, routes!(targets::put::put_target)),
        Operation::new(Scope::Operate, routes!(targets::delete::delete_target)),
        Operation::new(Scope::Operate, routes!(targets::test::test_target)),
        Operation::new(Scope::Operate, routes!(targets::state::pause_target)),
        Operation::new(Scope::Operate, routes!(targets::state::resume_target)),
        Operation::new(Scope::Operate, routes!(targets::state::enable_target)),
        Operation::new(Scope::Read, routes!(workflows::list::list_workflows)),
        Operation::new(Scope::Read, routes!(deliveries::list::list_deliveries)),
        Operation::new(Scope::Read, routes!(deliveries::get::get_delivery)),
        Operation::new(Scope::Operate, routes!(deliveries::redrive::redrive_delivery)),
        Operation::new(Scope::Operate, routes!(deliveries::redrive_all::redrive_deliveries)),
        Operation::new(Scope::Operate, routes!(deliveries::discard::discard_deliveries)),
        Operation::new(Scope::Read, routes!(management_tokens::list::list_management_tokens)),
        Operation::new(Access::Everywhere(Scope::Admin), routes!(management_tokens::create::create_management_token)),
        Operation::new(Access::Everywhere(Scope::Admin), routes!(management_tokens::delete::delete_management_token)),
        Operation::new(Scope::Read, routes!(configuration::get::get_configuration)),
        Operation::new(Scope::Operate, routes!(configuration::put::put_configuration)),
        Operation::new(Scope::Read, routes!(changes::list::list_changes)),
        Operation::new(Access::Everywhere(Scope::Read), routes!(system::get::get_system)),
        Operation::new(Access::Everywhere(Scope::Read), routes!(nodes::list::list_nodes)),
        Operation::new(Scope::Read, routes!(sign_in_links::create::create_sign_in_link)),
        Operation::new(Scope::Read, routes!(clock::get::get_clock)),
        Operation::new(Access::Everywhere(Scope::Admin), routes!(clock::accept::accept_system_time)),
        Operation::new(Access::Everywhere(Scope::Admin), routes!(backups::create::create_backup)),
        Operation::new(Scope::Read, routes!(operational_events::list::list_operational_events)),
        Operation::new(Access::Everywhere(Scope::Operate), routes!(operational_events::test::test_operational_events)),
        Operation::new(Access::KeyOrToken(Scope::Read), routes!(recipients::users::list::list_users)),
        Operation::new(Access::KeyOrToken(Scope::Read), routes!(recipients::users::get::get_user)),
        Operation::new(Access::Key, routes!(recipients::users::put::identify_user)),
        Operation::new(Access::Key, routes!(recipients::users::delete::delete_user)),
        Operation::new(
            Access::KeyOrToken(Scope::Read),
            routes!(recipients::objects::list_collections::list_collections),
        ),
        Operation::new(Access::KeyOrToken(Scope::Read), routes!(recipients::objects::list::list_objects)),
        Operation::new(Access::KeyOrToken(Scope::Read), routes!(recipients::objects::get::get_object)),
        Operation::new(Access::Key, routes!(recipients::objects::put::set_object)),
        Operation::new(Access::Key, routes!(recipients::objects::delete::delete_object)),
        Operation::new(Access::KeyOrToken(Scope::Read), routes!(recipients::tenants::list::list_tenants)),
        Operation::new(Access::KeyOrToken(Scope::Read), routes!(recipients::tenants::get::get_tenant)),
        Operation::new(Access::Key, routes!(recipients::tenants::put::set_tenant)),
        Operation::new(Access::Key, routes!(recipients::tenants::delete::delete_tenant)),
        Operation::new(
            Access::KeyOrToken(Scope::Read),
            routes!(recipients::subscriptions::list_of_user::list_subscriptions_for_user),
        ),
        Operation::new(
            Access::KeyOrToken(Scope::Read),
            routes!(recipients::subscriptions::list_of_object::list_subscriptions_for_object),
        ),
        Operation::new(Access::Key, routes!(recipients::subscriptions::add::add_subscriptions)),
        Operation::new(Access::Key, routes!(recipients::subscriptions::delete::delete_subscriptions)),
        Operation::new(Access::KeyOrToken(Scope::Read), routes!(recipients::audiences::list_all::list_audiences)),
        Operation::new(
            Access::KeyOrToken(Scope::Read),
            routes!(recipients::audiences::list_of_user::list_audiences_for_user),
        ),
        Operation::new(Access::KeyOrToken(Scope::Read), routes!(recipients::audiences::list::list_audience_members)),
        Operation::new(Access::Key, routes!(recipients::audiences::add::add_audience_members)),
        Operation::new(Access::Key, routes!(recipients::audiences::remove::remove_audience_members)),
        Operation::new(Access::Key, routes!(recipients::bulk::users::bulk_identify_users)),
        Operation::new(Access::Key, routes!(recipients::bulk::users::bulk_delete_users)),
        Operation::new(Access::Key, routes!(recipients::bulk::objects::bulk_set_objects)),
        Operation::new(Access::Key, routes!(recipients::bulk::objects::bulk_delete_objects)),
        Operation::new(Access::Key, routes!(recipients::bulk::tenants::bulk_set_tenants)),
        Operation::new(Access::Key, routes!(recipients::bulk::tenants::bulk_delete_tenants)),
        Operation::new(Access::Key, routes!(recipients::bulk::get::get_bulk_operation)),
        Operation::new(Access::Key, routes!(recipients::integrations::census::process_census_rpc)),
        Operation::new(Access::Key, routes!(recipients::integrations::hightouch::process_hightouch_rpc)),
        Operation::new(Access::Key, routes!(recipients::workflows::trigger::trigger_workflow)),
        Operation::new(Access::Key, routes!(recipients::workflows::cancel::cancel_workflow)),
        Operation::new(Access::KeyOrToken(Scope::Read), routes!(recipients::users::export::export_user)),
        Operation::new(Access::KeyOrToken(Scope::Admin), routes!(recipients::users::forget::forget_user)),
        Operation::new(Access::KeyOrToken(Scope::Read), routes!(recipients::users::forget::get_forget_request)),
        Operation::new(Access::KeyOrToken(Scope::Read), routes!(runs::list::list_workflow_runs)),
        Operation::new(Access::KeyOrToken(Scope::Read), routes!(runs::get::get_workflow_run)),
        Operation::new(Access::KeyOrToken(Scope::Read), routes!(runs::recipients::list_workflow_run_recipients)),
        Operation::new(Scope::Operate, routes!(runs::cancel::cancel_workflow_run)),
        Operation::new(Access::Anyone, routes!(openapi::get_openapi)),
    ]
}

/// The operations of a path.
pub fn descriptions_mut(item: &mut PathItem) -> impl Iterator<Item = &mut Description> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete].into_iter().flatten()
}

/// The names of the methods of a path.
#[cfg(test)]
fn methods(item: &PathItem) -> impl Iterator<Item = &'static str> {
    let all = [
        ("GET", &item.get),
        ("PUT", &item.put),
        ("POST", &item.post),
        ("PATCH", &item.patch),
        ("DELETE", &item.delete),
    ];
    all.into_iter().filter(|(_, operation)| operation.is_some()).map(|(name, _)| name)
}

/// The router, and the document with every operation added to it.
fn assemble(document: OpenApi) -> (Router<Engine>, OpenApi) {
    let routers = operations().into_iter().map(Operation::secured);
    let add = |all: OpenApiRouter<Engine>, (routes, alias): (UtoipaMethodRouter<Engine>, Option<&str>)| match alias {
        Some(path) => {
            let (_, _, router) = &routes;
            let router = router.clone();
            all.routes(routes).route(path, router)
        }
        None => all.routes(routes),
    };
    routers.fold(OpenApiRouter::with_openapi(document), add).split_for_parts()
}

/// Adds every operation to a document.
pub fn describe(document: OpenApi) -> OpenApi {
    assemble(document).1
}

/// The routes of the API, and an answer in its shape for all else under `/v1`.
pub fn router(workflow_lists: Arc<WorkflowLists>) -> Router<Engine> {
    let answer_header = |name, value| SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value));
    let (router, _) = assemble(OpenApi::default());
    router
        .method_not_allowed_fallback(method_not_allowed)
        .route("/v1", any(no_such_route))
        .route("/v1/", any(no_such_route))
        .route("/v1/{*rest}", any(no_such_route))
        .layer(Extension(workflow_lists))
        .layer(map_request(drain_unread))
        .layer(answer_header(header::CACHE_CONTROL, "no-store"))
        .layer(answer_header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
}

/// Lets a router be used with a management token that may read, and is not limited to some environments.
pub fn for_readers(engine: &Engine, router: Router<Engine>) -> Router<Engine> {
    router
        .route_layer(from_extractor_with_state::<Operator, Engine>(engine.clone()))
        // The outer layer, which the extractor reads.
        .route_layer(Extension(Access::Everywhere(Scope::Read)))
}

async fn no_such_route(uri: Uri) -> ApiError {
    ApiError::not_found(format!("there is nothing at {}; see /openapi.json for what there is", uri.path()))
}

/// axum adds `Allow`.
async fn method_not_allowed(method: Method, uri: Uri) -> ApiError {
    let message = format!("{method} is not possible at {}; the Allow header says what is", uri.path());
    ApiError::new(Kind::MethodNotAllowed, message)
}
