// AssemblyScript. Exports follow the canonical ABI of the world `tool` with UTF-16 strings.
import { readText } from './json';
import { MANIFEST } from './manifest';
import { sha256Hex } from './sha256';

/** Memory for what the host passes in; an instance serves one call, so nothing is ever given back. */
export function cabi_realloc(old: usize, oldSize: usize, align: usize, size: usize): usize {
  const block = heap.alloc(size);
  memory.copy(block, old, oldSize);
  return block;
}

export function describe(): usize {
  const answer = heap.alloc(8);
  storeString(answer, MANIFEST);
  return answer;
}

export function invoke(input: usize, units: usize): usize {
  const text = readText(String.UTF16.decodeUnsafe(input, units << 1), 'text');
  if (text === null) return failure('Cannot hash: the input needs a string "text"');
  const bytes = Uint8Array.wrap(String.UTF8.encode(text));
  return success('{"sha256":"' + sha256Hex(bytes) + '","bytes":' + bytes.length.toString() + '}');
}

function success(text: string): usize {
  const answer = heap.alloc(36);
  memory.fill(answer, 0, 36);
  storeString(answer + 4, text);
  return answer;
}

/** The err case with a `host-error`: code, message, no hint, no refusal. */
function failure(message: string): usize {
  const answer = heap.alloc(36);
  memory.fill(answer, 0, 36);
  store<u8>(answer, 1);
  storeString(answer + 4, 'INPUT_INVALID');
  storeString(answer + 12, message);
  return answer;
}

function storeString(at: usize, text: string): void {
  store<usize>(at, changetype<usize>(text));
  store<u32>(at + 4, text.length);
}
