//! A plugin that crashes on some events: what a quarantine is for, which no request to a bundled plugin can bring about.

use inlet_plugin::segment::Call;
use inlet_plugin::{Item, Notice, Plugin, Request, Translation};

/// A plugin that reads Segment's calls and crashes on those named `Crash`.
#[derive(Debug)]
pub struct Fragile;

inlet_plugin::export!(Fragile);

impl Plugin for Fragile {
    fn translate(request: &Request) -> Result<Translation, Notice> {
        let event = Call::read(request.json()?)?.into_event("track")?;
        assert_ne!(event.event_type, "track/Crash");
        Ok(Translation::from(Item::Event(event)))
    }
}
