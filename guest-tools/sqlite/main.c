/*
 * SQLite as a guest: one call of `query` reads a request from stdin, does it in one transaction, and writes the answer as JSON to stdout.
 *
 * A database in a file is opened for the call and closed by it, because nothing that a call opens outlives it. One in memory stays as long as the
 * instance. What a statement may do is decided by the authorizer below, which looks at what SQLite will do, not at the text.
 *
 * Request, numbers little-endian: u32 flags, u32 most rows, u32 most bytes, u32 most milliseconds, u32 most thousands of steps of SQLite's machine,
 * text path (empty: in memory), u32 statements, then each: text sql, u32 parameters, then each: text name (empty: by its place), u8 type, and its value. A text is u32 length and bytes.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "sqlite3.h"

enum { MAY_WRITE = 1, MAY_CREATE = 2 };

/* ---- the request ---- */

static const unsigned char *at, *end;
static int broken;

static uint32_t take_u32(void) {
  if (end - at < 4) {
    broken = 1;
    return 0;
  }
  uint32_t value = at[0] | at[1] << 8 | at[2] << 16 | (uint32_t)at[3] << 24;
  at += 4;
  return value;
}

static const char *take_text(uint32_t *length) {
  *length = take_u32();
  if ((size_t)(end - at) < *length) {
    broken = 1;
    *length = 0;
    return "";
  }
  const char *text = (const char *)at;
  at += *length;
  return text;
}

static int64_t take_i64(void) {
  uint64_t low = take_u32();
  return (int64_t)(low | (uint64_t)take_u32() << 32);
}

static unsigned char *read_all(size_t *length) {
  size_t room = 64 * 1024, have = 0;
  unsigned char *bytes = malloc(room);
  for (;;) {
    if (bytes == NULL) return NULL;
    ssize_t got = read(0, bytes + have, room - have);
    if (got <= 0) break;
    have += (size_t)got;
    if (have == room) bytes = realloc(bytes, room *= 2);
  }
  *length = have;
  return bytes;
}

/* ---- the answer ---- */

static char *out;
static size_t out_length, out_room, most_bytes;
static int too_large;

static void put(const char *bytes, size_t length) {
  if (too_large) return;
  if (out_length + length > most_bytes) {
    too_large = 1;
    return;
  }
  if (out_length + length > out_room) {
    size_t room = out_room * 2 + length + 4096;
    char *grown = realloc(out, room);
    if (grown == NULL) {
      too_large = 1;
      return;
    }
    out = grown;
    out_room = room;
  }
  memcpy(out + out_length, bytes, length);
  out_length += length;
}

static void puts_(const char *text) { put(text, strlen(text)); }

static void put_string(const char *text, size_t length) {
  static const char hex[] = "0123456789abcdef";
  puts_("\"");
  size_t from = 0;
  for (size_t i = 0; i < length; i++) {
    unsigned char c = (unsigned char)text[i];
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    put(text + from, i - from);
    from = i + 1;
    char escaped[7] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15], 0};
    if (c == '"') puts_("\\\"");
    else if (c == '\\') puts_("\\\\");
    else if (c == '\n') puts_("\\n");
    else puts_(escaped);
  }
  put(text + from, length - from);
  puts_("\"");
}

static void put_base64(const unsigned char *bytes, size_t length) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  puts_("{\"$blob\":\"");
  for (size_t i = 0; i < length; i += 3) {
    uint32_t three = (uint32_t)bytes[i] << 16 | (i + 1 < length ? bytes[i + 1] << 8 : 0) | (i + 2 < length ? bytes[i + 2] : 0);
    char four[4] = {letters[three >> 18], letters[three >> 12 & 63], i + 1 < length ? letters[three >> 6 & 63] : '=',
                    i + 2 < length ? letters[three & 63] : '='};
    put(four, 4);
  }
  puts_("\"}");
}

static void put_value(sqlite3_stmt *statement, int column) {
  char text[40];
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER: {
      sqlite3_int64 value = sqlite3_column_int64(statement, column);
      int exact = value >= -9007199254740991 && value <= 9007199254740991;
      snprintf(text, sizeof text, exact ? "%lld" : "{\"$int\":\"%lld\"}", value);
      puts_(text);
      return;
    }
    case SQLITE_FLOAT: {
      double value = sqlite3_column_double(statement, column);
      if (isfinite(value)) {
        snprintf(text, sizeof text, "%.17g", value);
        puts_(text);
      } else puts_(value > 0 ? "{\"$real\":\"Infinity\"}" : "{\"$real\":\"-Infinity\"}");
      return;
    }
    case SQLITE_TEXT: {
      const char *value = (const char *)sqlite3_column_text(statement, column);
      put_string(value, (size_t)sqlite3_column_bytes(statement, column));
      return;
    }
    case SQLITE_BLOB: {
      const unsigned char *value = sqlite3_column_blob(statement, column);
      put_base64(value, (size_t)sqlite3_column_bytes(statement, column));
      return;
    }
    default: puts_("null");
  }
}

/* ---- what a statement may do ---- */

static int may_write;
static char denied[200];

static int deny(const char *what, const char *which) {
  if (denied[0] == 0) snprintf(denied, sizeof denied, "%s%s%.80s", what, which == NULL ? "" : " ", which == NULL ? "" : which);
  return SQLITE_DENY;
}

/* Settings that only tell, or that hold for this connection alone. */
static int is_harmless(const char *name, const char *value) {
  static const char *const asking[] = {"table_info",  "table_xinfo",      "table_list",    "index_list",  "index_info",
                                       "index_xinfo", "foreign_key_list", "database_list", "function_list", "pragma_list",
                                       "collation_list", "compile_options", "integrity_check", "quick_check", "foreign_key_check", NULL};
  static const char *const telling[] = {"user_version", "application_id", "page_count", "page_size",   "freelist_count",
                                        "encoding",     "schema_version", "data_version", "journal_mode", "foreign_keys", NULL};
  for (int i = 0; asking[i] != NULL; i++)
    if (sqlite3_stricmp(name, asking[i]) == 0) return 1;
  for (int i = 0; telling[i] != NULL; i++)
    if (sqlite3_stricmp(name, telling[i]) == 0) return value == NULL || sqlite3_stricmp(name, "foreign_keys") == 0;
  return may_write && sqlite3_stricmp(name, "user_version") == 0;
}

static int authorize(void *ignored, int action, const char *first, const char *second, const char *database, const char *trigger) {
  (void)ignored, (void)database, (void)trigger;
  switch (action) {
    case SQLITE_ATTACH: return deny("ATTACH", NULL);
    case SQLITE_DETACH: return deny("DETACH", NULL);
    case SQLITE_TRANSACTION: return deny("a transaction of its own:", first);
    case SQLITE_SAVEPOINT: return deny("a transaction of its own:", "SAVEPOINT");
    case SQLITE_PRAGMA: return is_harmless(first, second) ? SQLITE_OK : deny("PRAGMA", first);
    case SQLITE_FUNCTION:
      return second != NULL && (sqlite3_stricmp(second, "load_extension") == 0 || sqlite3_stricmp(second, "fts3_tokenizer") == 0)
                 ? deny("the function", second)
                 : SQLITE_OK;
    case SQLITE_CREATE_VTABLE:
    case SQLITE_DROP_VTABLE:
      return second != NULL && sqlite3_stricmp(second, "fts5") == 0 ? SQLITE_OK : deny("a virtual table of", second);
    case SQLITE_UPDATE:
    case SQLITE_INSERT:
    case SQLITE_DELETE:
      return SQLITE_OK; /* `sqlite3_stmt_readonly` tells, and defensive mode guards the schema */
    default: return SQLITE_OK;
  }
}

/* ---- time and steps ---- */

/* The run that this is would be stopped, too, but then a database in memory were gone. */
enum { STEPS_A_LOOK = 1000, LOOKS_A_CLOCK = 20 };
static int64_t ends_at;
static uint32_t looks, most_looks;
static int timed_out, spent;

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int is_over(void *ignored) {
  (void)ignored;
  looks++;
  spent = looks > most_looks;
  if (looks % LOOKS_A_CLOCK == 0) timed_out = now_ms() >= ends_at;
  return spent || timed_out;
}

/* ---- errors ---- */

static void fail(const char *reason, const char *message, int position) {
  char number[48];
  out_length = 0;
  too_large = 0;
  most_bytes = 64 * 1024;
  puts_("{\"error\":{\"reason\":");
  put_string(reason, strlen(reason));
  puts_(",\"message\":");
  put_string(message, strnlen(message, 2000));
  if (position >= 0) {
    snprintf(number, sizeof number, ",\"offset\":%d", position);
    puts_(number);
  }
  puts_("}}");
}

static void fail_with(sqlite3 *db, int code) {
  const char *reason = "failed";
  if (denied[0] != 0) {
    fail("denied", denied, -1);
    return;
  }
  if (timed_out) {
    fail("timeout", "its time is over", -1);
    return;
  }
  if (spent) {
    fail("fuel", "the fuel of the run is spent", -1);
    return;
  }
  switch (code & 0xff) {
    case SQLITE_ERROR: reason = "statement"; break;
    case SQLITE_READONLY: reason = "read-only"; break;
    case SQLITE_CONSTRAINT: reason = "constraint"; break;
    case SQLITE_CANTOPEN: reason = "not-found"; break;
    case SQLITE_NOTADB: reason = "not-a-database"; break;
    case SQLITE_CORRUPT: reason = "corrupt"; break;
    case SQLITE_NOMEM: reason = "memory"; break;
    case SQLITE_FULL: reason = "full"; break;
    case SQLITE_IOERR: reason = "io"; break;
    case SQLITE_TOOBIG: reason = "too-large"; break;
    case SQLITE_MISMATCH:
    case SQLITE_RANGE: reason = "parameters"; break;
    default: break;
  }
  fail(reason, sqlite3_errmsg(db), sqlite3_error_offset(db));
}

/* ---- one statement ---- */

/* `?` takes the next value, `?2` and `$2` the second, `:name`, `@name` and `$name` the one of this name. */
static int place_of(sqlite3_stmt *statement, const char *name, uint32_t length, int index) {
  char wanted[140];
  if (length == 0) {
    const char *own = sqlite3_bind_parameter_name(statement, index);
    (void)own;
    snprintf(wanted, sizeof wanted, "$%d", index);
    int numbered = sqlite3_bind_parameter_index(statement, wanted);
    return numbered > 0 ? numbered : index;
  }
  if (length > 120) return 0;
  for (const char *sign = ":@$"; *sign != 0; sign++) {
    snprintf(wanted, sizeof wanted, "%c%.*s", *sign, (int)length, name);
    int place = sqlite3_bind_parameter_index(statement, wanted);
    if (place > 0) return place;
  }
  return 0;
}

static int bind_all(sqlite3_stmt *statement, uint32_t count) {
  char message[200];
  int wanted = sqlite3_bind_parameter_count(statement);
  unsigned char *bound = calloc((size_t)wanted + 1, 1);
  if (bound == NULL) return SQLITE_NOMEM;
  int code = SQLITE_OK;
  for (uint32_t i = 0; i < count && !broken; i++) {
    uint32_t length, size;
    const char *name = take_text(&length);
    int place = place_of(statement, name, length, (int)i + 1);
    int type = at < end ? *at++ : 0;
    if (place < 1 || place > wanted) {
      if (code == SQLITE_OK) {
        if (length > 0) snprintf(message, sizeof message, "the statement has no parameter %.*s", (int)length, name);
        else snprintf(message, sizeof message, "%u parameters were given, the statement has %d", count, wanted);
        fail("parameters", message, -1);
        code = SQLITE_DONE; /* the answer is written */
      }
      place = 0;
    } else bound[place] = 1;
    const char *text = NULL;
    int64_t whole = 0;
    double real = 0;
    if (type == 'i' || type == 'd') whole = take_i64();
    else if (type == 't' || type == 'b') text = take_text(&size);
    if (place == 0 || code != SQLITE_OK) continue;
    if (type == 'i') code = sqlite3_bind_int64(statement, place, whole);
    else if (type == 'd') {
      memcpy(&real, &whole, sizeof real);
      code = sqlite3_bind_double(statement, place, real);
    } else if (type == 't') code = sqlite3_bind_text(statement, place, text, (int)size, SQLITE_STATIC);
    else if (type == 'b') code = sqlite3_bind_blob(statement, place, text, (int)size, SQLITE_STATIC);
    else code = sqlite3_bind_null(statement, place);
  }
  for (int place = 1; place <= wanted && code == SQLITE_OK; place++) {
    if (bound[place]) continue;
    const char *name = sqlite3_bind_parameter_name(statement, place);
    if (name != NULL) snprintf(message, sizeof message, "parameter %.100s has no value", name);
    else snprintf(message, sizeof message, "%u parameters were given, the statement has %d", count, wanted);
    fail("parameters", message, -1);
    code = SQLITE_DONE;
  }
  free(bound);
  return code;
}

static void put_columns(sqlite3_stmt *statement) {
  int columns = sqlite3_column_count(statement);
  puts_("{\"columns\":[");
  for (int i = 0; i < columns; i++) {
    const char *name = sqlite3_column_name(statement, i), *type = sqlite3_column_decltype(statement, i);
    if (i > 0) puts_(",");
    puts_("{\"name\":");
    put_string(name, strlen(name));
    puts_(",\"type\":");
    if (type == NULL) puts_("null");
    else put_string(type, strlen(type));
    puts_("}");
  }
  puts_("],\"rows\":[");
}

/* Answers SQLITE_OK, or anything else once the error is the answer. */
static int step_all(sqlite3 *db, sqlite3_stmt *statement, uint32_t most_rows) {
  char text[120];
  int columns = sqlite3_column_count(statement), truncated = 0, code;
  uint32_t rows = 0;
  sqlite3_int64 before = sqlite3_total_changes64(db);
  put_columns(statement);
  while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
    /* A statement that writes goes on to its end: what it answers of its rows is cut, not what it does. */
    if (rows == most_rows) {
      truncated = 1;
      if (sqlite3_stmt_readonly(statement)) {
        code = SQLITE_DONE;
        break;
      }
      continue;
    }
    if (rows++ > 0) puts_(",");
    puts_("[");
    for (int i = 0; i < columns; i++) {
      if (i > 0) puts_(",");
      put_value(statement, i);
    }
    puts_("]");
    if (too_large) {
      fail("too-large", "the rows are over maxBytes", -1);
      return SQLITE_TOOBIG;
    }
  }
  if (code != SQLITE_DONE) {
    fail_with(db, code);
    return code;
  }
  snprintf(text, sizeof text, "],\"truncated\":%s,\"changes\":%lld,\"lastId\":%lld}", truncated ? "true" : "false",
           sqlite3_total_changes64(db) - before, sqlite3_last_insert_rowid(db));
  puts_(text);
  if (!too_large) return SQLITE_OK;
  fail("too-large", "the rows are over maxBytes", -1);
  return SQLITE_TOOBIG;
}

static int run_one(sqlite3 *db, const char *sql, uint32_t length, uint32_t parameters, uint32_t most_rows) {
  sqlite3_stmt *statement = NULL, *second = NULL;
  const char *tail = NULL;
  denied[0] = 0;
  int code = sqlite3_prepare_v2(db, sql, (int)length, &statement, &tail);
  if (code != SQLITE_OK) {
    fail_with(db, code);
    return code;
  }
  if (statement == NULL) {
    fail("statement", "there is no statement in it", -1);
    return SQLITE_ERROR;
  }
  while (tail != NULL && tail < sql + length && (*tail == ';' || *tail == ' ' || *tail == '\n' || *tail == '\t' || *tail == '\r')) tail++;
  if (tail != NULL && tail < sql + length) {
    int rest = sqlite3_prepare_v2(db, tail, (int)(sql + length - tail), &second, NULL);
    int is_more = second != NULL || rest != SQLITE_OK;
    sqlite3_finalize(second);
    if (is_more) {
      sqlite3_finalize(statement);
      fail("statements", "it holds more than one statement", (int)(tail - sql));
      return SQLITE_ERROR;
    }
  }
  if (!may_write && !sqlite3_stmt_readonly(statement)) {
    sqlite3_finalize(statement);
    fail("read-only", "the statement writes, and only reading is allowed", -1);
    return SQLITE_READONLY;
  }
  code = bind_all(statement, parameters);
  if (code == SQLITE_OK) code = step_all(db, statement, most_rows);
  else if (code != SQLITE_DONE) fail_with(db, code);
  sqlite3_finalize(statement);
  return code;
}

/* ---- the database ---- */

static sqlite3 *in_memory;

static int configure(sqlite3 *db) {
  sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_ATTACH_CREATE, 0, NULL);
  sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
  return sqlite3_exec(db, "PRAGMA foreign_keys=1; PRAGMA temp_store=2;", NULL, NULL, NULL);
}

/* There is no /dev/urandom to look for, and the host has resolved the path: each look would be a host call of every request. */
static int random_bytes(sqlite3_vfs *ignored, int length, char *bytes) {
  (void)ignored;
  for (int at = 0; at < length; at += 256)
    if (getentropy(bytes + at, (size_t)(length - at < 256 ? length - at : 256)) != 0) return 0;
  return length;
}

static int same_path(sqlite3_vfs *ignored, const char *path, int room, char *full) {
  (void)ignored;
  return snprintf(full, (size_t)room, "%s", path) < room ? SQLITE_OK : SQLITE_CANTOPEN;
}

static void use_own_parts(const char *name) {
  sqlite3_vfs *vfs = sqlite3_vfs_find(name);
  if (vfs == NULL) return;
  vfs->xRandomness = random_bytes;
  vfs->xFullPathname = same_path;
}

static sqlite3 *open_database(const char *path, uint32_t flags, int *code) {
  sqlite3 *db = NULL;
  if (path[0] == 0 && in_memory != NULL) return in_memory;
  use_own_parts(NULL);
  use_own_parts("unix-none");
  /* Also whoever only reads must be able to take back what a writer left half done. */
  int mode = SQLITE_OPEN_READWRITE | (path[0] == 0 || (flags & MAY_CREATE) ? SQLITE_OPEN_CREATE : 0);
  *code = sqlite3_open_v2(path[0] == 0 ? ":memory:" : path, &db, mode, path[0] == 0 ? NULL : "unix-none");
  if (*code == SQLITE_OK) *code = configure(db);
  if (*code != SQLITE_OK) {
    fail_with(db, *code);
    sqlite3_close(db);
    return NULL;
  }
  if (path[0] == 0) in_memory = db;
  return db;
}

static void run_all(sqlite3 *db, uint32_t most_rows) {
  uint32_t statements = take_u32();
  int open = 0;
  if (may_write || statements > 1) {
    int code = sqlite3_exec(db, may_write ? "BEGIN IMMEDIATE" : "BEGIN", NULL, NULL, NULL);
    if (code != SQLITE_OK) {
      fail_with(db, code);
      return;
    }
    open = 1;
  }
  sqlite3_set_authorizer(db, authorize, NULL);
  looks = 0;
  sqlite3_progress_handler(db, STEPS_A_LOOK, is_over, NULL);
  puts_("{\"results\":[");
  int code = SQLITE_OK;
  for (uint32_t i = 0; i < statements && code == SQLITE_OK && !broken; i++) {
    uint32_t length;
    const char *sql = take_text(&length);
    uint32_t parameters = take_u32();
    if (i > 0) puts_(",");
    code = run_one(db, sql, length, parameters, most_rows);
  }
  sqlite3_set_authorizer(db, NULL, NULL);
  sqlite3_progress_handler(db, 0, NULL, NULL);
  if (code == SQLITE_OK) puts_("]}");
  if (broken) {
    fail("request", "the request is cut off", -1);
    code = SQLITE_ERROR;
  }
  if (!open) return;
  denied[0] = 0;
  timed_out = spent = 0;
  if (code == SQLITE_OK) {
    code = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    if (code == SQLITE_OK) return;
    fail_with(db, code);
  }
  sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
}

/* Does the request on stdin; 0 once there is an answer on stdout, which may be an error. */
__attribute__((export_name("query"))) int query(void) {
  size_t length;
  unsigned char *request = read_all(&length);
  if (request == NULL) return 1;
  at = request;
  end = request + length;
  broken = too_large = timed_out = spent = 0;
  out_length = 0;
  denied[0] = 0;
  uint32_t flags = take_u32(), most_rows = take_u32(), path_length;
  most_bytes = (size_t)take_u32() + 4096;
  ends_at = now_ms() + take_u32();
  most_looks = take_u32();
  const char *path_text = take_text(&path_length);
  char *path = strndup(path_text, path_length);
  may_write = (flags & MAY_WRITE) != 0;
  int code = SQLITE_OK;
  sqlite3 *db = path == NULL ? NULL : open_database(path, flags, &code);
  if (db != NULL) run_all(db, most_rows);
  if (db != NULL && db != in_memory) sqlite3_close(db);
  free(path);
  free(request);
  for (size_t done = 0; done < out_length;) {
    ssize_t wrote = write(1, out + done, out_length - done);
    if (wrote <= 0) return 1;
    done += (size_t)wrote;
  }
  return 0;
}
