import { wasi } from '@bjorn3/browser_wasi_shim';
import { fillRandom } from './fill-random.ts';
import type { WasiBody } from './guarded.ts';
import type { GuestMemory } from './guest-memory.ts';
import type { Preview1Host } from './run-module.ts';

const CLOCK_RESOLUTION: Readonly<Record<number, bigint>> = Object.freeze({
  [wasi.CLOCKID_REALTIME]: 1_000_000n,
  [wasi.CLOCKID_MONOTONIC]: 1_000n,
});

/** Arguments, environment, clocks, random, exit, and sockets that are not there. */
export function processFunctions({
  run,
  host,
  control,
  memory,
  data,
  clock,
  charge,
}: Preview1Host): Readonly<Record<string, WasiBody>> {
  const args = encode([run.program ?? data.name, ...run.argv]);
  const variables = encode(Object.entries(run.env).map(([name, value]) => `${name}=${value}`));
  const store = (texts: readonly Uint8Array[], pointers: number, buffer: number): number => {
    charge(total(texts));
    return storeTexts(memory, texts, pointers, buffer);
  };
  const notSocket = (): number => wasi.ERRNO_NOTSOCK;
  return {
    args_sizes_get: (count: number, bytes: number) => storeSizes(memory, args, count, bytes),
    args_get: (pointers: number, buffer: number) => store(args, pointers, buffer),
    environ_sizes_get: (count: number, bytes: number) => storeSizes(memory, variables, count, bytes),
    environ_get: (pointers: number, buffer: number) => store(variables, pointers, buffer),
    clock_res_get: (id: number, stored: number) => {
      const resolution = CLOCK_RESOLUTION[id];
      if (resolution === undefined) return wasi.ERRNO_INVAL;
      memory.view.setBigUint64(stored, resolution, true);
      return wasi.ERRNO_SUCCESS;
    },
    clock_time_get: (id: number, _precision: bigint, stored: number) => {
      const now = clock.time(id);
      if (now === undefined) return wasi.ERRNO_INVAL;
      memory.view.setBigUint64(stored, now, true);
      return wasi.ERRNO_SUCCESS;
    },
    random_get: (buffer: number, length: number) => fillRandom(memory, host, control, buffer, length),
    proc_exit: (code: number) => control.exit(code),
    proc_raise: () => wasi.ERRNO_NOSYS,
    sock_accept: notSocket,
    sock_recv: notSocket,
    sock_send: notSocket,
    sock_shutdown: notSocket,
  };
}

const encode = (texts: readonly string[]): Uint8Array[] =>
  texts.map((text) => new TextEncoder().encode(`${text}\0`));

function storeSizes(memory: GuestMemory, texts: readonly Uint8Array[], count: number, bytes: number): number {
  memory.view.setUint32(count, texts.length, true);
  memory.view.setUint32(bytes, total(texts), true);
  return wasi.ERRNO_SUCCESS;
}

function storeTexts(
  memory: GuestMemory,
  texts: readonly Uint8Array[],
  pointers: number,
  buffer: number,
): number {
  if (!memory.holds(pointers, texts.length * 4) || !memory.holds(buffer, total(texts)))
    return wasi.ERRNO_FAULT;
  let at = buffer;
  for (const [index, text] of texts.entries()) {
    memory.view.setUint32(pointers + index * 4, at, true);
    memory.bytes.set(text, at);
    at += text.byteLength;
  }
  return wasi.ERRNO_SUCCESS;
}

const total = (texts: readonly Uint8Array[]): number =>
  texts.reduce((sum, { byteLength }) => sum + byteLength, 0);
