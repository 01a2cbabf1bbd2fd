//! Responses about bulk operations.

use inlet_api_types::recipients::bulk_operations::{BulkErrorItem, BulkOperation};
use inlet_core::{json, time};
use inlet_store::BulkOperationRecord;

/// The response for a bulk operation of the store.
pub fn bulk_operation(record: BulkOperationRecord, base_url: &str) -> BulkOperation {
    let status = match &record {
        BulkOperationRecord { failed_at_ms: Some(_), .. } => "failed",
        BulkOperationRecord { completed_at_ms: Some(_), .. } => "completed",
        BulkOperationRecord { started_at_ms: Some(_), .. } => "processing",
        _ => "queued",
    };
    BulkOperation {
        typename: "BulkOperation".to_owned(),
        id: record.id.to_string(),
        name: record.operation,
        status: status.to_owned(),
        estimated_total_rows: record.total,
        processed_rows: record.processed,
        success_count: record.succeeded,
        error_count: record.processed - record.succeeded,
        error_items: error_items(&record.errors),
        progress_path: format!("{base_url}/v1/bulk_operations/{}", record.id),
        started_at: record.started_at_ms.map(time::write_ms),
        completed_at: record.completed_at_ms.map(time::write_ms),
        failed_at: record.failed_at_ms.map(time::write_ms),
        inserted_at: time::write_ms(record.inserted_at_ms),
        updated_at: time::write_ms(record.updated_at_ms),
    }
}

fn error_items(errors: &str) -> Vec<BulkErrorItem> {
    let read = |item: &str| {
        let text = |name| json::member(item, name).and_then(json::string);
        let (id, collection) = (text("id").unwrap_or_default(), text("collection"));
        BulkErrorItem { id, collection, message: text("message").unwrap_or_default() }
    };
    json::items(errors).unwrap_or_default().into_iter().map(read).collect()
}
