//! The actions of mappings: one file per action type, and the registry that all other code reads.
//!
//! An action passes through three stages. Its [`ActionParameters`] are parsed when a mapping is loaded. For each event,
//! they are resolved to an [`ActionIntent`]. Inside the store's transaction the intent decides: the result is a
//! [`Decision`] and a list of [`Effect`]s. The store writes effects and knows no action. Source of the rules:
//! semantics.md §5 and §6.
//!
//! To add an action, write its file and name that file in the registry.

pub mod audiences_add_member;
pub mod audiences_remove_member;
mod collection;
mod decision;
mod definition;
mod deletion;
mod error;
mod form;
mod membership;
mod missing;
mod nearest_path;
pub mod objects_delete;
pub mod objects_set;
pub mod objects_subscribe;
pub mod objects_unsubscribe;
mod parameter;
mod parse;
mod parties;
mod place;
mod resolve_form;
mod resolver;
mod scope;
mod subscription;
mod template;
pub mod tenants_delete;
pub mod tenants_set;
pub mod users_delete;
pub mod users_identify;
mod variable_references;
mod workable;
pub mod workflows_cancel;
pub mod workflows_trigger;

use serde::{Deserialize, Serialize};

pub use decision::{AsOf, Decision, NewId, Status, View};
pub use definition::{ActionIntent, ActionParameters};
pub use error::{ActionError, BadMapping};
pub use form::Syntax;
pub(crate) use nearest_path::advice;
pub use parameter::{Parameter, ParameterReader};
pub use parse::{action_list, parse_action, parse_action_in};
pub use resolver::{Resolver, ResolverLog};
pub use scope::Scope;
pub use variable_references::variable_references;
pub use workable::check_workable;

use crate::{effect::Effect, user::TooLarge, world::EnvironmentNeeds};

/// Defines [`ActionType`], [`Action`] and [`Intent`] from the names of the actions and their files.
macro_rules! registry {
    ($($variant:ident $name:literal => $module:ident,)*) => {
        /// An action type. The order of the variants is the order in which the actions of one event are carried out.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum ActionType {
            $(
                #[doc = concat!("`", $name, "`")]
                #[serde(rename = $name)]
                $variant,
            )*
        }

        impl ActionType {
            /// Every action type, in order.
            pub const ALL: [ActionType; [$($name),*].len()] = [$(ActionType::$variant),*];

            /// Returns the name used in mappings and logs.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(ActionType::$variant => $name,)*
                }
            }
        }

        /// The parsed parameters of an action.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Action {
            $(
                #[doc = concat!("The parameters of `", $name, "`.")]
                $variant($module::Parameters),
            )*
        }

        impl Action {
            /// Returns the type of the action.
            pub fn action_type(&self) -> ActionType {
                match self {
                    $(Action::$variant($module::Parameters { .. }) => ActionType::$variant,)*
                }
            }

            /// Parses the parameters of an action.
            fn parse(action: ActionType, reader: &mut ParameterReader<'_>) -> Result<Self, BadMapping> {
                Ok(match action {
                    $(ActionType::$variant => Action::$variant($module::Parameters::parse(reader)?),)*
                })
            }

            /// Resolves the parameters against an event.
            pub fn resolve<'a>(&'a self, resolver: &mut Resolver<'a>) -> Result<Intent, ActionError> {
                match self {
                    $(Action::$variant(parameters) => {
                        let intent: $module::Intent = parameters.resolve(resolver)?;
                        Ok(Intent::$variant(intent))
                    })*
                }
            }
        }

        /// The resolved parameters of an action.
        #[derive(Debug, Clone)]
        pub enum Intent {
            $(
                #[doc = concat!("The resolved parameters of `", $name, "`.")]
                $variant($module::Intent),
            )*
        }

        impl Intent {
            /// Adds the recipients that must be loaded before the action can be decided.
            pub fn needs<'a>(&'a self, needs: &mut EnvironmentNeeds<'_, 'a>) {
                match self {
                    $(Intent::$variant(intent) => <$module::Intent as ActionIntent>::needs(intent, needs),)*
                }
            }

            /// Returns the number of recipients that are named, if the action can name several.
            pub fn listed_recipients(&self) -> usize {
                match self {
                    $(Intent::$variant(intent) => <$module::Intent as ActionIntent>::listed_recipients(intent),)*
                }
            }

            /// Upserts the recipients that are given inline.
            pub fn upsert_inline(&self, view: &View<'_>, effects: &mut Vec<Effect>) -> Result<(), TooLarge> {
                match self {
                    $(Intent::$variant(intent) => {
                        <$module::Intent as ActionIntent>::upsert_inline(intent, view, effects)
                    })*
                }
            }

            /// Decides the action.
            pub fn decide(&self, view: &mut View<'_>, effects: &mut Vec<Effect>) -> Decision {
                match self {
                    $(Intent::$variant(intent) => <$module::Intent as ActionIntent>::decide(intent, view, effects),)*
                }
            }
        }
    };
}

registry! {
    UsersIdentify "users_identify" => users_identify,
    UsersDelete "users_delete" => users_delete,
    ObjectsSet "objects_set" => objects_set,
    ObjectsDelete "objects_delete" => objects_delete,
    TenantsSet "tenants_set" => tenants_set,
    TenantsDelete "tenants_delete" => tenants_delete,
    ObjectsSubscribe "objects_subscribe" => objects_subscribe,
    ObjectsUnsubscribe "objects_unsubscribe" => objects_unsubscribe,
    AudiencesAddMember "audiences_add_member" => audiences_add_member,
    AudiencesRemoveMember "audiences_remove_member" => audiences_remove_member,
    WorkflowsCancel "workflows_cancel" => workflows_cancel,
    WorkflowsTrigger "workflows_trigger" => workflows_trigger,
}

impl ActionType {
    /// Returns the action type of that name.
    pub fn parse(name: &str) -> Option<ActionType> {
        Self::ALL.into_iter().find(|action| action.as_str() == name)
    }
}
