//! Translates what Shopify sends.
