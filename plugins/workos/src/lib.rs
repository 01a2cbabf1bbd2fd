//! Translates what WorkOS sends.
