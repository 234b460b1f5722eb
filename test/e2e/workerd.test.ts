import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Miniflare } from 'miniflare';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writePrebuiltAdder } from '../support/adder.ts';
import { verifies } from '../support/verifies.ts';
import { type Bundle, bundleEntry } from './portability/bundle.ts';
import { expectReport } from './portability/expected.ts';
import type { Report } from './portability/guests.ts';

let folder = '';
let bundle: Bundle;
let workerd: Miniflare | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandglass-workerd-'));
  const prebuilt = await writePrebuiltAdder(folder, 'workerd');
  bundle = await bundleEntry('worker.ts', join(folder, 'worker.js'), ['workerd', 'worker', 'browser']);
  const modules = [...prebuilt, 'quickjs.wasm'].map(async (path) => ({
    type: path.endsWith('.wasm') ? ('CompiledWasm' as const) : ('ESModule' as const),
    path: join(folder, path),
    contents: new Uint8Array(await readFile(join(folder, path))),
  }));
  workerd = new Miniflare({
    modulesRoot: folder,
    modules: [
      { type: 'ESModule', path: join(folder, 'worker.js'), contents: bundle.text },
      ...(await Promise.all(modules)),
    ],
    compatibilityDate: '2026-07-01',
  });
  await workerd.ready;
});

afterAll(async () => {
  await workerd?.dispose();
  await rm(folder, { recursive: true, force: true });
});

test(
  'the package bundles for workerd without a node: module and without what only Node needs',
  verifies('EX-38'),
  () => {
    expect(bundle.imports.map((path) => basename(path)).sort()).toEqual(['adder.js', 'quickjs.wasm']);
    expect(bundle.inputs).toContain('dist/runtime/index.workerd.js');
    expect(bundle.inputs.filter((path) => /undici|jco|hono|ajv|cell\/(worker|process)/.test(path))).toEqual(
      [],
    );
  },
);

test('workerd runs a JavaScript guest and a component inline', verifies('EX-38', 'LM-03'), async () => {
  const response = await workerd?.dispatchFetch('http://localhost/');
  const text = await response?.text();
  expect(response?.status, text).toBe(200);
  await expectReport(JSON.parse(text ?? '') as Report, 'workerd'); // the worker answers nothing else
});
