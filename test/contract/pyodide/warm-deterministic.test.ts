import { expect, test } from 'vitest';
import { nodePlatform } from '../../../runtime/platform/node.ts';
import { createNodePyodideEngine } from '../../../runtime/platform/python/pyodide-engine.ts';
import { createRuntimeOn } from '../../../runtime/runtime.ts';
import { TEST_CACHE } from '../../support/test-cache.ts';

const CODE = `import json, random
rows = [{'a': n, 'b': str(n)} for n in range(100)]
print(sorted({str(n) for n in range(20)}, key=hash))
[hash('text'), random.random(), len(json.dumps(rows))]`;

test('a run that must repeat burns the same, in a cell that was started for it, was warm, or served others', async () => {
  const options = { cache: TEST_CACHE };
  const open = () =>
    createRuntimeOn(
      { ...nodePlatform, engines: [createNodePyodideEngine()], hostFunctions: [] },
      { ...options, cells: { maxCells: 2, warm: 1 } },
    );
  const ends: unknown[] = [];
  for (const others of [[], ['1', 'import re, csv\nx = [bytearray(10_000_000)]\nlen(x)', '1 / 0']]) {
    await using runtime = open();
    for (const code of others) {
      await runtime.run({ language: 'python', code });
      await runtime.run({ language: 'python', code, deterministic: { seed: 2, now: 5 } });
    }
    for (let turn = 0; turn < 2; turn++) {
      const outcome = await runtime.run({
        language: 'python',
        code: CODE,
        deterministic: { seed: 1, now: 0 },
        limits: { timeoutMs: 60_000 },
      });
      ends.push([outcome.ok, outcome.ok && outcome.value, outcome.stdout, outcome.usage.fuel]);
    }
  }
  expect(ends[0]).toEqual([true, expect.any(Array), expect.any(String), expect.any(Number)]);
  expect(new Set(ends.map((end) => JSON.stringify(end))).size).toBe(1);
}, 240_000);
