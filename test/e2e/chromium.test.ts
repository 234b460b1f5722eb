import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Browser } from 'puppeteer-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writePrebuiltAdder } from '../support/adder.ts';
import { launchChromium } from '../support/chromium.ts';
import { verifies } from '../support/verifies.ts';
import { type Bundle, bundleEntry, ROOT } from './portability/bundle.ts';
import { expectReport } from './portability/expected.ts';
import { serveFolder } from './portability/serve.ts';

let folder = '';
let bundle: Bundle;
let browser: Browser | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandglass-chromium-'));
  await writePrebuiltAdder(folder, 'browser');
  await copyFile(join(ROOT, 'dist/runtime/engines/quickjs/quickjs.wasm'), join(folder, 'quickjs.wasm'));
  bundle = await bundleEntry('page.ts', join(folder, 'page.js'), ['browser']);
  await writeFile(join(folder, 'index.html'), '<!doctype html><script type="module" src="page.js"></script>');
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

test(
  'the package bundles for browsers without a node: module and without what only Node needs',
  verifies('EX-38'),
  () => {
    expect(bundle.imports.map((path) => basename(path)).sort()).toEqual(['adder.js']);
    expect(bundle.inputs).toContain('dist/runtime/index.browser.js');
    expect(bundle.inputs.filter((path) => /undici|jco|hono|cell\/(worker|process)/.test(path))).toEqual([]);
  },
);

test(
  'Chromium runs a JavaScript guest and a component inline, under a content security policy',
  verifies('EX-38', 'LM-03'),
  async () => {
    await using server = await serveFolder(folder);
    const page = await browser?.newPage();
    const faults: string[] = [];
    page?.on('pageerror', (error) => faults.push(String(error)));
    page?.on('console', (message) => faults.push(message.text()));
    await page?.goto(`${server.origin}/index.html`, { waitUntil: 'load' });
    await page?.waitForFunction(() => window.report !== undefined); // it waits for its wasm first
    const report = await page?.evaluate(() => window.report);
    expect(faults).toEqual([]);
    if (report === undefined) throw new Error('no report');
    await expectReport(report, 'browser');
  },
);
