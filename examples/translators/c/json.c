#include "json.h"

#include <stdlib.h>
#include <string.h>

#define LEVELS 128

typedef struct {
  const uint8_t *next, *end;
} scanner_t;

static int peek(const scanner_t *s) { return s->next < s->end ? *s->next : -1; }

static bool take(scanner_t *s, uint8_t byte) {
  if (peek(s) != byte) return false;
  s->next++;
  return true;
}

static void skip_space(scanner_t *s) {
  while (s->next < s->end && (*s->next == ' ' || *s->next == '\t' || *s->next == '\r' || *s->next == '\n')) s->next++;
}

static bool is_digit(int byte) { return byte >= '0' && byte <= '9'; }

static int hex(int byte) {
  if (is_digit(byte)) return byte - '0';
  byte |= 0x20;
  return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

// Reads four hexadecimal digits; -1 if there are none.
static int32_t unit(scanner_t *s) {
  int32_t value = 0;
  for (int i = 0; i < 4; i++) {
    int digit = hex(peek(s));
    if (digit < 0) return -1;
    value = value << 4 | digit;
    s->next++;
  }
  return value;
}

// True if one of eight bytes is below a limit of at most 0x80.
#define BYTES(byte) (0x0101010101010101u * (byte))
#define ANY_BELOW(bytes, limit) (((bytes) - BYTES(limit)) & ~(bytes) & BYTES(0x80))

// Skips plain characters of a string, eight bytes at a time.
static void skip_plain(scanner_t *s) {
  uint64_t bytes;
  while ((size_t)(s->end - s->next) >= sizeof bytes) {
    memcpy(&bytes, s->next, sizeof bytes);
    uint64_t quote = bytes ^ BYTES('"'), escape = bytes ^ BYTES('\\');
    if (ANY_BELOW(bytes, 0x20) | ANY_BELOW(quote, 1) | ANY_BELOW(escape, 1)) return;
    s->next += sizeof bytes;
  }
}

static bool string(scanner_t *s) {
  if (!take(s, '"')) return false;
  skip_plain(s);
  while (s->next < s->end) {
    uint8_t byte = *s->next++;
    if (byte == '"') return true;
    if (byte < 0x20) return false;
    if (byte != '\\') continue;
    if (take(s, 'u')) {
      if (unit(s) < 0) return false;
    } else {
      int escaped = peek(s);
      if (escaped <= 0 || !strchr("\"\\/bfnrt", escaped)) return false;
      s->next++;
    }
  }
  return false;
}

static bool digits(scanner_t *s) {
  const uint8_t *start = s->next;
  while (is_digit(peek(s))) s->next++;
  return s->next > start;
}

static bool number(scanner_t *s) {
  take(s, '-');
  if (!take(s, '0') && !digits(s)) return false;
  if (take(s, '.') && !digits(s)) return false;
  if (take(s, 'e') || take(s, 'E')) {
    if (!take(s, '+')) take(s, '-');
    return digits(s);
  }
  return true;
}

static bool word(scanner_t *s, const char *word) {
  while (*word) {
    if (!take(s, (uint8_t)*word++)) return false;
  }
  return true;
}

static bool name(scanner_t *s) {
  skip_space(s);
  if (!string(s)) return false;
  skip_space(s);
  return take(s, ':');
}

// Skips one value with everything inside it, without recursion.
static bool value(scanner_t *s, size_t levels) {
  uint8_t closing[LEVELS];
  size_t depth = 0;
  for (;;) {
    skip_space(s);
    bool is_whole;
    switch (peek(s)) {
      case '{':
      case '[':
        if (depth == levels) return false;
        closing[depth++] = *s->next++ == '{' ? '}' : ']';
        skip_space(s);
        is_whole = take(s, closing[depth - 1]);
        if (is_whole) {
          depth--;
        } else {
          if (closing[depth - 1] == '}' && !name(s)) return false;
          continue;
        }
        break;
      case '"': is_whole = string(s); break;
      case 't': is_whole = word(s, "true"); break;
      case 'f': is_whole = word(s, "false"); break;
      case 'n': is_whole = word(s, "null"); break;
      default: is_whole = number(s); break;
    }
    if (!is_whole) return false;
    // After a value: the ends of the levels that it completes, or a comma.
    for (;;) {
      if (depth == 0) return true;
      skip_space(s);
      if (take(s, closing[depth - 1])) {
        depth--;
        continue;
      }
      if (!take(s, ',')) return false;
      if (closing[depth - 1] == '}' && !name(s)) return false;
      break;
    }
  }
}

static bool is_at_end(scanner_t *s) {
  skip_space(s);
  return s->next == s->end;
}

bool json_is_valid(json_t text) {
  scanner_t s = {text.at, text.at + text.len};
  return value(&s, LEVELS) && is_at_end(&s);
}

json_t json_trim(json_t text) {
  scanner_t s = {text.at, text.at + text.len};
  skip_space(&s);
  while (s.end > s.next && (s.end[-1] == ' ' || s.end[-1] == '\t' || s.end[-1] == '\r' || s.end[-1] == '\n')) s.end--;
  return (json_t){s.next, (size_t)(s.end - s.next)};
}

// True if a string literal decodes to `text`.
static bool is(json_t literal, const char *text) {
  if (!memchr(literal.at, '\\', literal.len)) {
    return literal.len == strlen(text) + 2 && memcmp(literal.at + 1, text, literal.len - 2) == 0;
  }
  uint8_t *found;
  size_t len;
  if (!json_unescape(literal, &found, &len)) return false;
  bool same = len == strlen(text) && memcmp(found, text, len) == 0;
  free(found);
  return same;
}

bool json_get(json_t object, size_t count, const char *const names[], json_t found[]) {
  for (size_t i = 0; i < count; i++) found[i] = (json_t){NULL, 0};
  scanner_t s = {object.at, object.at + object.len};
  skip_space(&s);
  if (!take(&s, '{')) return false;
  skip_space(&s);
  if (take(&s, '}')) return is_at_end(&s);
  do {
    skip_space(&s);
    json_t literal = {s.next, 0};
    if (!string(&s)) return false;
    literal.len = (size_t)(s.next - literal.at);
    skip_space(&s);
    if (!take(&s, ':')) return false;
    skip_space(&s);
    json_t inside = {s.next, 0};
    // The object itself is one level.
    if (!value(&s, LEVELS - 1)) return false;
    inside.len = (size_t)(s.next - inside.at);
    for (size_t i = 0; i < count; i++) {
      if (is(literal, names[i])) found[i] = inside;
    }
    skip_space(&s);
  } while (take(&s, ','));
  return take(&s, '}') && is_at_end(&s);
}

static size_t write_utf8(uint8_t *out, uint32_t letter) {
  if (letter < 0x80) {
    out[0] = (uint8_t)letter;
    return 1;
  }
  size_t more = letter < 0x800 ? 1 : letter < 0x10000 ? 2 : 3;
  static const uint8_t first[] = {0, 0xc0, 0xe0, 0xf0};
  out[0] = (uint8_t)(first[more] | letter >> (6 * more));
  for (size_t i = 1; i <= more; i++) out[i] = (uint8_t)(0x80 | (letter >> (6 * (more - i)) & 0x3f));
  return more + 1;
}

bool json_unescape(json_t literal, uint8_t **text, size_t *len) {
  // The decoded text is never longer than the literal.
  uint8_t *out = malloc(literal.len);
  if (!out) abort();
  size_t n = 0;
  scanner_t s = {literal.at + 1, literal.at + literal.len - 1};
  while (s.next < s.end) {
    uint8_t byte = *s.next++;
    if (byte != '\\') {
      out[n++] = byte;
      continue;
    }
    byte = *s.next++;
    if (byte == 'u') {
      uint32_t letter = (uint32_t)unit(&s);
      if (letter >= 0xd800 && letter < 0xdc00 && take(&s, '\\') && take(&s, 'u')) {
        uint32_t low = (uint32_t)unit(&s);
        letter = low >= 0xdc00 && low < 0xe000 ? 0x10000 + ((letter - 0xd800) << 10 | (low - 0xdc00)) : 0xd800;
      }
      if (letter >= 0xd800 && letter < 0xe000) {
        free(out);
        return false;
      }
      n += write_utf8(out + n, letter);
    } else {
      static const char written[] = "bfnrt", meant[] = "\b\f\n\r\t";
      const char *place = strchr(written, byte);
      out[n++] = place ? (uint8_t)meant[place - written] : byte;
    }
  }
  *text = out;
  *len = n;
  return true;
}
