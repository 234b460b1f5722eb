/*
 * How a WASI preview 1 module reaches host functions: one import, `call` of the module `sandglass`. C is here; Rust is in preview1.rs.
 * Any language that can declare an import has it. What a call may do, the grant of the run decides: whatever it does not cover is refused.
 *
 * A request is   u32 length, little-endian | JSON of that length: {"operation": "fs.readFile", "args": {"path": "/data/a.txt"}} | bytes
 * An answer is   u32 length, little-endian | JSON of that length                                                               | bytes
 *   done:     {"ok": true, "value": ...}
 *   refused:  {"ok": false, "refusal": 7, "code": "CAPABILITY_DENIED", "message": "...", "hint": "...", "details": {...}}
 *
 * `sandglass_call` answers the length of the answer. Where that is over `room`, nothing was written: call again with a `length` of 0 and that much
 * room, and the same answer is given. Requests and answers are at most as long as the limit `hostCallBytes` of the run.
 *
 * Operations and their arguments are those of docs/host-calls.md: `fs.*`, `http.*`, `tools.*`, and those of an embedder's own host functions.
 * A module that ends because of a refusal says so by {"operation": "guest.refused", "args": {"refusal": 7}}, which does not return: the run then ends
 * with the code of that refusal.
 */
#ifndef SANDGLASS_PREVIEW1_H
#define SANDGLASS_PREVIEW1_H

#include <stdint.h>

__attribute__((import_module("sandglass"), import_name("call")))
uint32_t sandglass_call(const void *request, uint32_t length, void *answer, uint32_t room);

#endif
