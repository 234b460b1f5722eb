import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createRuntime, type Grant, type Runtime } from '../../runtime/index.ts';
import { verifies } from '../support/verifies.ts';

verifies('FS-05');

const TEXT = 'héllo €☃😀';
const WESTERN = 'héllo ÿ';
const BOM = '\ufeff';
const utf16be = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();

let runtime: Runtime;
let folder = '';
beforeAll(() => {
  runtime = createRuntime();
});
afterAll(() => runtime.close());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandglass-text-'));
  const files = {
    'utf8.txt': Buffer.from(TEXT),
    'bom.txt': Buffer.from(BOM + TEXT),
    'utf16le.txt': Buffer.from(BOM + TEXT, 'utf16le'),
    'utf16be.txt': utf16be(BOM + TEXT),
    'latin1.txt': Buffer.from(WESTERN, 'latin1'),
  };
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  return () => rmSync(folder, { recursive: true });
});

const run = (language: string, code: string) => {
  const grant: Grant = { fs: [{ host: folder, guest: '/data', access: ['read', 'write'] }] };
  return runtime.run({ language, code, grant });
};
const bytesOf = (name: string): Buffer => readFileSync(join(folder, name));

test('JavaScript reads a file in each encoding, by the name of it and by a decoder', async () => {
  const outcome = await run(
    'javascript',
    `const decode = async (name, label) => new TextDecoder(label).decode(await fs.readFile(name));
     export default {
       named: [await fs.readFile('utf8.txt', 'utf8'), fs.readFileSync('utf16le.txt', 'UTF-16LE'), await fs.readFile('utf16le.txt', { encoding: 'ucs2' }), await fs.readFile('latin1.txt', 'latin1')],
       bytes: [await fs.readFile('utf16be.txt', 'base64'), await fs.readFile('latin1.txt', { encoding: 'hex' }), btoa(await fs.readFile('latin1.txt', 'latin1'))],
       decoded: [await decode('bom.txt'), await decode('utf16le.txt', 'utf-16'), await decode('utf16be.txt', 'utf-16be'), await decode('latin1.txt', 'ISO-8859-1')],
       handle: await (await fs.open('utf16le.txt')).readFile('utf16le'),
     };`,
  );
  expect(outcome.ok ? outcome.value : outcome).toEqual({
    named: [TEXT, BOM + TEXT, BOM + TEXT, WESTERN],
    bytes: [
      bytesOf('utf16be.txt').toString('base64'),
      bytesOf('latin1.txt').toString('hex'),
      bytesOf('latin1.txt').toString('base64'),
    ],
    decoded: [TEXT, TEXT, TEXT, WESTERN],
    handle: BOM + TEXT,
  });
});

test('JavaScript writes what Node would write', async () => {
  const encodings = ['utf8', 'utf-8', 'utf16le', 'ucs-2', 'latin1', 'binary', 'hex', 'base64'] as const;
  const texts = { hex: '00ff7fAB', base64: 'aGk/Pg==' };
  const textOf = (encoding: string): string => Reflect.get(texts, encoding) ?? TEXT;
  const steps = encodings.map(
    (encoding) =>
      `await fs.writeFile('${encoding}.out', ${JSON.stringify(textOf(encoding))}, '${encoding}'); await fs.appendFile('${encoding}.out', ${JSON.stringify(textOf(encoding))}, { encoding: '${encoding}' });`,
  );
  expect(await run('javascript', `${steps.join('\n')} 0`)).toMatchObject({ ok: true });
  for (const encoding of encodings) {
    const once = Buffer.from(textOf(encoding), encoding);
    expect([encoding, bytesOf(`${encoding}.out`)]).toEqual([encoding, Buffer.concat([once, once])]);
  }
});

test('Python reads and writes each encoding', async () => {
  const outcome = await run(
    'python',
    `import base64, pathlib
for encoding in ['utf-16', 'utf-16-be', 'latin-1', 'cp1252']:
    pathlib.Path(encoding + '.out').write_text('héllo', encoding=encoding)
[open('utf8.txt', encoding='utf-8').read(), open('bom.txt', encoding='utf-8-sig').read(), open('utf16le.txt', encoding='utf-16').read(),
 open('utf16be.txt', encoding='utf-16').read(), open('latin1.txt', encoding='latin-1').read(), base64.b64encode(open('utf16be.txt', 'rb').read()).decode()]`,
  );
  expect(outcome.ok ? outcome.value : outcome).toEqual([
    TEXT,
    TEXT,
    TEXT,
    TEXT,
    WESTERN,
    bytesOf('utf16be.txt').toString('base64'),
  ]);
  expect(bytesOf('utf-16.out')).toEqual(Buffer.from(`${BOM}héllo`, 'utf16le'));
  expect(bytesOf('utf-16-be.out')).toEqual(utf16be('héllo'));
  expect(bytesOf('latin-1.out')).toEqual(Buffer.from('héllo', 'latin1'));
});

const KNOWN = 'known are utf8, utf16le, latin1, hex and base64';
test.each([
  ['javascript', "await fs.readFile('utf8.txt', 'klingon')", `"klingon", ${KNOWN}`],
  ['javascript', "fs.readFileSync('utf8.txt', { encoding: 'utf-16be' })", `"utf-16be", ${KNOWN}`],
  ['javascript', "await fs.readFile('utf8.txt', '__proto__')", `"__proto__", ${KNOWN}`],
  ['javascript', "await fs.writeFile('new.out', 'x', 'klingon')", `"klingon", ${KNOWN}`],
  ['javascript', "await fs.writeFile('new.out', 'not base64!', 'base64')", 'is not well formed base64'],
  ['javascript', "await fs.writeFile('new.out', 'abc', 'hex')", 'is not well formed hex'],
  ['javascript', "await fs.appendFile('new.out', 'zz', 'hex')", 'is not well formed hex'],
  ['javascript', "new TextDecoder('klingon')", 'The "klingon" encoding is not supported'],
  [
    'javascript',
    "new TextDecoder('utf-8', { fatal: true }).decode(await fs.readFile('latin1.txt'))",
    'not valid for encoding utf-8',
  ],
  ['javascript', "atob('not base64!')", 'Invalid character'],
  ['python', "open('new.out', 'w', encoding='klingon')", 'unknown encoding: klingon'],
  ['python', "open('utf8.txt', encoding='klingon')", 'unknown encoding: klingon'],
  ['python', "open('latin1.txt', encoding='utf-8').read()", "'utf-8' codec can't decode byte 0xe9"],
  ['python', "open('new.out', 'w', encoding='ascii').write('é')", "'ascii' codec can't encode"],
])(
  '%s: %s is an error of the guest that says what is wrong, and no half file stays',
  async (language, code, message) => {
    const outcome = await run(language, code);
    expect(outcome).toMatchObject({
      ok: false,
      error: { code: 'GUEST_THREW', message: expect.stringContaining(message) },
    });
    expect(JSON.stringify(outcome)).not.toContain(folder);
    expect(existsSync(join(folder, 'new.out')) ? bytesOf('new.out').length : 0).toBe(0);
    expect(readdirSync(folder).filter((name) => !name.endsWith('.txt') && name !== 'new.out')).toEqual([]);
  },
);
