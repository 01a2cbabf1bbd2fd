//! Users, objects, tenants and what relates them: subscriptions, audiences, workflows and bulk operations.

pub mod audiences;
pub mod bulk_operations;
pub mod forget;
pub mod integrations;
pub mod objects;
pub mod subscriptions;
pub mod tenants;
pub mod user_export;
pub mod users;
pub mod workflows;
