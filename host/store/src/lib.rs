//! Where events become durable: sqlx lives only here.
