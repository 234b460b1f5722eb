import vm from 'node:vm';
import { afterAll, describe, expect, test } from 'vitest';
import { createFsHostFunction } from '../../host-functions/fs/fs.ts';
import { createNodeBackend } from '../../host-functions/fs/node-backend.ts';
import { glueScript } from '../../runtime/engines/component/realm/glue-script.ts';
import { nodePlatform } from '../../runtime/platform/node.ts';
import { createRuntimeOn } from '../../runtime/runtime.ts';
import { ESCAPING_GLUE, FINDING_GLUE, LITTERING_GLUE } from '../support/escaping-glue.ts';
import { glueEngine } from '../support/glue-engine.ts';

describe.each(['standard', 'strict'] as const)('glue that was tampered with, at level %s', (level) => {
  const runtime = createRuntimeOn(
    {
      ...nodePlatform,
      engines: [glueEngine],
      hostFunctions: [createFsHostFunction({ backend: createNodeBackend() })],
    },
    { level, cache: false, onError: () => undefined, cells: { maxCells: 1, warm: 0 } },
  );
  const run = (code: string) => runtime.run({ language: 'glue', code, limits: { outputBytes: 4_000_000 } });
  afterAll(async () => runtime.close());

  test('comes by nothing of its cell: arguments, answers, errors, promises, stacks, prototypes, imports', async () => {
    const outcome = await run(ESCAPING_GLUE);
    expect(outcome).toMatchObject({ ok: true, value: { escapes: [] } });
    if (!outcome.ok) return;
    const { met, constructors } = outcome.value as { met: number; constructors: number }; // as the glue reports
    expect(met).toBeGreaterThan(1_000); // it did look
    expect(constructors).toBeGreaterThan(0); // and found those of its own realm, which make no code
  });

  test('leaves nothing that the next guest of its worker sees or runs', async () => {
    await run(FINDING_GLUE);
    await run(LITTERING_GLUE);
    const next = await run(FINDING_GLUE);
    expect(next).toMatchObject({
      ok: true,
      stdout: '',
      stderr: '',
      value: { marks: Array(6).fill('undefined'), works: [[2], 42, 'é'] },
    });
    expect(next.usage.coldStart).toBe(false); // the same worker, as there is room for one cell
  });

  test('that ends by an error of any make leaves a worker that serves', async () => {
    const thrown = [
      'throw { get message() { throw new Error("again"); } }',
      'throw new Proxy({}, { get() { throw 1; }, getPrototypeOf() { throw 2; } })',
      'throw Object.assign(Object.create(null), { [Symbol.toPrimitive]: () => { throw 3; } })',
      'return { invoke: () => ({ toString() { throw new Error("no text"); } }) }',
    ];
    for (const code of thrown) {
      const outcome = await run(`export function instantiate() { ${code} }`);
      expect(outcome.ok).toBe(false);
      expect(await run(FINDING_GLUE)).toMatchObject({ ok: true });
    }
  });
});

test('the search finds the way out where there is one', async () => {
  const realm = vm.createContext(vm.constants.DONT_CONTEXTIFY, {
    codeGeneration: { strings: false, wasm: true },
  });
  const given =
    'for (const name of ["TextDecoder", "TextEncoder", "setTimeout"]) globalThis[name] = function () {};';
  const instantiate = new vm.Script(`${given} ${glueScript(ESCAPING_GLUE)}`).runInContext(realm);
  const imports = { leak: { function: () => undefined } };
  const report: string = await instantiate(
    () => 0,
    imports,
    () => ({}),
  ).invoke();
  expect(JSON.parse(report).escapes).not.toEqual([]);
});

describe('glueScript() takes no glue that imports', () => {
  test.each([
    'import("node:fs")',
    'import ("node:fs")',
    'import\n("node:fs")',
    'import/* */("node:fs")',
    'import// \n("node:fs")',
    'import<!-- \n("node:fs")',
    'import\n-->\n("node:fs")',
    'import.source("./x.wasm")',
    'import . defer("./x.js")',
    'import./* */source("./x.wasm")',
    'import.meta',
    '[...import("node:fs")]',
  ])('%j', (code) => {
    expect(() => glueScript(`export function instantiate() { return ${code}; }`)).toThrow('it imports');
  });

  test.each([
    'importFn()',
    "'import-data'",
    'x.importData(1)',
    "'[method]import.read'",
    '// an import of it',
  ])('but one that says %j', (code) => {
    expect(() => glueScript(`export function instantiate() { return ${code}; }`)).not.toThrow();
  });
});
