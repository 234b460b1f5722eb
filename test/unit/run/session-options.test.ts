import { afterAll, describe, expect, test } from 'vitest';
import type { LooseRunOptions, RunOptions } from '../../../runtime/contracts/api/run.ts';
import type { SessionOptions } from '../../../runtime/contracts/api/session.ts';
import { createRuntime } from '../../../runtime/index.ts';
import { nodePlatform } from '../../../runtime/platform/node.ts';
import { readSessionOptions } from '../../../runtime/run/session/session-options.ts';
import { createRuntimeOn } from '../../../runtime/runtime.ts';
import { scriptedEngine } from '../../support/scripted-engine.ts';

const read = (options: unknown) => readSessionOptions(options as SessionOptions, new Map()); // what a caller without types may pass

describe('readSessionOptions()', () => {
  test('fills in a fresh name and five minutes of idling', () => {
    const { name, ...rest } = read({ language: 'python' });
    expect(name).toMatch(/^session-[\w-]{36}$/);
    expect(rest).toEqual({
      language: 'python',
      level: undefined,
      grant: undefined,
      limits: {},
      options: {},
      idleMs: 300_000,
    });
    expect(read({ language: 'python' }).name).not.toBe(name);
  });

  test.each([
    [undefined, TypeError],
    [{}, TypeError],
    [{ language: 1 }, TypeError],
    [{ language: 'python', nmae: 'x' }, TypeError],
    [{ language: 'python', name: '' }, TypeError],
    [{ language: 'python', name: 'a'.repeat(65) }, TypeError],
    [{ language: 'python', name: 'a/b' }, TypeError],
    [{ language: 'python', name: '__proto__\n' }, TypeError],
    [{ language: 'python', level: 'high' }, TypeError],
    [{ language: 'python', limits: { fule: 1 } }, TypeError],
    [{ language: 'python', limits: { fuel: 0 } }, RangeError],
    [{ language: 'python', idleMs: '5' }, TypeError],
    [{ language: 'python', idleMs: 999 }, RangeError],
    [{ language: 'python', idleMs: 86_400_001 }, RangeError],
    [{ language: 'python', options: [] }, TypeError],
    [{ language: 'python', signal: {} }, TypeError],
  ])('refuses %j', (options, kind) => {
    expect(() => read(options)).toThrow(kind);
  });

  test.each(['a', '__proto__', 'constructor', 'a'.repeat(64), 'A-b_9'])('takes the name %s', (name) => {
    expect(read({ language: 'python', name }).name).toBe(name);
  });
});

describe('runtime.sessions', () => {
  const runtime = createRuntime({ cells: { maxCells: 4, maxSessions: 3 } });
  afterAll(async () => runtime.close());

  test('a name of Object.prototype is a name like others', async () => {
    expect(await runtime.run({ session: 'constructor', code: '1' })).toMatchObject({
      ok: false,
      error: { code: 'INPUT_INVALID', details: { session: 'constructor' } },
    });
    await using session = await runtime.sessions.open({ language: 'javascript', name: '__proto__' });
    expect(await session.run({ code: '1' })).toMatchObject({ ok: true, value: 1 });
  });

  test('refuses what a session holds fixed, and stays open', async () => {
    await using session = await runtime.sessions.open({
      language: 'javascript',
      limits: { memoryBytes: 32 * 1024 * 1024, fuel: 1_000_000_000 },
    });
    const misfits: readonly [LooseRunOptions, string][] = [
      [{ language: 'python', code: '1' }, 'INPUT_INVALID'],
      [{ language: 'typescript', code: '1' }, 'INPUT_INVALID'],
      [{ code: '1', level: 'maximum' }, 'INPUT_INVALID'],
      [{ code: '1', limits: { memoryBytes: 16 * 1024 * 1024 } }, 'INPUT_INVALID'],
      [{ code: '1', grant: { limits: { memoryBytes: 16 * 1024 * 1024 } } }, 'INPUT_INVALID'],
      [{ code: '1', options: { block: ['eval'] } }, 'INPUT_INVALID'],
      [{ code: '1', deterministic: { seed: 1, now: 0 } }, 'UNSUPPORTED'],
      [{ module: new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]) }, 'UNSUPPORTED'],
    ];
    for (const [options, code] of misfits) {
      expect(await runtime.run({ ...options, session: session.name } as RunOptions)).toMatchObject({
        ok: false,
        error: { code, details: { session: session.name } },
        meta: { session: session.name },
      });
    }
    expect(await session.run({ code: '1', limits: { fuel: 500_000_000 } })).toMatchObject({
      ok: true,
      meta: { limits: { fuel: 500_000_000, memoryBytes: 32 * 1024 * 1024 } },
    });
    expect(await session.run({ code: '2' })).toMatchObject({ meta: { limits: { fuel: 1_000_000_000 } } });
    await expect(session.run({ code: '1', session: 'x' } as never)).rejects.toThrow(
      `Cannot run: session is "${session.name}" already`,
    );
    await expect(session.run({ code: '1', nonsense: 1 } as never)).rejects.toThrow(TypeError);
    await expect(session.run({ code: '1', grant: { fs: 1 } } as never)).rejects.toThrow(TypeError);
    expect(await session.run({ code: '3' })).toMatchObject({ ok: true, value: 3 });
  });

  test('open() rejects with what cannot be kept, and where', async () => {
    await expect(runtime.sessions.open({ language: 'cobol' })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      details: { languages: ['javascript', 'typescript', 'python', 'shell'] },
    });
    await using plain = createRuntimeOn(
      { ...nodePlatform, engines: [scriptedEngine], hostFunctions: [] },
      { cache: false },
    );
    await expect(plain.sessions.open({ language: 'scripted' })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
    });
    await using one = createRuntime({ cells: { maxCells: 1 } });
    await expect(one.sessions.open({ language: 'javascript' })).rejects.toMatchObject({ code: 'QUEUE_FULL' });
    expect(() => createRuntime({ cells: { maxCells: 2, maxSessions: 2 } })).toThrow(RangeError);
  });

  test('open() gives up its wait for a cell with its signal, and with the runtime', async () => {
    await using busy = createRuntime({ cells: { maxCells: 2, maxSessions: 1 } });
    const endless = { language: 'javascript', code: 'await new Promise((go) => setTimeout(go, 1e6))' };
    const stop = new AbortController();
    const runs = [1, 2].map(() => busy.run({ ...endless, signal: stop.signal }));
    const leave = new AbortController();
    const opening = busy.sessions.open({ language: 'javascript', signal: leave.signal });
    leave.abort();
    await expect(opening).rejects.toMatchObject({ code: 'CANCELLED' });
    const late = busy.sessions.open({ language: 'javascript' });
    const refused = expect(late).rejects.toMatchObject({ code: 'CANCELLED' });
    await busy.close();
    await refused;
    await Promise.all(runs);
    await expect(busy.sessions.open({ language: 'javascript' })).rejects.toThrow(TypeError);
  });
});
