import { expect, test } from 'vitest';
import { createRuntime, LIMITS } from '../../runtime/index.ts';
import { verifies } from '../support/verifies.ts';

test(
  'engines() tells of each: language, cells, limits, set-up, and the cold start that was seen last',
  verifies('EX-26'),
  async () => {
    await using runtime = createRuntime({ cells: { warm: 0 } });
    const engines = runtime.engines();
    expect(engines.map(({ name }) => name)).toEqual([
      'quickjs',
      'pyodide',
      'component',
      'preview1',
      'shell',
      'preview1-wasmer',
    ]);
    for (const { name, languages, startupMs, ...info } of engines) {
      for (const [field, value] of Object.entries(info)) expect(value, `${name}.${field}`).toBeTruthy();
      expect(info.limits).toEqual(Object.keys(LIMITS));
      expect(startupMs).toBeNull();
    }
    expect(engines.find(({ name }) => name === 'pyodide')?.cells).toEqual(['worker', 'process']);
    expect(engines.find(({ name }) => name === 'quickjs')?.cells).toEqual(['inline', 'worker', 'process']);
    expect(await runtime.run({ language: 'javascript', code: '1' })).toMatchObject({ ok: true });
    const [quickjs, pyodide] = runtime.engines();
    expect(quickjs?.startupMs).toBeGreaterThan(0);
    expect(pyodide?.startupMs).toBeNull();
  },
);
