//! Translates what Supabase sends.
