//! Translates what Standard Webhooks sends.
