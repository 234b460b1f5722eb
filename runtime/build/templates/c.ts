export const C_SOURCE = String.raw`/* A command: JSON on stdin, JSON on stdout. Files of the grant are files of stdio. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_all(void) {
  size_t size = 0, room = 4096;
  char *text = malloc(room + 1);
  for (size_t got; (got = fread(text + size, 1, room - size, stdin)) > 0;) {
    size += got;
    if (size == room) text = realloc(text, (room *= 2) + 1);
  }
  text[size] = 0;
  return text;
}

/* The text of a field, escapes decoded where it lies; NULL when there is none. Replace it by a JSON library for more than this. */
static char *field(char *json, const char *name) {
  char key[128];
  snprintf(key, sizeof key, "\"%s\"", name);
  char *at = strstr(json, key);
  if (at == NULL) return NULL;
  at += strlen(key);
  while (isspace((unsigned char)*at)) at++;
  if (*at++ != ':') return NULL;
  while (isspace((unsigned char)*at)) at++;
  if (*at++ != '"') return NULL;
  char *text = at, *to = at;
  for (; *at != 0 && *at != '"'; at++) {
    if (*at != '\\') {
      *to++ = *at;
      continue;
    }
    switch (*++at) {
      case 'n': *to++ = '\n'; break;
      case 't': *to++ = '\t'; break;
      case 'r': *to++ = '\r'; break;
      case 'b': *to++ = '\b'; break;
      case 'f': *to++ = '\f'; break;
      case 'u': {
        char digits[5] = {0};
        for (int i = 0; i < 4 && at[1] != 0; i++) digits[i] = *++at;
        unsigned code = (unsigned)strtoul(digits, NULL, 16);
        if (code < 0x80) *to++ = (char)code;
        else if (code < 0x800) { *to++ = (char)(0xc0 | code >> 6); *to++ = (char)(0x80 | (code & 0x3f)); }
        else { *to++ = (char)(0xe0 | code >> 12); *to++ = (char)(0x80 | (code >> 6 & 0x3f)); *to++ = (char)(0x80 | (code & 0x3f)); }
        break;
      }
      default: *to++ = *at;
    }
  }
  *to = 0;
  return text;
}

int main(void) {
  char *text = field(read_all(), "text");
  if (text == NULL) {
    fputs("text is missing", stderr);
    return 1;
  }
  int words = 0, inside = 0;
  for (; *text != 0; text++) {
    int space = isspace((unsigned char)*text);
    if (!space && !inside) words++;
    inside = !space;
  }
  printf("{\"words\":%d}\n", words);
  return 0;
}
`;
