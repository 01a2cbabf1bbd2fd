//! Subscriptions of recipients to objects.

pub mod add;
pub mod delete;
pub mod list_of_object;
pub mod list_of_user;
mod read;
mod response;
