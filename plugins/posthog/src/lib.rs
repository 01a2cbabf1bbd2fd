//! Translates what PostHog sends.
