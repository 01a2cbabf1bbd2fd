//! Translates what Clerk sends.
