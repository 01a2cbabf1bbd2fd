//! `GET …/mappings/new`, `GET …/mappings/{id}` and what the form fetches again: the form, with a sample beside it.

use std::collections::BTreeSet;

use askama::Template;
use axum::{
    Form,
    extract::Path,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use inlet_api::Scope;
use inlet_api_types::{
    sources::{SourceEvents, SourceMapping},
    targets::{Target, TargetList},
};
use inlet_core::actions::ActionType;

use super::{
    fields,
    form::MappingForm,
    parameters,
    sample::{self, Sample},
    workflows,
};
use crate::{
    components::{Html, confirm::confirm_with, filter::Filters, icon, json_tree::JsonTree, outcome, time},
    context::Page,
    error::{PageError, PageResult},
    html::url_part,
    layout::Layout,
    pages::source_place::{Configuration, SourcePlace},
    respond,
};

/// The saved state that a form is shown with.
pub struct Around {
    pub configuration: Configuration,
    targets: Vec<Target>,
    events: SourceEvents,
}

impl Around {
    /// Reads what stands around the form.
    pub async fn read(page: &Page, place: &SourcePlace) -> Result<Self, PageError> {
        let (events, targets) =
            (place.api("/events"), format!("/v1/targets?environment={}", url_part(&place.environment)));
        let (configuration, events, targets) = tokio::join!(
            place.configuration(page),
            page.get::<SourceEvents>(&events),
            page.get::<TargetList>(&targets)
        );
        Ok(Self { configuration: configuration?, events: events?, targets: targets?.entries })
    }

    /// The saved mapping with this id.
    pub fn mapping(&self, id: &str) -> Option<&SourceMapping> {
        self.configuration.mappings.iter().find(|mapping| mapping.id == id)
    }
}

#[derive(Template)]
#[template(path = "pages/mappings/edit.html", blocks = ["parameters", "sample"])]
struct EditPage<'a> {
    layout: Layout<'a>,
    place: &'a SourcePlace,
    around: &'a Around,
    form: MappingForm,
    sample: Sample,
    error: Option<&'a PageError>,
    is_saved: bool,
}

impl EditPage<'_> {
    fn url(&self, rest: &str) -> String {
        self.place.page(&format!("mappings{rest}"))
    }

    fn own(&self, rest: &str) -> String {
        self.url(&format!("/{}{rest}", url_part(self.form.id.as_deref().unwrap_or_default())))
    }

    /// The list of what the mapping did.
    fn done(&self) -> String {
        self.place.actions("mapping_id", self.form.id.as_deref().unwrap_or_default())
    }

    fn actions(&self) -> Vec<(&'static str, &'static str, bool)> {
        ActionType::ALL
            .into_iter()
            .map(|action| (action.as_str(), parameters::meaning(action), action == self.form.action))
            .collect()
    }

    /// The event types that are known.
    fn types(&self) -> BTreeSet<&str> {
        let seen = self.around.events.entries.iter().map(|event| event.event.as_str());
        seen.filter(|name| !name.is_empty()).take(500).collect()
    }

    fn error_at(&self, field: &str) -> Option<&str> {
        self.error.filter(|error| error.field.as_deref() == Some(field)).map(|error| error.message.as_str())
    }

    fn error_elsewhere(&self) -> Option<&str> {
        self.error.filter(|error| !fields::is_shown(&self.form, error)).map(|error| error.message.as_str())
    }

    fn parameters(&self) -> Vec<Html> {
        let targets: Vec<String> = self.around.targets.iter().map(|target| target.key.clone()).collect();
        fields::parameters(&self.form, &targets, self.error)
    }

    fn condition(&self) -> Html {
        fields::condition(&self.form, self.error)
    }

    fn workflows(&self) -> Html {
        workflows::options(&workflows::named(&self.around.configuration.mappings, &self.around.targets))
    }

    fn delete(&self) -> Html {
        let warning = "It applies to no event any more. Events and runs that it caused stay.";
        let fields = [("base", self.form.base.as_str())];
        confirm_with(&self.layout, "Delete", warning, &self.form.event_type, &self.own("/delete"), &fields)
    }
}

#[derive(Template)]
#[template(path = "pages/mappings/show.html")]
struct ShowPage<'a> {
    layout: Layout<'a>,
    place: &'a SourcePlace,
    mapping: &'a SourceMapping,
}

impl ShowPage<'_> {
    /// The list of what the mapping did.
    fn done(&self) -> String {
        self.place.actions("mapping_id", &self.mapping.id)
    }

    fn parameters(&self) -> Html {
        JsonTree::new(self.mapping.action_parameters.as_text(), "the parameters").open_depth(4).html()
    }

    fn when(&self) -> Option<Html> {
        Some(JsonTree::new(self.mapping.when.as_ref()?.as_text(), "the condition").open_depth(4).html())
    }
}

fn title(form: &MappingForm) -> String {
    match (&form.id, form.event_type.is_empty()) {
        (Some(_), false) => format!("{} → {}", form.event_type, parameters::meaning(form.action)),
        _ => "New mapping".to_owned(),
    }
}

/// Shows the form as it was sent, with its error, or a part of it that htmx asked for.
pub async fn shown(
    page: &Page,
    place: &SourcePlace,
    around: &Around,
    form: MappingForm,
    error: Option<&PageError>,
) -> Response {
    let provider = &around.configuration.source.preconfigured_provider;
    let sample = match page.fills("parameters") {
        true => Sample::default(),
        false => sample::find(page, place, provider, &form.event_type, &form.sample).await,
    };
    let layout = Layout::new(page, title(&form)).in_source(&place.key).under("Mappings", place.page("mappings"));
    let is_saved = Filters::of(&page.path, &page.query).get("saved").is_some();
    let form = form.with_spare_rows();
    let view = EditPage { layout, place, around, form, sample, error, is_saved };
    if page.fills("parameters") {
        return respond::html(&view.as_parameters());
    }
    if page.fills("sample") {
        return respond::html(&view.as_sample());
    }
    let mut response = respond::html(&view).into_response();
    *response.status_mut() = error.map_or(StatusCode::OK, |error| error.status);
    response
}

/// Shows the form of a new mapping.
pub async fn new(page: Page, Path((environment, key)): Path<(String, String)>) -> PageResult {
    if !page.can(Scope::Operate) {
        return Err(PageError::forbidden("this token may not change mappings; it needs the scope operate"));
    }
    let place = SourcePlace::new(environment, key);
    let around = Around::read(&page, &place).await?;
    let query = Filters::of(&page.path, &page.query);
    let action = query.get("action_type").and_then(parameters::action).unwrap_or(ActionType::WorkflowsTrigger);
    let event_type = query.get("event_type").unwrap_or_default();
    let mut form = MappingForm::new(event_type, action, around.configuration.version);
    form.sample = query.get("sample").unwrap_or_default().to_owned();
    form.next = query.get("next").unwrap_or_default().to_owned();
    Ok(shown(&page, &place, &around, form, None).await)
}

/// Shows the form of a mapping, or the mapping alone if the token may not change it.
pub async fn edit(page: Page, Path((environment, key, id)): Path<(String, String, String)>) -> PageResult {
    let place = SourcePlace::new(environment, key);
    let around = Around::read(&page, &place).await?;
    let missing = || PageError::not_found("there is no such mapping here; it may have been deleted");
    let mapping = around.mapping(&id).ok_or_else(missing)?;
    let form = MappingForm::of(mapping, around.configuration.version);
    if !page.can(Scope::Operate) {
        let layout = Layout::new(&page, title(&form)).in_source(&place.key).under("Mappings", place.page("mappings"));
        return Ok(respond::html(&ShowPage { layout, place: &place, mapping }));
    }
    Ok(shown(&page, &place, &around, form, None).await)
}

/// Shows the form again as it was sent: with another action, with another row, or as JSON.
pub async fn redraw(
    page: Page,
    Path((environment, key)): Path<(String, String)>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> PageResult {
    let place = SourcePlace::new(environment, key);
    let around = Around::read(&page, &place).await?;
    let mut form = MappingForm::read(&pairs);
    let wanted = pairs.iter().rfind(|(name, _)| name == "do").map_or("", |(_, value)| value.as_str());
    let switched = match wanted {
        "json" => form.switch_to(true),
        "fields" => form.switch_to(false),
        _ => Ok(()),
    };
    Ok(shown(&page, &place, &around, form, switched.err().as_ref()).await)
}

/// Shows the sample for the event type of the form.
pub async fn sample(
    page: Page,
    Path((environment, key)): Path<(String, String)>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> PageResult {
    redraw(page, Path((environment, key)), Form(pairs)).await
}
