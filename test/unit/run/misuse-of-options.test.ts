import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { inspectModule } from '../../../runtime/doors/http/index.ts';
import { createRuntime as createInBrowser } from '../../../runtime/index.browser.ts';
import { createRuntime, createToolRegistry, defineTool, toJsonForm } from '../../../runtime/index.ts';
import type { Notice } from '../../../runtime/vocabulary/notice.ts';

/** What a caller without types passes. */
const untyped = (value: unknown): never => value as never;

describe('misuse is a TypeError that says what is wrong', () => {
  test.each([
    ['null', null],
    ['a text', 'policy'],
    ['a list', []],
  ])('createRuntime() of %s', (_, given) => {
    const message = 'Cannot create a runtime: expected an object of options';
    expect(() => createRuntime(untyped(given))).toThrow(new TypeError(message));
    expect(() => createInBrowser(untyped(given))).toThrow(new TypeError(message));
  });

  test.each([
    [
      () => createToolRegistry(untyped({ name: 'mine' })),
      'Cannot create a registry of tools: it takes no options',
    ],
    [
      () => defineTool(untyped(null), { trusted: true, run: () => 1 }),
      'Cannot define a tool: the manifest is not an object',
    ],
    [
      () => defineTool({ name: 'a', description: 'A' }, untyped({ trusted: true, rum: () => 1 })),
      'Cannot define a tool: unknown option "rum", did you mean "run"?',
    ],
    [
      () => defineTool({ name: 'a', description: 'A' }, untyped({ trusted: true, run: 'shout' })),
      'Cannot define a tool: run is not a function',
    ],
    [() => toJsonForm(untyped(() => 1)), 'Cannot give the JSON form of a function'],
    [() => toJsonForm(untyped({ list: [Symbol('a')] })), 'Cannot give the JSON form of a symbol'],
    [() => inspectModule(untyped('tool.wasm')), 'Cannot inspect a module: expected its bytes, a Uint8Array'],
  ])('%s', (misuse, message) => {
    expect(misuse).toThrow(new TypeError(message));
  });
});

describe('a folder of the policy that is not there', () => {
  test('is told when the runtime is made, and again when a policy brings it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sandglass-policy-'));
    try {
      writeFileSync(join(folder, 'a.txt'), 'a');
      const gone = join(folder, 'gone');
      const grantOf = (...hosts: string[]) => ({
        fs: hosts.map((host, index) => ({ host, guest: `/data${index}` })),
      });
      const told: Notice[] = [];
      await using runtime = createRuntime({
        policy: grantOf(folder, gone),
        onNotice: (notice) => told.push(notice),
      });
      const missing = {
        kind: 'folder-missing',
        message: `the policy grants the folder ${gone}, which is not there`,
      };
      expect(told).toEqual([missing]);
      runtime.policy.replace(grantOf(folder));
      expect(told).toEqual([missing]);
      runtime.policy.replace({ version: 1, grant: grantOf(gone) });
      expect(told).toEqual([missing, missing]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
