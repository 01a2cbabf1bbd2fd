//! Measures the real server against a bare handler.
