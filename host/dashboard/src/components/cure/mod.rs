//! The cure of each cause for attention: a sentence of the dashboard's own, and the button or link that cures it in place.
//!
//! [`Cause`] names the cause as the API does, and [`Cause::cure`] returns its [`Cure`]. The buttons post to `pages/cures`, which
//! lead back to the page that they stand on. A button that the token may not use is left out.

mod causes;
mod operational;
mod target;
mod without_effect;

use askama::Template;
use inlet_api::Scope;
use inlet_api_types::{issues::Issue, sources::AttentionCause};

pub use self::{
    operational::of_operational_event,
    target::of_target,
    without_effect::{of_nobody, of_unmapped, of_workflow, of_wrong_url, wrong_url},
};
use super::Html;
use crate::{html::url_part, layout::Layout};

/// The step that marks the entries of a cause as known.
const ACKNOWLEDGE: &str = "Acknowledge";

/// A cause for attention, as the API names it.
#[derive(Debug, Clone, Copy)]
pub struct Cause<'a> {
    /// The environment's identifier.
    pub environment: &'a str,
    /// The source's key.
    pub source: &'a str,
    /// `failed`, `rejected` or `refused`.
    pub kind: &'a str,
    /// The code of the log entries, or the reason of the refusals.
    pub code: &'a str,
    /// The API's own sentence, for a code that the dashboard does not know.
    pub what_to_do: &'a str,
}

impl<'a> Cause<'a> {
    /// The cause of a source's status.
    pub fn of(source: &'a str, cause: &'a AttentionCause) -> Self {
        Self {
            environment: &cause.environment,
            source,
            kind: &cause.kind,
            code: &cause.cause,
            what_to_do: &cause.what_to_do,
        }
    }

    /// The cause of a refused request.
    pub fn of_refused(environment: &'a str, source: &'a str, cause: &'a str, what_to_do: &'a str) -> Self {
        Self { environment, source, kind: "refused", code: cause, what_to_do }
    }

    /// Returns its cure.
    pub fn cure(&self) -> Cure {
        causes::cure(self)
    }

    /// Returns the cure of an issue. It is acknowledged on its own page, so there is no step for that.
    pub fn of_issue(issue: &Issue) -> Cure {
        let cause = Cause {
            environment: &issue.environment,
            source: issue.source.as_deref().unwrap_or_default(),
            kind: &issue.kind,
            code: &issue.code,
            what_to_do: &issue.what_to_do,
        };
        let cure = cause.cure();
        let needs_source = |step: &Step| match step {
            Step::Link { href, .. } | Step::Change { href, .. } => *href == cause.logs() || *href == cause.refused(),
            Step::Send(_) => true,
        };
        let is_possible = |step: &Step| issue.source.is_some() || !needs_source(step);
        let steps = cure.steps.into_iter().filter(|step| step.label() != ACKNOWLEDGE && is_possible(step)).collect();
        Cure { steps, ..cure }
    }

    /// Returns its cure as a part of a page: the sentence, and its buttons and links.
    pub fn html(&self, layout: &Layout<'_>) -> Html {
        self.cure().html(layout)
    }

    /// The address of the source's log with the entries of this cause.
    pub fn logs(&self) -> String {
        let [environment, source, kind, code] = [self.environment, self.source, self.kind, self.code].map(url_part);
        format!("/e/{environment}/logs?source={source}&outcome={kind}&code={code}")
    }

    /// The address of the source's refused requests, at this cause.
    pub fn refused(&self) -> String {
        let [environment, source, code] = [self.environment, self.source, self.code].map(url_part);
        format!("/e/{environment}/sources/{source}/refused#cause-{code}")
    }

    /// The address of a cure.
    fn path(&self, name: &str) -> String {
        format!("/e/{}/sources/{}/cures/{name}", url_part(self.environment), url_part(self.source))
    }
}

/// The repair of a cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cure {
    /// The sentence.
    pub sentence: String,
    /// The steps, the most useful one first.
    pub steps: Vec<Step>,
}

/// A link or a button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A page.
    Link {
        /// The text.
        label: &'static str,
        /// The address.
        href: String,
    },
    /// A page that changes something, for a token with the scope `operate`.
    Change {
        /// The text.
        label: &'static str,
        /// The address.
        href: String,
    },
    /// A button of a form.
    Send(Send),
}

impl Step {
    fn label(&self) -> &'static str {
        match self {
            Self::Link { label, .. } | Self::Change { label, .. } => label,
            Self::Send(send) => send.label,
        }
    }
}

/// A form that changes something, for a token with the scope `operate`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Send {
    /// The text of the button.
    pub label: &'static str,
    /// The address.
    pub action: String,
    /// Hidden fields.
    pub fields: Vec<(&'static str, String)>,
    /// A secret to enter: the field's name and its label.
    pub secret: Option<(&'static str, &'static str)>,
}

impl Cure {
    /// A cure without steps.
    fn new(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), steps: Vec::new() }
    }

    fn then(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// Leaves out the links to a page, such as the one that the cure stands on.
    pub fn without(mut self, page: &str) -> Self {
        self.steps.retain(|step| match step {
            Step::Link { href, .. } | Step::Change { href, .. } => href != page,
            Step::Send(_) => true,
        });
        self
    }

    /// Returns the sentence, and the steps that the session's token may take.
    pub fn html(&self, layout: &Layout<'_>) -> Html {
        let may_change = layout.page.can(Scope::Operate);
        let is_permitted = |step: &&Step| may_change || matches!(step, Step::Link { .. });
        let steps: Vec<&Step> = self.steps.iter().filter(is_permitted).collect();
        Html::of(&CureView { sentence: &self.sentence, steps, csrf: layout.csrf(), back: layout.here() })
    }
}

#[derive(Template)]
#[template(path = "components/cure.html")]
struct CureView<'a> {
    sentence: &'a str,
    steps: Vec<&'a Step>,
    csrf: &'a str,
    back: String,
}
