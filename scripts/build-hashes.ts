// Assembles what renews the hashes of a restored CPython into `runtime/engines/pyodide/hashes/code.ts`. To be run after a change of its text here.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import wabt from 'wabt';
import { KEYS, NO_HASH, OBJECT, SET, SET_ENTRY, TEXT } from '../runtime/engines/pyodide/hashes/layout.ts';

const OUTPUT = fileURLToPath(new URL('../runtime/engines/pyodide/hashes/code.ts', import.meta.url));

/** Exports `name(from, count)`, which does something for each address `$at` of a list. */
const forEach = (name: string, locals: string, body: string): string => `
  (func (export "${name}") (param $from i32) (param $count i32)
    (local $until i32) (local $at i32) ${locals}
    (local.set $until (i32.add (local.get $from) (i32.shl (local.get $count) (i32.const 2))))
    (block $end (loop $next
      (br_if $end (i32.ge_u (local.get $from) (local.get $until)))
      (local.set $at (i32.load $list (local.get $from)))
      (local.set $from (i32.add (local.get $from) (i32.const 4)))
      ${body}
      (br $next))))`;

/** Where the characters of the text `$at` are, and how many bytes they take: `charactersOf`. */
const CHARACTERS = `
      (local.set $state (i32.load $heap offset=${TEXT.state} (local.get $at)))
      (local.set $length (i32.mul
        (i32.load $heap offset=${TEXT.length} (local.get $at))
        (i32.and (i32.shr_u (local.get $state) (i32.const 2)) (i32.const 7))))
      (local.set $first (if (result i32) (i32.and (local.get $state) (i32.const 0x20))
        (then (i32.add (local.get $at) (select (i32.const ${TEXT.asciiData}) (i32.const ${TEXT.compactData})
          (i32.and (local.get $state) (i32.const 0x40)))))
        (else (i32.load $heap offset=${TEXT.data} (local.get $at)))))`;

/** The next place in which CPython looks for an entry of a dict. */
const PERTURB = `
          (local.set $perturb (i32.shr_u (local.get $perturb) (i32.const 5)))
          (local.set $slot (i32.and (local.get $mask)
            (i32.add (i32.add (i32.mul (local.get $slot) (i32.const 5)) (i32.const 1)) (local.get $perturb))))`;

/** An index of entries that take so many bytes each: the free ones are all ones. */
const placeIn = (load: string, store: string, shift: number, free: number): string => `
      (if (i32.eq (local.get $width) (i32.const ${shift})) (then
        (block $placed (loop $look
          (local.set $place (i32.add (local.get $index) (i32.shl (local.get $slot) (i32.const ${shift}))))
          (if (i32.eq (${load} $heap (local.get $place)) (i32.const ${free})) (then
            (${store} $heap (local.get $place) (local.get $entry))
            (br $placed)))
          ${PERTURB}
          (br $look)))))`;

/** The room above the lists grows for the entries of the largest table. */
const ROOM = `
      (if (i32.gt_u (local.get $end) (i32.shl (memory.size $list) (i32.const 16))) (then
        (if (i32.lt_s (memory.grow $list (i32.add (i32.const 1) (i32.shr_u (i32.sub (local.get $end)
            (i32.shl (memory.size $list) (i32.const 16))) (i32.const 16)))) (i32.const 0))
          (then unreachable))))`;

const SOURCE = `(module
  (import "m" "memory" (memory $heap 0 65536))
  ;; Lists of addresses in the other memory. Above them, room for the entries of one table.
  (memory $list (export "list") 1)
  (global $room (export "room") (mut i32) (i32.const 0))
  ;; The address of PyUnicode_Type.
  (global $type (export "text") (mut i32) (i32.const 0))
  (global $prefix (mut i32) (i32.const 0))
  (global $suffix (mut i32) (i32.const 0))

  (func (export "secret") (param $at i32)
    (global.set $prefix (i32.load $heap (local.get $at)))
    (global.set $suffix (i32.load $heap offset=4 (local.get $at))))

  ;; CPython's FNV, which it has where words must be aligned: words first, then one to four bytes. Never -1.
  (func $hash (param $at i32) (param $length i32) (result i32)
    (local $x i32) (local $end i32) (local $words i32)
    (if (i32.eqz (local.get $length)) (then (return (i32.const 0))))
    (local.set $end (i32.add (local.get $at) (local.get $length)))
    (local.set $words (i32.add (local.get $at) (i32.and (i32.sub (local.get $length) (i32.const 1)) (i32.const -4))))
    (local.set $x (i32.xor (global.get $prefix) (i32.shl (i32.load8_u $heap (local.get $at)) (i32.const 7))))
    (block $end (loop $next
      (br_if $end (i32.ge_u (local.get $at) (local.get $words)))
      (local.set $x (i32.xor (i32.mul (local.get $x) (i32.const 1000003)) (i32.load $heap align=1 (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br $next)))
    (loop $next
      (local.set $x (i32.xor (i32.mul (local.get $x) (i32.const 1000003)) (i32.load8_u $heap (local.get $at))))
      (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (local.get $end))))
    (local.set $x (i32.xor (i32.xor (local.get $x) (local.get $length)) (global.get $suffix)))
    (select (i32.const -2) (local.get $x) (i32.eq (local.get $x) (i32.const -1))))
  ${forEach(
    'texts',
    '(local $state i32) (local $length i32) (local $first i32)',
    `${CHARACTERS}
      (i32.store $heap offset=${TEXT.hash} (local.get $at) (call $hash (local.get $first) (local.get $length)))`,
  )}
  ${forEach('forget', '', `(i32.store $heap (local.get $at) (i32.const ${NO_HASH | 0}))`)}
  ;; Keys of dicts that are all text: entries of 8 bytes, or of 12 with the hash first. What is deleted stays where it is.
  ${forEach(
    'dicts',
    `(local $log i32) (local $width i32) (local $mask i32) (local $index i32) (local $general i32) (local $item i32) (local $entry i32)
    (local $entries i32) (local $key i32) (local $slot i32) (local $perturb i32) (local $place i32)`,
    `(local.set $log (i32.load8_u $heap offset=${KEYS.logSize} (local.get $at)))
      (local.set $width (i32.add
        (i32.ge_u (local.get $log) (i32.const 8))
        (i32.ge_u (local.get $log) (i32.const 16))))
      (local.set $mask (i32.sub (i32.shl (i32.const 1) (local.get $log)) (i32.const 1)))
      (local.set $index (i32.add (local.get $at) (i32.const ${KEYS.indices})))
      (local.set $item (i32.shl (i32.add (local.get $mask) (i32.const 1)) (local.get $width)))
      (memory.fill $heap (local.get $index) (i32.const 0xff) (local.get $item))
      (local.set $item (i32.add (local.get $index) (local.get $item)))
      (local.set $general (i32.eqz (i32.load8_u $heap offset=${KEYS.kind} (local.get $at))))
      (local.set $entries (i32.load $heap offset=${KEYS.entries} (local.get $at)))
      (local.set $entry (i32.const 0))
      (block $all (loop $each
        (br_if $all (i32.ge_u (local.get $entry) (local.get $entries)))
        (local.set $key (i32.load $heap (i32.add (local.get $item) (i32.shl (local.get $general) (i32.const 2)))))
        (if (local.get $key) (then
          (local.set $perturb (i32.load $heap offset=${TEXT.hash} (local.get $key)))
          (if (local.get $general) (then (i32.store $heap (local.get $item) (local.get $perturb))))
          (local.set $slot (i32.and (local.get $perturb) (local.get $mask)))
          ${placeIn('i32.load8_u', 'i32.store8', 0, 0xff)}
          ${placeIn('i32.load16_u', 'i32.store16', 1, 0xffff)}
          ${placeIn('i32.load', 'i32.store', 2, -1)}))
        (local.set $item (i32.add (local.get $item) (i32.add (i32.const 8) (i32.shl (local.get $general) (i32.const 2)))))
        (local.set $entry (i32.add (local.get $entry) (i32.const 1)))
        (br $each)))`,
  )}
  ;; Sets, in the order of their present places. A key that is no text keeps the hash that it has there.
  ${forEach(
    'sets',
    `(local $mask i32) (local $table i32) (local $last i32) (local $end i32) (local $key i32) (local $hash i32) (local $item i32)
    (local $slot i32) (local $probe i32) (local $perturb i32) (local $place i32) (local $size i32)`,
    `(local.set $mask (i32.load $heap offset=${SET.mask} (local.get $at)))
      (local.set $table (i32.load $heap offset=${SET.table} (local.get $at)))
      (local.set $size (i32.shl (i32.add (local.get $mask) (i32.const 1)) (i32.const ${Math.log2(SET_ENTRY.bytes)})))
      (local.set $last (i32.add (local.get $table) (local.get $size)))
      (local.set $end (i32.add (global.get $room) (local.get $size)))
      ${ROOM}
      (local.set $end (global.get $room))
      (local.set $item (local.get $table))
      (block $all (loop $each
        (br_if $all (i32.ge_u (local.get $item) (local.get $last)))
        (local.set $key (i32.load $heap offset=${SET_ENTRY.key} (local.get $item)))
        (local.set $hash (i32.load $heap offset=${SET_ENTRY.hash} (local.get $item)))
        (local.set $item (i32.add (local.get $item) (i32.const ${SET_ENTRY.bytes})))
        (br_if $each (i32.or (i32.eqz (local.get $key)) (i32.eq (local.get $hash) (i32.const ${NO_HASH | 0}))))
        (if (i32.eq (i32.load $heap offset=${OBJECT.type} (local.get $key)) (global.get $type))
          (then (local.set $hash (i32.load $heap offset=${TEXT.hash} (local.get $key)))))
        (i32.store $list (local.get $end) (local.get $key))
        (i32.store $list offset=4 (local.get $end) (local.get $hash))
        (local.set $end (i32.add (local.get $end) (i32.const 8)))
        (br $each)))
      (memory.fill $heap (local.get $table) (i32.const 0) (local.get $size))
      (local.set $item (global.get $room))
      (block $all (loop $each
        (br_if $all (i32.ge_u (local.get $item) (local.get $end)))
        (local.set $hash (i32.load $list offset=4 (local.get $item)))
        (local.set $perturb (local.get $hash))
        (local.set $slot (i32.and (local.get $hash) (local.get $mask)))
        (block $placed (loop $look
          ;; Some neighbours, where there are as many; then elsewhere.
          (local.set $place (i32.add (local.get $table) (i32.shl (local.get $slot) (i32.const 3))))
          (local.set $probe (select (i32.const 10) (i32.const 1)
            (i32.le_u (i32.add (local.get $slot) (i32.const 9)) (local.get $mask))))
          (loop $near
            (if (i32.eqz (i32.load $heap offset=${SET_ENTRY.key} (local.get $place))) (then
              (i32.store $heap offset=${SET_ENTRY.key} (local.get $place) (i32.load $list (local.get $item)))
              (i32.store $heap offset=${SET_ENTRY.hash} (local.get $place) (local.get $hash))
              (br $placed)))
            (local.set $place (i32.add (local.get $place) (i32.const ${SET_ENTRY.bytes})))
            (br_if $near (local.tee $probe (i32.sub (local.get $probe) (i32.const 1)))))
          ${PERTURB}
          (br $look)))
        (local.set $item (i32.add (local.get $item) (i32.const 8)))
        (br $each)))
      ;; What was deleted is gone.
      (i32.store $heap offset=${SET.fill} (local.get $at) (i32.shr_u (i32.sub (local.get $end) (global.get $room)) (i32.const 3)))
      (i32.store $heap offset=${SET.finger} (local.get $at) (i32.const 0))`,
  )}
)
`;

/** @throws {Error} when the text above is no module. */
export async function assemble(): Promise<Uint8Array> {
  const { parseWat } = await wabt();
  const features: object = { multi_memory: true }; // its types do not know of it, nor that `validate` takes any
  const parsed = parseWat('hashes.wat', SOURCE, features);
  (parsed.validate as (features: object) => void).call(parsed, features);
  return parsed.toBinary({}).buffer;
}

if (import.meta.main) {
  const text = Buffer.from(await assemble()).toString('base64');
  const lines = text.match(/.{1,116}/g) ?? [];
  writeFileSync(
    OUTPUT,
    `// Made by scripts/build-hashes.ts. Do not edit.\n\n/** The module of \`openHasher\`, in base64. ` +
      `*/\nexport const HASHES_WASM = \`\n${lines.join('\n')}\n\`;\n`,
  );
}
