import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FsBackend, FsDirectory } from '../../host-functions/fs/backend.ts';
import { createMemoryBackend } from '../../host-functions/fs/memory-backend.ts';
import { createNodeBackend } from '../../host-functions/fs/node-backend.ts';
import { createComponentEngine } from '../../runtime/engines/component/engine.ts';
import { createQuickjsEngine } from '../../runtime/engines/quickjs/engine.ts';
import type { Grant, JsonValue, Outcome, Runtime } from '../../runtime/index.ts';
import { nodePlatform } from '../../runtime/platform/node.ts';
import { loadWasmFile } from '../../runtime/platform/node-module.ts';
import { createNodePyodideEngine } from '../../runtime/platform/python/pyodide-engine.ts';
import { createRuntimeOn } from '../../runtime/runtime.ts';
import { probeGuest } from '../guests/component/build.ts';
import { createNodeFs } from '../support/node-fs.ts';
import { verifies } from '../support/verifies.ts';

const CANARY = 'canary-of-the-host';
const MIB = 1024 * 1024;
type Op = readonly [op: 'read' | 'write' | 'append' | 'remove' | 'list', path: string, text?: string];
/** What an operation answered, or how it failed, with the words of the failure. */
type Told = readonly ['ok', unknown] | readonly ['denied' | 'missing' | 'failed', string];

const JAVASCRIPT = `
  const acts = { read: (p) => fs.readFile(p, 'utf8'), write: (p, t) => fs.writeFile(p, t), append: (p, t) => fs.appendFile(p, t), remove: (p) => fs.rm(p), list: (p) => fs.readdir(p) };
  const told = [];
  for (const [op, path, text] of ops) {
    try { told.push(['ok', (await acts[op](path, text)) ?? null]); }
    catch (error) { told.push([error.code === 'EACCES' ? 'denied' : error.code === 'ENOENT' ? 'missing' : 'failed', String(error)]); }
  }
  export default told;`;
const PYTHON = `
import os, pathlib
def append(path, text):
    with open(path, 'a') as file:
        file.write(text)
def write(path, text):
    pathlib.Path(path).write_text(text)
acts = {'read': lambda p: pathlib.Path(p).read_text(), 'write': write, 'append': append, 'remove': os.remove, 'list': lambda p: sorted(os.listdir(p))}
told = []
for op, path, *text in ops:
    try:
        told.append(['ok', acts[op](path, *text)])
    except PermissionError as error:
        told.append(['denied', str(error)])
    except FileNotFoundError as error:
        told.append(['missing', str(error)])
    except Exception as error:
        told.append(['failed', str(error)])
told`;
const CALLS = {
  read: 'readText',
  write: 'writeText',
  append: 'append',
  remove: 'remove',
  list: 'list',
} as const;

let probe: Uint8Array;
beforeAll(async () => {
  probe = await probeGuest();
});

const BACKENDS: Readonly<
  Record<string, () => { readonly backend: FsBackend; readonly host: string } & Disposable>
> = {
  node: () => {
    const host = mkdtempSync(join(tmpdir(), 'sandglass-grants-'));
    return { backend: createNodeBackend(), host, [Symbol.dispose]: () => rmSync(host, { recursive: true }) };
  },
  memory: () => ({
    backend: createMemoryBackend(),
    host: '/host-of-canary',
    [Symbol.dispose]: () => undefined,
  }),
};

describe.each(Object.keys(BACKENDS))(
  'files of a grant, back end %s',
  verifies('FS-15', 'FS-16', 'FS-18'),
  (name) => {
    let place: ReturnType<(typeof BACKENDS)[string]>;
    let runtime: Runtime;
    const folder = (path = ''): FsDirectory =>
      place.backend.open(path === '' ? place.host : `${place.host}/${path}`).directory;
    const put = (path: string, file: string, text: string): void =>
      folder(path).replaceFile(file, Buffer.from(text), false);
    const contents = (path: string, file: string): string => {
      const opened = folder(path).openFile(file, {
        read: true,
        write: false,
        append: false,
        create: false,
        exclusive: false,
        truncate: false,
      });
      const bytes = new Uint8Array(opened.stat().size);
      opened.read(bytes, 0);
      opened.close();
      return Buffer.from(bytes).toString();
    };
    const names = (path: string): readonly string[] =>
      folder(path)
        .list(MIB)
        .map((entry) => entry.name)
        .sort();

    beforeAll(() => {
      const made = BACKENDS[name]?.();
      if (made === undefined) throw new Error('No such back end');
      place = made;
      for (const path of ['a', 'b', 'c']) folder().makeDirectory(path);
      folder('a').makeDirectory('sub');
      folder('b').makeDirectory('secret');
      put('a', 'a.txt', 'hi');
      folder('a').makeLink('link', '../c');
      for (const file of ['b.txt', 'b.exe', 'up.TXT', 'noending']) put('b', file, file);
      put('b/secret', 'key.txt', CANARY);
      put('c', 'c.txt', CANARY);
      const wasm = new URL('../../runtime/engines/quickjs/quickjs.wasm', import.meta.url);
      runtime = createRuntimeOn({
        ...nodePlatform,
        engines: [
          createQuickjsEngine({ loadModule: loadWasmFile(wasm) }),
          createNodePyodideEngine(),
          createComponentEngine(),
        ],
        hostFunctions: [createNodeFs({ backend: place.backend })],
      });
    });
    afterAll(async () => {
      await runtime.close();
      place[Symbol.dispose]();
    });

    const grant = (): Grant => ({
      fs: [
        { host: `${place.host}/a`, guest: '/app', access: ['read'] },
        {
          host: `${place.host}/b`,
          guest: '/w',
          access: ['read', 'write'],
          extensions: ['.txt'],
          deny: ['secret/**'],
        },
      ],
    });
    const toldBy = (outcome: Outcome): Told => {
      if (outcome.ok) return ['ok', outcome.value];
      const { code, message, details } = outcome.error;
      const how =
        code === 'CAPABILITY_DENIED' ? 'denied' : details?.reason === 'not-found' ? 'missing' : 'failed';
      return [how, message];
    };
    const act = async (
      guest: string,
      ops: readonly Op[],
      given: Grant = grant(),
      more: object = {},
    ): Promise<readonly Told[]> => {
      if (guest !== 'component') {
        const code = guest === 'python' ? PYTHON : JAVASCRIPT;
        const outcome = await runtime.run({
          language: guest,
          code,
          inputs: { ops: ops.map((op) => [...op]) as JsonValue[] },
          grant: given,
          ...more,
        });
        if (!outcome.ok) throw new Error(outcome.error.message);
        return outcome.value as unknown as readonly Told[]; // as both programs make it
      }
      const told: Told[] = [];
      for (const [op, ...args] of ops) {
        const inputs = { step: 'fs', call: CALLS[op], args: args as JsonValue[] };
        const [how, value] = toldBy(
          await runtime.run({ module: probe, inputs, grant: given, level: 'minimal', ...more }),
        );
        const shown =
          op === 'list' && Array.isArray(value)
            ? value.map((entry) => Reflect.get(Object(entry), 'name'))
            : value;
        told.push(how === 'ok' ? [how, shown] : [how, String(value)]);
      }
      return told;
    };

    const GUESTS = ['javascript', 'python', 'component'];

    test.each(GUESTS)('%s reads and writes what is granted and nothing else', async (guest) => {
      const cases: readonly (readonly [Op, Told[0], unknown?])[] = [
        [['read', '/app/a.txt'], 'ok', 'hi'],
        [['read', 'a.txt'], 'ok', 'hi'],
        [['read', './sub/../a.txt'], 'ok', 'hi'],
        [['read', '/app/sub/../a.txt'], 'ok', 'hi'],
        [['list', '/app/sub'], 'ok', []],
        [['read', '/w/b.txt'], 'ok', 'b.txt'],
        [['read', '/w/up.TXT'], 'ok', 'up.TXT'],
        [['read', '/w/b.exe'], 'denied', /\.exe/],
        [['read', '/w/noending'], 'denied', /end in \.txt, not a name without one/],
        [['write', '/w/new.exe', 'x'], 'denied', /\.exe/],
        [['append', '/w/b.exe', 'x'], 'denied', /\.exe/],
        [['remove', '/w/b.exe'], 'denied', /\.exe/],
        [['list', '/w'], 'ok', ['b.txt', 'up.TXT']],
        [['read', '/app/nope'], 'missing', /nope/],
        [['read', '/w/secret/key.txt'], 'missing'],
        // As of any name without the ending: whether it is there does not show.
        [['list', '/w/secret'], 'denied', /not a name without one/],
        [['list', '/w/nothing'], 'denied', /not a name without one/],
        [['write', '/w/secret/x.txt', 'x'], 'denied'],
        [['write', '/app/x.txt', 'x'], 'denied', /no grant for fs\.write covers it/],
        [['remove', '/app/a.txt'], 'denied'],
        [['write', '/etc/x.txt', 'x'], 'denied'],
        [['list', '/c'], 'denied'],
        [['read', '/etc/passwd'], 'denied'],
        [['read', '/app/../c/c.txt'], 'denied'],
        [['read', '/app/../../../../../etc/passwd'], 'denied'],
        [['read', '../c/c.txt'], 'denied'],
        [['read', '/app/link/c.txt'], 'denied'],
        [['read', '/app/..%2fc/c.txt'], 'missing'],
      ];
      const told = await act(
        guest,
        cases.map(([op]) => op).filter(([op]) => guest !== 'component' || op !== 'append'),
      );
      const wanted = cases.filter(([[op]]) => guest !== 'component' || op !== 'append');
      expect(told.map(([how], at) => [wanted[at]?.[0].slice(0, 2), how])).toEqual(
        wanted.map(([op, how]) => [op.slice(0, 2), how]),
      );
      for (const [at, [, , expected]] of wanted.entries()) {
        if (expected instanceof RegExp) expect(told[at]?.[1]).toMatch(expected);
        else if (expected !== undefined) expect(told[at]?.[1]).toEqual(expected);
      }
      const backslash = await act(guest, [
        ['read', '/app/..\\c\\c.txt'],
        ['read', '/app/a\0.txt'],
      ]);
      expect(backslash.map(([how]) => how)).not.toContain('ok');
      for (const hidden of [CANARY, place.host])
        expect(JSON.stringify([told, backslash])).not.toContain(hidden);
      expect([names('a'), names('b'), names('b/secret'), names('c')]).toEqual([
        ['a.txt', 'link', 'sub'],
        ['b.exe', 'b.txt', 'noending', 'secret', 'up.TXT'],
        ['key.txt'],
        ['c.txt'],
      ]);
    });

    test.each(GUESTS)('%s finds no folder without a grant, and starts at cwd', async (guest) => {
      expect(
        (
          await act(
            guest,
            [
              ['list', '/app'],
              ['read', '/app/a.txt'],
            ],
            {},
          )
        ).map(([how]) => how),
      ).toEqual(['denied', 'denied']);
      expect(await act(guest, [['read', '../a.txt']], grant(), { cwd: '/app/sub' })).toEqual([['ok', 'hi']]);
    });

    test.each(GUESTS)(
      '%s is held to maxFileBytes, counted after the write',
      verifies('FS-03'),
      async (guest) => {
        const capped: Grant = {
          fs: [{ host: `${place.host}/c`, guest: '/c', access: ['read', 'write'], maxFileBytes: 5 }],
        };
        put('c', 'v1.txt', 'v1');
        const ops: readonly Op[] = [
          ['write', '/c/full.txt', '12345'],
          ['write', '/c/over.txt', '123456'],
          ...(guest === 'component'
            ? []
            : ([
                ['append', '/c/full.txt', '6'],
                ['append', '/c/v1.txt', '3456'],
              ] as const)),
        ];
        const told = await act(guest, ops, capped);
        expect(told.map(([how]) => how)).toEqual(['ok', ...ops.slice(1).map(() => 'failed')]);
        expect([contents('c', 'full.txt'), contents('c', 'v1.txt')]).toEqual(['12345', 'v1']);
        // Python opens, and so makes, a file before it writes to it, as its own open() does.
        expect(names('c').includes('over.txt') ? contents('c', 'over.txt') : '').toBe('');
        expect(names('c').includes('over.txt')).toBe(guest === 'python');
        for (const file of names('c').filter((other) => other !== 'c.txt')) folder('c').removeFile(file);
      },
    );

    test('a file that is written in pieces is there whole, or as it was', verifies('FS-08'), async () => {
      const run = (code: string, cap: object) => {
        const fs = [{ host: `${place.host}/c`, guest: '/c', access: ['read', 'write'] as const, ...cap }];
        return runtime.run({ language: 'javascript', code, grant: { fs } });
      };
      put('c', 'v.txt', 'v1');
      const failed = { ok: true, value: ['EFBIG', 'EFBIG', 'EFBIG'] };
      const code = `const codes = [];
      for (const act of [() => fs.writeFile('/c/v.txt', new Uint8Array(SIZE)), () => fs.writeFile('/c/new.txt', new Uint8Array(SIZE), { flag: 'wx' }), () => fs.appendFile('/c/v.txt', new Uint8Array(SIZE))]) {
        try { await act(); codes.push('ok') } catch (error) { codes.push(error.code) }
      }
      export default codes;`;
      const most = 10 * MIB;
      expect(await run(code.replaceAll('SIZE', String(most + 1)), {})).toMatchObject(failed);
      expect(await run(code.replaceAll('SIZE', String(most)), { maxBytes: 9 * MIB })).toMatchObject({
        ok: true,
        value: ['EACCES', 'EACCES', 'EFBIG'],
      });
      expect([contents('c', 'v.txt'), names('c')]).toEqual(['v1', ['c.txt', 'v.txt']]);
      // A run that ends in the middle leaves nothing either.
      const cut = await run(
        "const { value } = await sandglass.call('fs.open', { path: '/c/v.txt', replace: true }); await sandglass.call('fs.write', { handle: value.handle }, new Uint8Array(9)); throw new Error('stop')",
        {},
      );
      expect(cut).toMatchObject({ ok: false, error: { code: 'GUEST_THREW' } });
      expect([contents('c', 'v.txt'), names('c')]).toEqual(['v1', ['c.txt', 'v.txt']]);
      const written = await run(
        `await fs.writeFile('/c/v.txt', new Uint8Array(${most}).fill(120)); await fs.writeFile('/c/w.txt', new Uint8Array(${5 * MIB})); await fs.appendFile('/c/w.txt', new Uint8Array(${5 * MIB}).fill(121)); 0`,
        {},
      );
      expect(written).toMatchObject({ ok: true, usage: { hostCalls: { 'fs.write': 3 } } });
      expect(contents('c', 'v.txt') === 'x'.repeat(most)).toBe(true);
      expect(contents('c', 'w.txt') === '\0'.repeat(5 * MIB) + 'y'.repeat(5 * MIB)).toBe(true);
      folder('c').removeFile('v.txt');
      folder('c').removeFile('w.txt');
    });

    test('plain and async code of each language share one file', async () => {
      const given: Grant = { fs: [{ host: `${place.host}/c`, guest: '/c', access: ['read', 'write'] }] };
      const python =
        "import asyncio, pathlib\nasync def write():\n    await asyncio.sleep(0)\n    pathlib.Path('p.txt').write_text('from Python')\nawait write()\npathlib.Path('p.txt').read_text()";
      expect(await runtime.run({ language: 'python', code: python, grant: given })).toMatchObject({
        ok: true,
        value: 'from Python',
      });
      const javascript =
        "fs.writeFileSync('j.txt', 'from JavaScript'); export default [fs.readFileSync('p.txt', 'utf8'), await fs.readFile('j.txt', 'utf8')]";
      expect(await runtime.run({ language: 'javascript', code: javascript, grant: given })).toMatchObject({
        ok: true,
        value: ['from Python', 'from JavaScript'],
      });
      expect([contents('c', 'p.txt'), contents('c', 'j.txt')]).toEqual(['from Python', 'from JavaScript']);
    });
  },
);
