// Reads JSON without copying, without recursion and without numbers being rounded: a plugin points at values.
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A part of the body. `at` is NULL where there is none.
typedef struct {
  const uint8_t *at;
  size_t len;
} json_t;

// Whether `text` is one JSON text (RFC 8259) of at most 128 levels.
bool json_is_valid(json_t text);

// The text without white space around it.
json_t json_trim(json_t text);

// The members of these names of an object, in one pass; of duplicates the last. False: it is no object, or not valid.
bool json_get(json_t object, size_t count, const char *const names[], json_t found[]);

// The string that a string literal stands for, in memory that the caller frees. False: it holds a lone surrogate, and so is
// no text.
bool json_unescape(json_t literal, uint8_t **text, size_t *len);

#endif
