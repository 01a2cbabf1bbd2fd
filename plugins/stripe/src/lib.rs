//! Translates what Stripe sends.
