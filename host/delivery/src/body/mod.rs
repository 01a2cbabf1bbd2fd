//! Bodies as JSON text. Stored properties and data go through byte for byte, so that every digit survives.

mod cloud_events;
mod default;
mod recipient;
mod template;

pub use self::{
    cloud_events::cloud_event,
    default::{BodyParts, default_body},
    recipient::{merged_data, reference, with_properties},
    template::{Template, TemplateError},
};
