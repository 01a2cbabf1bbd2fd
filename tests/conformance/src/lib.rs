//! Proves what a plugin does, from cases that are plain data.
