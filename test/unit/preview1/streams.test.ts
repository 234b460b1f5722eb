import { describe, expect, test } from 'vitest';
import type { Refusal } from '../../../runtime/contracts/engine.ts';
import { errnoOf } from '../../../runtime/engines/preview1/errno.ts';
import { milliseconds, nanoseconds } from '../../../runtime/engines/preview1/filestat.ts';
import { defined } from '../../../runtime/vocabulary/defined.ts';
import { preopens } from '../../../runtime/vocabulary/preopens.ts';
import { runSpec } from '../../support/fake-host.ts';
import { ERRNO, openShim, type ShimHarness } from '../../support/shim-harness.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('standard streams', () => {
  test('stdin ends, and cannot be sought', () => {
    const shim = openShim({ run: { stdin: encode('hello') } });
    shim.setU32(64, 256);
    shim.setU32(68, 3);
    const read = (): string => {
      expect(shim.call('fd_read', 0, 64, 1, 80)).toBe(ERRNO.SUCCESS);
      return shim.text(256, shim.u32(80));
    };
    expect([read(), read(), read(), read()]).toEqual(['hel', 'lo', '', '']);
    expect(shim.call('fd_seek', 0, 0n, 0, 96)).toBe(ERRNO.NOTCAPABLE);
    expect(shim.call('fd_write', 0, 64, 1, 80)).toBe(ERRNO.BADF);
    expect(shim.call('fd_read', 1, 64, 1, 80)).toBe(ERRNO.BADF);
  });

  test('several vectors are one write', () => {
    const shim = openShim();
    shim.put(256, 'hello, ');
    shim.put(300, 'world');
    for (const [index, [at, length]] of [
      [256, 7],
      [0, 0],
      [300, 5],
    ].entries()) {
      shim.setU32(64 + index * 8, at ?? 0);
      shim.setU32(68 + index * 8, length ?? 0);
    }
    expect(shim.call('fd_write', 2, 64, 3, 80)).toBe(ERRNO.SUCCESS);
    expect([shim.u32(80), shim.host.stderr()]).toEqual([12, 'hello, world']);
  });

  test('output over its budget leaves the guest', () => {
    const shim = openShim({ outputBytes: 5 });
    shim.put(256, 'hello, world');
    shim.setU32(64, 256);
    shim.setU32(68, 12);
    expect(shim.left('fd_write', 1, 64, 1, 80)).toBe(true);
    expect([shim.host.stdout(), shim.control.stopReason, shim.stops()]).toEqual(['hello', 'output', 1]);
  });
});

describe('arguments, environment and clocks', () => {
  test('are the run’s own, in UTF-8', () => {
    const shim = openShim({ run: { argv: ['ä', ''], env: { A: 'ß', B: '' } } });
    expect(shim.call('args_sizes_get', 0, 4)).toBe(ERRNO.SUCCESS);
    expect([shim.u32(0), shim.u32(4)]).toEqual([3, 14]);
    expect(shim.call('args_get', 16, 64)).toBe(ERRNO.SUCCESS);
    expect([shim.u32(16), shim.u32(20), shim.u32(24), shim.text(64, 14)]).toEqual([
      64,
      74,
      77,
      'test.wasm\0ä\0\0',
    ]);
    expect(shim.call('environ_sizes_get', 0, 4)).toBe(ERRNO.SUCCESS);
    expect([shim.u32(0), shim.u32(4)]).toEqual([2, 8]);
    expect(shim.call('environ_get', 16, 64)).toBe(ERRNO.SUCCESS);
    expect(shim.text(64, 8)).toBe('A=ß\0B=\0');
  });

  test('clocks: the host’s real and monotonic ones, no others', () => {
    const shim = openShim({ deterministic: { seed: 1, now: 1_700_000_000_000 } });
    expect(shim.call('clock_time_get', 0, 0n, 64)).toBe(ERRNO.SUCCESS);
    expect(shim.u64(64)).toBe(1_700_000_000_000_000_000n);
    expect(shim.call('clock_res_get', 1, 64)).toBe(ERRNO.SUCCESS);
    expect(shim.u64(64)).toBeGreaterThan(0n);
    for (const id of [2, 3, 4, -1]) {
      expect(shim.call('clock_time_get', id, 0n, 64)).toBe(ERRNO.INVAL);
      expect(shim.call('clock_res_get', id, 64)).toBe(ERRNO.INVAL);
    }
  });

  test('random fills exactly what it was asked for', () => {
    const shim = openShim({ deterministic: { seed: 0xab, now: 0 } });
    expect(shim.call('random_get', 65, 70_000)).toBe(ERRNO.SUCCESS);
    const bytes = new Uint8Array(shim.memory.buffer);
    expect([bytes[64], bytes[65], bytes[70_064], bytes[70_065]]).toEqual([0, 0xab, 0xab, 0]);
    expect(shim.call('random_get', 0, 0)).toBe(ERRNO.SUCCESS);
  });

  test('nanoseconds() and milliseconds() keep what a double can hold', () => {
    expect(nanoseconds(1_700_000_000_123.5)).toBe(1_700_000_000_123_500_000n);
    expect(nanoseconds(-1.5)).toBe(0n); // WASI has no time before the epoch
    expect(milliseconds(1_700_000_000_123_500_000n)).toBe(1_700_000_000_123.5);
  });
});

describe('poll_oneoff', () => {
  const subscribe = (
    shim: ShimHarness,
    index: number,
    fields: { type: number; fd?: number; clock?: number; timeout?: bigint; flags?: number },
  ): void => {
    const at = 1024 + index * 48;
    shim.setU64(at, BigInt(100 + index));
    shim.setU32(at + 8, fields.type);
    shim.setU32(at + 16, fields.fd ?? fields.clock ?? 1);
    shim.setU64(at + 24, fields.timeout ?? 0n);
    shim.setU32(at + 40, fields.flags ?? 0);
  };
  const poll = (shim: ShimHarness, count: number) => {
    expect(shim.call('poll_oneoff', 1024, 4096, count, 80)).toBe(ERRNO.SUCCESS);
    return Array.from({ length: shim.u32(80) }, (_, index) => {
      const at = 4096 + index * 32;
      return {
        user: shim.u64(at),
        error: shim.u32(at + 8) & 0xffff,
        bytes: shim.u64(at + 16),
        hangup: shim.u32(at + 24),
      };
    });
  };
  const watched = (options: Parameters<typeof openShim>[0] = {}) => {
    const shim = openShim(options);
    const sleeps: number[] = [];
    let slept = 0;
    const { monotonic } = shim.host;
    Object.assign(shim.host, {
      monotonic: () => monotonic() + slept,
      sleepSync: (ms: number) => {
        sleeps.push(ms);
        slept += ms;
      },
    });
    return { shim, sleeps };
  };

  test('streams and files are ready at once, and no timer is waited for', () => {
    const { shim, sleeps } = watched({ run: { stdin: encode('hello') } });
    subscribe(shim, 0, { type: 0, timeout: 10n ** 12n });
    subscribe(shim, 1, { type: 1, fd: 0 });
    subscribe(shim, 2, { type: 2, fd: 1 });
    expect(poll(shim, 3)).toEqual([
      { user: 101n, error: 0, bytes: 5n, hangup: 0 },
      { user: 102n, error: 0, bytes: 0n, hangup: 0 },
    ]);
    expect(sleeps).toEqual([]);
  });

  test('the end of stdin is a hangup', () => {
    const { shim } = watched();
    subscribe(shim, 0, { type: 1, fd: 0 });
    expect(poll(shim, 1)).toEqual([{ user: 100n, error: 0, bytes: 0n, hangup: 1 }]);
  });

  test('of several timers the first ones ring', () => {
    const { shim, sleeps } = watched();
    for (const [index, timeout] of [5_000_000n, 2_000_000n, 2_000_000n].entries())
      subscribe(shim, index, { type: 0, timeout });
    expect(poll(shim, 3).map(({ user }) => user)).toEqual([101n, 102n]);
    expect(sleeps).toEqual([2]);
  });

  test('an absolute time waits for what is left of it', () => {
    const { shim, sleeps } = watched({ deterministic: { seed: 1, now: 1000 } });
    subscribe(shim, 0, { type: 0, clock: 0, timeout: 1_007_000_000n, flags: 1 });
    expect(poll(shim, 1).map(({ user }) => user)).toEqual([100n]);
    subscribe(shim, 0, { type: 0, clock: 0, timeout: 1n, flags: 1 });
    expect(poll(shim, 1).map(({ user }) => user)).toEqual([100n]);
    expect(sleeps).toEqual([7]);
  });

  test('a deterministic run does not wait: its clocks move on by what it sleeps', () => {
    const deterministic = { seed: 1, now: 1000 };
    const { shim, sleeps } = watched({ deterministic, run: { deterministic } });
    const time = (id: number): bigint => {
      expect(shim.call('clock_time_get', id, 0n, 64)).toBe(ERRNO.SUCCESS);
      return shim.u64(64);
    };
    const before = time(0);
    subscribe(shim, 0, { type: 0, clock: 1, timeout: 5_000_000_007n });
    subscribe(shim, 1, { type: 0, clock: 1, timeout: 6_000_000_000n });
    expect(poll(shim, 2).map(({ user }) => user)).toEqual([100n]);
    expect([time(0) - before, sleeps]).toEqual([5_000_000_007n, []]);
  });

  test('an unknown clock is an event with an error', () => {
    const { shim } = watched();
    subscribe(shim, 0, { type: 0, clock: 9, timeout: 1n });
    expect(poll(shim, 1)).toEqual([{ user: 100n, error: ERRNO.INVAL, bytes: 0n, hangup: 0 }]);
  });
});

describe('preopens()', () => {
  const mount = (path: string) => ({ path, write: false, delete: false });

  test('are the mounts, and the working folder as "."', () => {
    expect(preopens(runSpec({ mounts: [mount('/data'), mount('/tmp')], cwd: '/data/sub' }))).toEqual([
      { name: '/data', path: '/data', mount: mount('/data') },
      { name: '/tmp', path: '/tmp', mount: mount('/tmp') },
      { name: '.', path: '/data/sub', mount: mount('/data') },
    ]);
  });

  test('are the root where single files are all that was granted', () => {
    const scratch = { path: '/tmp', write: true, delete: true, scratch: true as const };
    const files = runSpec({ mounts: [scratch], granted: ['fs'], cwd: '/tmp' });
    expect(preopens(files)).toEqual([
      { name: '/tmp', path: '/tmp', mount: scratch },
      { name: '/', path: '/', mount: undefined },
    ]);
    expect(preopens({ ...files, granted: [] })).toEqual([
      { name: '/tmp', path: '/tmp', mount: scratch },
      { name: '.', path: '/tmp', mount: scratch },
    ]);
  });

  test('have no "." where the working folder is in no mount, or is the root', () => {
    expect(preopens(runSpec({ mounts: [mount('/data')], cwd: '/database' }))).toHaveLength(1);
    expect(preopens(runSpec({ mounts: [mount('/')], cwd: '/' }))).toHaveLength(1);
    expect(preopens(runSpec({ cwd: '/' }))).toEqual([]);
  });
});

describe('errnoOf()', () => {
  const refusal = (code: Refusal['code'], details?: Refusal['details']): Refusal => ({
    id: 1,
    code,
    message: 'refused',
    ...defined({ details }),
  });

  test.each<[Refusal['code'], string | undefined, number]>([
    ['CAPABILITY_DENIED', undefined, ERRNO.NOTCAPABLE],
    ['CAPABILITY_DENIED', 'not-found', ERRNO.NOTCAPABLE],
    ['HOST_CALLS_EXCEEDED', undefined, ERRNO.DQUOT],
    ['INPUT_INVALID', undefined, ERRNO.INVAL],
    ['HOST_CALL_FAILED', 'not-found', ERRNO.NOENT],
    ['HOST_CALL_FAILED', 'not-permitted', ERRNO.PERM],
    ['HOST_CALL_FAILED', 'too-many-open', ERRNO.MFILE],
    ['HOST_CALL_FAILED', 'toString', ERRNO.IO],
    ['HOST_CALL_FAILED', undefined, ERRNO.IO],
    ['INTERNAL', undefined, ERRNO.IO],
  ])('%s with reason %s is %d', (code, reason, errno) => {
    expect(errnoOf(refusal(code, reason === undefined ? undefined : { reason }))).toBe(errno);
  });
});
