//! One operation of the recipients API, and the item that it becomes.

use bytestring::ByteString;
use inlet_core::{
    actions::{ActionError, ActionType, BadMapping, Intent},
    idempotency::{self, ScopedKey},
    log::{EventFields, EventLog, Original},
    plan::{self, Plan, PlannedAction, Scope},
    settle::Prepared,
};

use crate::{Engine, snapshot::Endpoint};

/// The hours for which the answer of a call with an `Idempotency-Key` is given again.
pub const IDEMPOTENCY_WINDOW_HOURS: i64 = 24;

/// The verification status of an API call: its key was checked before anything was read.
const VERIFICATION: &str = "enforced:verified";

macro_rules! operation_types {
    ($($variant:ident $name:literal => $action:ident,)*) => {
        /// The type of an operation, which is the event type of its log entry.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum OperationType {
            $(
                #[doc = concat!("`", $name, "`")]
                $variant,
            )*
        }

        impl OperationType {
            /// Every operation type.
            pub const ALL: [OperationType; [$($name),*].len()] = [$(OperationType::$variant),*];

            /// Returns the name used in logs.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(OperationType::$variant => $name,)*
                }
            }

            /// Returns the action that the operation carries out.
            pub fn action_type(self) -> ActionType {
                match self {
                    $(OperationType::$variant => ActionType::$action,)*
                }
            }
        }
    };
}

operation_types! {
    UsersIdentify "users.identify" => UsersIdentify,
    UsersDelete "users.delete" => UsersDelete,
    ObjectsSet "objects.set" => ObjectsSet,
    ObjectsDelete "objects.delete" => ObjectsDelete,
    TenantsSet "tenants.set" => TenantsSet,
    TenantsDelete "tenants.delete" => TenantsDelete,
    ObjectsSubscribe "objects.subscribe" => ObjectsSubscribe,
    ObjectsUnsubscribe "objects.unsubscribe" => ObjectsUnsubscribe,
    AudiencesAddMembers "audiences.add_members" => AudiencesAddMember,
    AudiencesRemoveMembers "audiences.remove_members" => AudiencesRemoveMember,
    WorkflowsCancel "workflows.cancel" => WorkflowsCancel,
    WorkflowsTrigger "workflows.trigger" => WorkflowsTrigger,
}

impl OperationType {
    /// Returns the operation type of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.as_str() == name)
    }

    /// Returns true for an operation over one user.
    pub fn is_about_users(self) -> bool {
        matches!(self, OperationType::UsersIdentify | OperationType::UsersDelete)
    }
}

/// One operation, planned.
#[derive(Debug)]
pub struct Operation {
    operation: OperationType,
    /// The user that it is about.
    user_id: Option<String>,
    /// A JSON object: the body of the request.
    body: ByteString,
    action: PlannedAction,
    idempotency: Option<Idempotency>,
}

#[derive(Debug)]
struct Idempotency {
    key: String,
    /// The part of the call, beside its body, that must be the same in the key's first call.
    subject: String,
}

impl Operation {
    /// Plans an operation. `parameters`, a JSON object, are those of its action in a mapping: constants, and paths into
    /// `data`, which is `body`.
    pub fn plan(operation: OperationType, body: ByteString, parameters: &str) -> Result<Self, BadMapping> {
        let scope = Scope { user_id: None, data: &body, item: "", headers: None, hints: None, vars: None };
        let action = plan::plan_action(scope, operation.action_type(), parameters)?;
        Ok(Self { operation, user_id: None, body, action, idempotency: None })
    }

    /// Returns an operation that cannot be carried out, for a reason that is found before it is planned. It is logged all the
    /// same.
    pub fn refused(operation: OperationType, body: ByteString, reason: String) -> Self {
        let action = PlannedAction {
            mapping: None,
            action_type: operation.action_type(),
            parameters: "{}".into(),
            payload: "{}".to_owned(),
            found_in: "{}".into(),
            warnings: Vec::new(),
            intent: Err(ActionError::Value(reason)),
        };
        Self { operation, user_id: None, body, action, idempotency: None }
    }

    /// Sets the user that the operation is about, by whom it is found in the log.
    pub fn about_user(self, user_id: &str) -> Self {
        Self { user_id: Some(user_id.to_owned()), ..self }
    }

    /// Sets the settings of the run that a trigger creates, a JSON object.
    pub fn with_run_settings(mut self, settings: String) -> Self {
        if let Ok(Intent::WorkflowsTrigger(trigger)) = &mut self.action.intent {
            trigger.set_settings(settings);
        }
        self
    }

    /// Sets an idempotency key. A later call with the key replays this one if it has the same subject and body.
    pub fn with_idempotency_key(self, key: String, subject: &str) -> Self {
        Self { idempotency: Some(Idempotency { key, subject: subject.to_owned() }), ..self }
    }

    /// Makes the operation fail with a reason.
    pub fn failed(mut self, reason: String) -> Self {
        self.action.intent = Err(ActionError::Value(reason));
        self
    }

    /// Returns the reason why the operation cannot be carried out, whatever is stored.
    pub fn error(&self) -> Option<&ActionError> {
        self.action.intent.as_ref().err()
    }

    /// Makes the item to commit.
    pub(super) fn prepare(self, engine: &Engine, log: &Endpoint, received_at_ms: i64) -> Prepared {
        let Self { operation, user_id, body, action, idempotency } = self;
        let event_type = operation.as_str();
        let key = idempotency.map(|Idempotency { key, subject }| {
            let window_ms = IDEMPOTENCY_WINDOW_HOURS * 60 * 60 * 1000;
            let fingerprint = idempotency::fingerprint(Some(&subject), &body);
            ScopedKey::new(&engine.hash_key, log.id, event_type, key, window_ms, fingerprint)
        });
        let fields = EventFields {
            event_type: event_type.to_owned(),
            user_id,
            verification_status: VERIFICATION.to_owned(),
            idempotency_key: key.as_ref().map(|key| key.key.clone()),
            ..EventFields::new(engine.store.clock().new_id(), received_at_ms, log.plugin_ref.clone())
        };
        let original = Original::Json(body.clone());
        let event_log = EventLog { fields, data: Some(body), original };
        let plan = Plan { key, actions: vec![action], reason: None, replay: None };
        Prepared { log: event_log, plan: Some(plan) }
    }
}
