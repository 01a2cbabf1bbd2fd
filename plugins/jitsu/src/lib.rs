//! Translates what Jitsu sends.
