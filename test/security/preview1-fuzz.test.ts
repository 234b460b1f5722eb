import { expect, test } from 'vitest';
import { WASI_FUNCTIONS } from '../../runtime/engines/preview1/wasi-functions.ts';
import { ALL, openShim, type ShimHarness } from '../support/shim-harness.ts';

/** Numbers from a seed, so that a failure can be seen again. */
function seeded(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const PATHS = [
  'a.txt',
  'b',
  'b/c.txt',
  '.',
  '..',
  '../x',
  'b/../a.txt',
  '/data/a.txt',
  'new',
  'a.txt/',
  'b/',
  'ä',
  'x\0y',
  'loop',
];
const EDGES = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 64, 255, 256, 1023, 0x4000, 0x1_fff0, 0x1_ffff, 0x2_0000, 0x7fff_ffff, -1, -2,
];
const WIDE = [0n, 1n, 2n, 0x2000n, 0x1fff_ffffn, 2n ** 31n, 2n ** 53n, 2n ** 63n, -1n];
/** What takes a descriptor out of the game comes rarely, so that there are some to play with. */
const RARE = new Set(['fd_close', 'fd_renumber', 'fd_fdstat_set_rights']);
const NAMES = Object.keys(WASI_FUNCTIONS).filter((name) => name !== 'proc_exit');

/** One call: mostly sensible, so that it gets past the first check, with something odd now and then. */
function callOnce(shim: ShimHarness, pick: (below: number) => number): void {
  const name = NAMES[pick(NAMES.length)] ?? '';
  if (RARE.has(name) && pick(5) > 0) return;
  const spec = WASI_FUNCTIONS[name];
  if (spec === undefined) throw new Error(`there is no ${name}`);
  const args: (number | bigint)[] = [...spec.params].map((letter) =>
    letter === 'i' ? (EDGES[pick(EDGES.length)] ?? 0) : (WIDE[pick(WIDE.length)] ?? 0n),
  );
  if (pick(8) > 0) {
    for (const place of spec.fds ?? []) args[place] = spec.folders === true && pick(4) > 0 ? 3 : pick(10);
    if (name === 'path_open') [args[4], args[5], args[6]] = [pick(16), ALL, ALL];
    for (const [pointer] of spec.pointers ?? []) args[pointer] = 0x6000 + pick(64);
    for (const [pointer, length] of spec.buffers ?? []) {
      args[pointer] = 0x5000 + pick(64);
      args[length] = pick(6);
    }
    for (const [index, [pointer, length]] of (spec.paths ?? []).entries()) {
      [args[pointer], args[length]] = shim.put(0x1000 + index * 512, PATHS[pick(PATHS.length)] ?? '');
    }
  }
  // Vectors and subscriptions lie where buffers begin.
  for (let at = 0x5000; at < 0x5080; at += 4)
    shim.setU32(at, pick(4) === 0 ? (EDGES[pick(EDGES.length)] ?? 0) : pick(600));
  const errno = shim.call(name, ...args);
  if (!Number.isInteger(errno) || Number(errno) < 0 || Number(errno) > 76)
    throw new Error(`${name} answered ${errno}`);
}

test.each([1, 2, 3, 4])('6,000 calls of any kind break nothing (seed %d)', (seed) => {
  const pick = seeded(seed);
  let served = 0;
  for (let round = 0; round < 60; round++) {
    const shim = openShim({
      files: { '/data/a.txt': 'hello', '/data/b/c.txt': 'deep' },
      outputBytes: 256 * 1024 * 1024,
      run: { stdin: new Uint8Array(1000), argv: ['one'], env: { A: 'b' } },
    });
    Object.assign(shim.host, { sleepSync: () => undefined, monotonic: () => 0 });
    for (let count = 0; count < 100; count++) {
      callOnce(shim, pick);
      if (shim.control.bug !== undefined) throw shim.control.bug;
    }
    // Whatever was asked, it stayed inside the one granted folder.
    expect(shim.fs.names('/')).toEqual(['data']);
    served += shim.host.calls.length;
  }
  expect(served).toBeGreaterThan(500);
});
