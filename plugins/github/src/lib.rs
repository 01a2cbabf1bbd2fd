//! Translates what GitHub sends.
