//! The parameters of each action, as the form names and asks for them. A test holds them against the core's own parsers.

use inlet_core::actions::ActionType;

/// A parameter in the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    /// The name, as mappings write it.
    pub name: &'static str,
    /// The label.
    pub label: &'static str,
    /// The form of the question.
    pub kind: Kind,
    /// The effect of leaving it empty, or what to enter.
    pub hint: &'static str,
}

/// The form in which a parameter is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A constant text, which must be there.
    Constant,
    /// A value that must be there.
    Required,
    /// A value that may be absent.
    Optional,
    /// An object that may be absent.
    Object,
    /// The keys of targets.
    Targets,
    /// One of these words, or absent, each with what it means.
    Choice(&'static [(&'static str, &'static str)]),
}

const fn parameter(name: &'static str, label: &'static str, kind: Kind, hint: &'static str) -> Parameter {
    Parameter { name, label, kind, hint }
}

const COLLECTION: Parameter = parameter("collection", "Collection", Kind::Constant, "A fixed name, such as projects.");
const OBJECT_ID: Parameter = parameter("id", "Object id", Kind::Required, "");
const TENANT_ID: Parameter = parameter("id", "Tenant id", Kind::Required, "");
const USER_ID: Parameter = parameter("user_id", "User", Kind::Optional, "Empty: the event's user_id.");
const RECIPIENTS: Parameter = parameter(
    "recipients",
    "Recipients",
    Kind::Optional,
    "Empty: the event's user_id. A user id, an object with an id, or a list of them.",
);
const PROPERTIES: Parameter = parameter("properties", "Properties", Kind::Object, "Empty: none.");
const AUDIENCE: Parameter = parameter("key", "Audience", Kind::Constant, "A fixed key.");
const WORKFLOW: Parameter = parameter("key", "Workflow", Kind::Constant, "The key of the workflow in your engine.");
const TENANT: Parameter = parameter("tenant", "Tenant", Kind::Optional, "Empty: none.");

/// Returns the parameters of an action, in the order of the form.
pub fn of(action: ActionType) -> &'static [Parameter] {
    match action {
        ActionType::UsersIdentify => {
            const { &[USER_ID, parameter("properties", "Properties", Kind::Object, "Empty: all of the event's data.")] }
        }
        ActionType::UsersDelete => const { &[USER_ID] },
        ActionType::ObjectsSet => const { &[COLLECTION, OBJECT_ID, PROPERTIES] },
        ActionType::ObjectsDelete => const { &[COLLECTION, OBJECT_ID] },
        ActionType::TenantsSet => const { &[TENANT_ID, PROPERTIES] },
        ActionType::TenantsDelete => const { &[TENANT_ID] },
        ActionType::ObjectsSubscribe | ActionType::ObjectsUnsubscribe => {
            const { &[COLLECTION, OBJECT_ID, RECIPIENTS, PROPERTIES] }
        }
        ActionType::AudiencesAddMember | ActionType::AudiencesRemoveMember => const { &[AUDIENCE, USER_ID, TENANT] },
        ActionType::WorkflowsCancel => {
            const {
                &[
                    WORKFLOW,
                    parameter("cancellation_key", "Cancellation key", Kind::Required, "As the trigger gave it."),
                    parameter("recipients", "Recipients", Kind::Optional, "Empty: all recipients of the runs."),
                ]
            }
        }
        ActionType::WorkflowsTrigger => {
            const {
                &[
                    WORKFLOW,
                    RECIPIENTS,
                    parameter("data", "Data", Kind::Object, "Empty: all of the event's data."),
                    parameter("actor", "Actor", Kind::Optional, "Who caused it. Empty: nobody."),
                    TENANT,
                    parameter(
                        "cancellation_key",
                        "Cancellation key",
                        Kind::Optional,
                        "A later cancel with this key takes the run back.",
                    ),
                    parameter(
                        "targets",
                        "Targets",
                        Kind::Targets,
                        "None chosen: every target that takes the workflow.",
                    ),
                    parameter(
                        "unidentified",
                        "A recipient who is not identified",
                        Kind::Choice(&[("", "is skipped"), ("wait", "is waited for, up to 24 hours")]),
                        "",
                    ),
                    parameter(
                        "on_overflow",
                        "More than 1,000 recipients",
                        Kind::Choice(&[("", "are an error"), ("split", "become several runs")]),
                        "",
                    ),
                ]
            }
        }
    }
}

/// Returns what an action does, in a few words.
pub fn meaning(action: ActionType) -> &'static str {
    match action {
        ActionType::UsersIdentify => "Identify a user",
        ActionType::UsersDelete => "Delete a user",
        ActionType::ObjectsSet => "Set an object",
        ActionType::ObjectsDelete => "Delete an object",
        ActionType::TenantsSet => "Set a tenant",
        ActionType::TenantsDelete => "Delete a tenant",
        ActionType::ObjectsSubscribe => "Subscribe to an object",
        ActionType::ObjectsUnsubscribe => "Unsubscribe from an object",
        ActionType::AudiencesAddMember => "Add to an audience",
        ActionType::AudiencesRemoveMember => "Remove from an audience",
        ActionType::WorkflowsCancel => "Cancel a workflow",
        ActionType::WorkflowsTrigger => "Trigger a workflow",
    }
}

/// Returns the action of this name.
pub fn action(name: &str) -> Option<ActionType> {
    ActionType::ALL.into_iter().find(|action| action.as_str() == name)
}

#[cfg(test)]
mod tests {
    use inlet_core::{actions::parse_action, json};

    use super::*;

    /// A value that the action takes.
    fn value(kind: Kind) -> &'static str {
        match kind {
            Kind::Constant => r#""k""#,
            Kind::Required | Kind::Optional | Kind::Object => r#""data.a""#,
            Kind::Targets => r#"["crm"]"#,
            Kind::Choice(words) => match words[1].0 {
                "wait" => r#""wait""#,
                _ => r#""split""#,
            },
        }
    }

    #[test]
    fn the_actions_take_the_parameters_of_the_form_and_need_those_that_are_required() {
        for action in ActionType::ALL {
            let parse = |parameters: &[&Parameter]| {
                let members = parameters.iter().map(|parameter| (parameter.name, value(parameter.kind)));
                parse_action(action.as_str(), &json::object(members))
            };
            let all: Vec<&Parameter> = of(action).iter().collect();
            assert!(parse(&all).is_ok(), "{action:?}: {:?}", parse(&all));
            for left_out in &all {
                let others: Vec<&Parameter> = all.iter().copied().filter(|other| other.name != left_out.name).collect();
                let is_required = matches!(left_out.kind, Kind::Constant | Kind::Required);
                assert_eq!(parse(&others).is_err(), is_required, "{action:?} without {}", left_out.name);
            }
        }
    }
}
