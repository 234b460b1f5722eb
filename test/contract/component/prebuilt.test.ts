import { beforeAll, expect, test } from 'vitest';
import type { PrebuiltComponent } from '../../../runtime/contracts/engine.ts';
import { createPrebuiltComponentEngine } from '../../../runtime/engines/component/prebuilt.ts';
import { prebuildComponent } from '../../../runtime/index.prebuild.ts';
import { nodePlatform } from '../../../runtime/platform/node.ts';
import { createRuntimeOn } from '../../../runtime/runtime.ts';
import { buildAdder } from '../../support/adder.ts';

let adder: PrebuiltComponent;
const runtime = createRuntimeOn(
  { ...nodePlatform, engines: [createPrebuiltComponentEngine()], hostFunctions: [] },
  {},
);

/** The files as a platform would load them, its imports of `.wasm` made by hand. */
async function load(
  files: ReadonlyMap<string, string | Uint8Array>,
  name: string,
): Promise<PrebuiltComponent> {
  const source = String(files.get(`${name}.js`)).replaceAll(
    /^import (\$\w+) from '\.\/(.+)';$/gm,
    (_, variable: string, file: string) =>
      `const ${variable} = new WebAssembly.Module(Buffer.from('${Buffer.from(files.get(file) ?? '').toString('base64')}', 'base64'));`,
  );
  const module: { component: PrebuiltComponent } = await import(
    `data:text/javascript;base64,${Buffer.from(source).toString('base64')}`
  );
  return module.component;
}

beforeAll(async () => {
  adder = await load(
    await prebuildComponent(await buildAdder(), { platform: 'workerd', name: 'adder' }),
    'adder',
  );
});

test('prebuildComponent() writes one script and the modules it imports', async () => {
  const files = await prebuildComponent(await buildAdder(), {
    platform: 'browser',
    memoryBytes: 2 * 1024 * 1024,
  });
  expect([...files.keys()].sort()).toEqual(['component.core0.wasm', 'component.js']);
  const core = files.get('component.core0.wasm');
  expect(core instanceof Uint8Array && WebAssembly.validate(new Uint8Array(core))).toBe(true);
  expect(files.get('component.js')).toContain("new URL('./component.core0.wasm', import.meta.url)");
});

test('prebuildComponent() refuses what is not a component, and a name that is not a file name', async () => {
  const module = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
  await expect(prebuildComponent(module, { platform: 'workerd' })).rejects.toMatchObject({
    code: 'MODULE_INVALID',
  });
  await expect(
    prebuildComponent(await buildAdder(), { platform: 'workerd', name: '../adder' }),
  ).rejects.toThrow(TypeError);
});

test('a prebuilt component runs inline with its own caps and counts fuel', async () => {
  const outcome = await runtime.run({ module: adder, invoke: 'add', args: [40, 2], level: 'minimal' });
  expect(outcome).toMatchObject({ ok: true, value: 42 });
  expect(outcome.usage.fuel).toBeGreaterThan(0);
  const starved = await runtime.run({
    module: adder,
    invoke: 'add',
    args: [40, 2],
    level: 'minimal',
    limits: { fuel: 1 },
  });
  expect(starved).toMatchObject({ ok: false, error: { code: 'FUEL_EXHAUSTED' } });
});

test('a component in bytes is refused with the way out', async () => {
  const outcome = await runtime.run({
    module: await buildAdder(),
    invoke: 'add',
    args: [1, 2],
    level: 'minimal',
  });
  expect(outcome).toMatchObject({ ok: false, error: { code: 'UNSUPPORTED' } });
  expect(outcome.ok ? '' : outcome.error.hint).toContain('prebuildComponent');
});

test('a component prebuilt in another format is refused', async () => {
  const outcome = await runtime.run({
    module: { ...adder, data: { format: 0 } },
    invoke: 'add',
    args: [1, 2],
    level: 'minimal',
  });
  expect(outcome).toMatchObject({ ok: false, error: { code: 'MODULE_INVALID' } });
});

test('a prebuilt component cannot leave the host thread, and says so', async () => {
  const outcome = await runtime.run({ module: adder, invoke: 'add', args: [1, 2], level: 'standard' });
  expect(outcome).toMatchObject({ ok: false, error: { code: 'UNSUPPORTED' } });
});
