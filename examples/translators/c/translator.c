// Translates requests of Orders.

#include <stdlib.h>

#include "json.h"
#include "source.h"

typedef exports_inlet_source_translator_translation_t translation_t;
typedef exports_inlet_source_translator_notice_t notice_t;

// Rejects the whole request.
static bool reject(notice_t *notice, const char *code, const char *message) {
  *notice = (notice_t){0};
  source_string_dup(&notice->code, code);
  source_string_dup(&notice->message, message);
  return false;
}

// Points at a member; the host cuts it out of the body unchanged, every digit of it.
static inlet_source_types_option_value_t at(json_t member, const char *pointer) {
  inlet_source_types_option_value_t value = {0};
  if (member.at) {
    value.is_some = true;
    value.val.tag = INLET_SOURCE_TYPES_VALUE_AT;
    source_string_dup(&value.val.val.at, pointer);
  }
  return value;
}

// Translates a request into events.
bool exports_inlet_source_translator_translate(exports_inlet_source_translator_request_t *request, translation_t *ret,
                                               notice_t *err) {
  if (request->body.tag == INLET_SOURCE_TYPES_BODY_BYTES) {
    return reject(err, "not_utf8", "The body is not UTF-8; send JSON encoded as UTF-8.");
  }
  json_t body = json_trim((json_t){request->body.val.text.ptr, request->body.val.text.len});
  if (body.len == 0) return reject(err, "empty", "The body is empty; expected an event as a JSON object.");
  static const char *const names[] = {"type", "customer", "id", "created", "order"};
  json_t found[5];
  if (!(*body.at == '{' ? json_get(body, 5, names, found) : json_is_valid(body))) {
    return reject(err, "not_json", "The body is not JSON; send one JSON object.");
  }
  if (*body.at != '{') {
    return reject(err, "not_an_object", "The body is no JSON object; send one event as an object.");
  }
  json_t kind = found[0];
  inlet_source_types_event_t event = {0};
  if (!kind.at || *kind.at != '"' || !json_unescape(kind, &event.event_type.ptr, &event.event_type.len)) {
    return reject(err, "missing_field", "There is no string at `type`; it names the event.");
  }
  event.user_id = at(found[1], "/customer");
  event.idempotency_key = at(found[2], "/id");
  event.occurred_at = at(found[3], "/created");
  event.data = at(found[4], "/order");

  inlet_source_types_item_t *item = malloc(sizeof *item);
  if (!item) abort();
  item->tag = INLET_SOURCE_TYPES_ITEM_EVENT;
  item->val.event = event;
  *ret = (translation_t){0};
  ret->items.ptr = item;
  ret->items.len = 1;
  return true;
}
