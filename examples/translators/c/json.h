// Reads JSON without copying, recursion or rounding, so that a plugin can point at values.
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A part of the body. `at` is NULL if it is absent.
typedef struct {
  const uint8_t *at;
  size_t len;
} json_t;

// True if `text` is one JSON text (RFC 8259) of at most 128 levels.
bool json_is_valid(json_t text);

// Returns the text without surrounding white space.
json_t json_trim(json_t text);

// Finds members of an object in one pass; the last of duplicates wins. Returns false if it is not a valid object.
bool json_get(json_t object, size_t count, const char *const names[], json_t found[]);

// Decodes a string literal into memory that the caller frees. Returns false if it holds a lone surrogate, which is not
// text.
bool json_unescape(json_t literal, uint8_t **text, size_t *len);

#endif
