import { describe, expect, test } from 'vitest';
import type { RuntimeOptions } from '../../../runtime/contracts/api/runtime.ts';
import type { HostFunction } from '../../../runtime/contracts/host-function.ts';
import type { Platform } from '../../../runtime/contracts/platform.ts';
import { nodePlatform } from '../../../runtime/platform/node.ts';
import { createRuntimeOn } from '../../../runtime/runtime.ts';
import { defined } from '../../../runtime/vocabulary/defined.ts';
import { SandglassError } from '../../../runtime/vocabulary/errors.ts';
import type { Grant } from '../../../runtime/vocabulary/grant.ts';
import { createProbe, scriptedEngine } from '../../support/scripted-engine.ts';
import type { Step } from '../../support/scripted-executor.ts';

const platform = (overrides: Partial<Platform> = {}): Platform => ({
  ...nodePlatform,
  engines: [scriptedEngine],
  hostFunctions: [createProbe()],
  ...overrides,
});
const code = (...steps: Step[]): { language: string; code: string } => ({
  language: 'scripted',
  code: JSON.stringify(steps),
});

describe('createRuntimeOn()', () => {
  test.each<[string, unknown, ErrorConstructor, string]>([
    ['an unknown option', { maxConcurent: 1 }, TypeError, '"maxConcurent"'],
    ['an unknown level', { level: 'paranoid' }, TypeError, '"paranoid"'],
    ['a limit out of range', { limits: { fuel: -1 } }, RangeError, 'fuel'],
    ['an unknown option of cells', { cells: { size: 3 } }, TypeError, '"size"'],
    ['no cells', { cells: { maxCells: 0 } }, RangeError, 'maxCells'],
    ['two engines of one name', { engines: [scriptedEngine] }, TypeError, 'engine "scripted"'],
    [
      'two host functions of one name',
      { hostFunctions: [createProbe()] },
      TypeError,
      'host function "probe"',
    ],
    ['a policy with an unknown field', { policy: { files: [] } }, TypeError, '"files"'],
  ])('refuses %s', (_name, options, kind, text) => {
    const create = (): unknown => createRuntimeOn(platform(), options as RuntimeOptions);
    expect(create).toThrow(kind);
    expect(create).toThrow(text);
  });

  test('misuse of run() rejects; everything else is an outcome', async () => {
    await using runtime = createRuntimeOn(platform(), { level: 'minimal' });
    await expect(runtime.run({ language: 'scripted' } as never)).rejects.toThrow(TypeError);
    expect(await runtime.run({ language: 'rust', code: 'fn main(){}' })).toMatchObject({
      ok: false,
      error: { code: 'UNSUPPORTED', hint: expect.stringContaining('.wasm') },
      usage: { hostCalls: {}, memoryBytes: 0 },
      meta: { engine: null },
    });
  });

  test('a level is a ceiling: a run can only be stricter', async () => {
    await using runtime = createRuntimeOn(platform(), { level: 'standard', cache: false });
    const run = async (level?: 'minimal' | 'maximum') =>
      (await runtime.run({ ...code({ do: 'print', text: '' }), ...defined({ level }) })).meta;
    expect(await run()).toMatchObject({ level: 'standard' });
    expect(await run('minimal')).toMatchObject({ level: 'standard' });
    expect(await run('maximum')).toMatchObject({
      level: 'maximum',
      limits: { timeoutMs: 5000, memoryBytes: 64 * 1024 * 1024 },
    });
  });

  test('a level that the platform cannot give is refused with those it can', async () => {
    await using runtime = createRuntimeOn(
      platform({ info: { ...nodePlatform.info, levels: ['minimal'], workers: false } }),
    );
    expect(await runtime.run(code({ do: 'print', text: 'x' }))).toMatchObject({
      ok: true,
      meta: { level: 'minimal' },
    });
    expect(await runtime.run({ ...code(), level: 'strict' })).toMatchObject({
      ok: false,
      error: { code: 'UNSUPPORTED', details: { levels: ['minimal'] } },
    });
  });

  test('the smallest of all limits holds and is shown', async () => {
    await using runtime = createRuntimeOn(platform(), {
      level: 'minimal',
      limits: { hostCalls: 7, timeoutMs: 900 },
    });
    const outcome = await runtime.run({
      ...code(),
      limits: { hostCalls: 9, timeoutMs: 800 },
      grant: { limits: { timeoutMs: 700 } },
    });
    expect(outcome.meta.limits).toMatchObject({
      hostCalls: 7,
      timeoutMs: 700,
      memoryBytes: scriptedEngine.memoryBytes,
    });
  });

  test('a malformed part of a grant rejects, and what was opened before it is closed', async () => {
    const probe = createProbe();
    const strict: HostFunction = {
      name: 'strict',
      network: false,
      operations: {},
      open: () => {
        throw new TypeError('Cannot read grant.strict: no such thing');
      },
    };
    await using runtime = createRuntimeOn(platform({ hostFunctions: [probe, strict] }), { level: 'minimal' });
    await expect(runtime.run({ ...code(), grant: { custom: { probe: {}, strict: {} } } })).rejects.toThrow(
      'no such thing',
    );
    expect([probe.opened(), probe.closed()]).toEqual([1, 1]);
  });

  test('a policy narrows each part by its own host function and refuses what it does not cover', async () => {
    const seen: unknown[] = [];
    const scoped: HostFunction = {
      name: 'scoped',
      network: false,
      operations: {},
      open: (part) => {
        seen.push(part);
        return { call: () => ({}), close: () => undefined };
      },
      narrow: (asked, ceiling) => {
        if (ceiling === undefined || Number(asked) > Number(ceiling)) {
          throw new SandglassError('CAPABILITY_DENIED', 'Cannot grant scoped: over the policy');
        }
        return asked;
      },
    };
    await using runtime = createRuntimeOn(platform({ hostFunctions: [createProbe(), scoped] }), {
      level: 'minimal',
      policy: { custom: { scoped: 5 }, env: { A: '1' }, limits: { hostCalls: 2 } },
    });
    const ask = (grant: Grant) => runtime.run({ ...code(), grant });
    expect(await ask({ custom: { scoped: 5 }, env: { A: '1' } })).toMatchObject({
      ok: true,
      meta: { limits: { hostCalls: 2 } },
    });
    const denied = { ok: false, error: { code: 'CAPABILITY_DENIED' } };
    expect(await ask({ custom: { scoped: 6 } })).toMatchObject(denied);
    expect(await ask({ env: { A: '2' } })).toMatchObject(denied);
    expect(await ask({ env: { B: '1' } })).toMatchObject(denied);
    expect(await ask({ custom: { probe: {} } })).toMatchObject(denied);
    expect(seen).toEqual([5]);
  });

  test('start() streams output and cancels', async () => {
    await using runtime = createRuntimeOn(platform(), { level: 'minimal' });
    const run = runtime.start(
      code(
        { do: 'print', text: 'one' },
        { do: 'print', text: 'two', stream: 'stderr' },
        { do: 'sleep', ms: 60_000 },
      ),
    );
    const chunks: string[] = [];
    for await (const { stream, text } of run.output) {
      chunks.push(`${stream} ${text}`);
      if (chunks.length === 2) run.cancel();
    }
    expect(chunks).toEqual(['stdout one', 'stderr two']);
    expect(await run.outcome).toMatchObject({
      ok: false,
      stdout: 'one',
      stderr: 'two',
      error: { code: 'CANCELLED' },
      meta: { runId: run.id },
    });
  });

  test('close() cancels what runs, and later runs are misuse', async () => {
    const runtime = createRuntimeOn(platform(), { level: 'minimal' });
    const running = runtime.run(code({ do: 'sleep', ms: 60_000 }));
    await runtime.close();
    expect(await running).toMatchObject({ ok: false, error: { code: 'CANCELLED' } });
    await expect(runtime.run(code())).rejects.toThrow('closed');
  });

  test('what a guest throws never decides the code', async () => {
    await using runtime = createRuntimeOn(platform(), { level: 'minimal' });
    for (const id of [0, 1, 99]) {
      expect(await runtime.run(code({ do: 'forge', id }))).toMatchObject({
        ok: false,
        error: { code: 'GUEST_THREW' },
      });
    }
  });
});
