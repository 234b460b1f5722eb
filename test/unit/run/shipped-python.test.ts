import { mkdtempSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  ABOUT,
  findShipped,
  packedName,
  type ShippedPython,
  SNAPSHOT,
} from '../../../runtime/platform/python/shipped-python.ts';
import { sha256Hex } from '../../../runtime/platform/sha256-hex.ts';

const SCRIPT = new TextEncoder().encode('the loader');
const FILE = packedName(SNAPSHOT);
const IMAGE = new Uint8Array(100_000).fill(7);

let folder = '';
const write = (name: string, bytes: Uint8Array | string): void => writeFileSync(join(folder, name), bytes);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandglass-shipped-'));
  write('pyodide.js', SCRIPT);
  write(FILE, zstdCompressSync(IMAGE));
  const files = {
    'pyodide.js': { sha256: sha256Hex(SCRIPT), bytes: SCRIPT.length, packed: false },
    [SNAPSHOT]: { sha256: sha256Hex(IMAGE), bytes: IMAGE.length, packed: true, from: 'these inputs' },
  };
  write(ABOUT, JSON.stringify({ version: '1.2.3', wasmHash: 'hash', leastMemoryBytes: 65_536, files }));
});
afterEach(() => rmSync(folder, { recursive: true }));

const shipped = (): ShippedPython => {
  const found = findShipped(pathToFileURL(`${folder}/`));
  if (found === undefined) throw new Error('nothing ships');
  return found;
};

describe('the parts of Python that ship', () => {
  test('are read as they were packed', async () => {
    expect(shipped()).toMatchObject({ version: '1.2.3', wasmHash: 'hash', leastMemoryBytes: 65_536 });
    expect(await shipped().read('pyodide.js')).toEqual(SCRIPT);
    expect(Buffer.from(await shipped().read(SNAPSHOT)).equals(IMAGE)).toBe(true);
  });

  test('are used for nothing but what they were derived of', async () => {
    expect((await shipped().derived(SNAPSHOT, 'these inputs'))?.length).toBe(IMAGE.length);
    expect(await shipped().derived(SNAPSHOT, 'other inputs')).toBeUndefined();
    expect(await shipped().derived('pyodide.js', 'these inputs')).toBeUndefined();
  });

  const other = (): Uint8Array => {
    const changed = IMAGE.slice();
    changed[50_000] = 8;
    return zstdCompressSync(changed);
  };
  test.each([
    ['another of the same length', SNAPSHOT, other],
    ['a longer one', SNAPSHOT, () => zstdCompressSync(new Uint8Array(10_000_000))],
    ['one that is cut off', SNAPSHOT, () => readFileSync(join(folder, FILE)).subarray(0, 20)],
    ['another script', 'pyodide.js', () => new TextEncoder().encode('the Loader')],
  ])('are not read where there is %s', async (_, name, make) => {
    const file = name === SNAPSHOT ? FILE : name;
    write(file, make());
    await expect(shipped().read(name)).rejects.toThrow(`Cannot start an engine: ${file} is damaged`);
  });

  test('are missed at once', async () => {
    const before = shipped();
    unlinkSync(join(folder, FILE));
    await expect(before.read(SNAPSHOT)).rejects.toThrow(`${FILE} is missing`);
    expect(() => shipped()).toThrow(`${join(folder, FILE)} is missing`);
    write(FILE, '');
    expect(() => shipped()).toThrow(`${join(folder, FILE)} is damaged`);
    write(ABOUT, '{');
    expect(() => shipped()).toThrow(`${join(folder, ABOUT)} is damaged`);
  });

  test('are none where there is no list of them', () => {
    unlinkSync(join(folder, ABOUT));
    expect(findShipped(pathToFileURL(`${folder}/`))).toBeUndefined();
  });
});
