import { gunzipSync } from 'node:zlib';
import { SandglassError } from '../../../vocabulary/errors.ts';
import type { UnzipCaps, ZipEntry } from './unzip.ts';

const BLOCK = 512;
/** Of a path and of what a header says beside it. */
const MAX_HEADER_BYTES = 64 * 1024;

/**
 * Reads a gzipped tar archive (ustar, with the long names of pax and GNU) whole; links, devices and folders are left out. Paths are as they
 * stand there: whoever puts files in place checks them.
 * @throws {SandglassError} MODULE_INVALID
 */
export function untar(archive: Uint8Array, name: string, { maxBytes, maxEntries }: UnzipCaps): ZipEntry[] {
  const fail = (reason: string): never => {
    throw new SandglassError('MODULE_INVALID', `Cannot read ${name}: ${reason}`);
  };
  let bytes: Uint8Array = new Uint8Array();
  try {
    bytes = gunzipSync(archive, { maxOutputLength: maxBytes });
  } catch {
    fail(`it is not a gzip archive, or unpacks to more than ${maxBytes} bytes`);
  }
  const decoder = new TextDecoder();
  const text = (from: number, length: number): string => {
    const field = bytes.subarray(from, from + length);
    const end = field.indexOf(0);
    return decoder.decode(end < 0 ? field : field.subarray(0, end));
  };
  const files: ZipEntry[] = [];
  let longName: string | undefined;
  let seen = 0;
  for (let at = 0; at + BLOCK <= bytes.length && bytes[at] !== 0; ) {
    seen += 1;
    if (seen > maxEntries) fail(`it has over ${maxEntries} entries`);
    const octal = text(at + 124, 12).trim();
    const size = /^[0-7]{1,11}$/.test(octal) ? Number.parseInt(octal, 8) : fail('it is damaged');
    const start = at + BLOCK;
    if (start + size > bytes.length) fail('it is cut short');
    const kind = text(at + 156, 1);
    const content = bytes.subarray(start, start + size);
    if (kind === 'x' || kind === 'L') {
      if (size > MAX_HEADER_BYTES) fail('a name in it is too long');
      longName = kind === 'L' ? text(start, size) : (paxPath(content) ?? longName);
    } else {
      const prefix = text(at + 257, 5) === 'ustar' ? text(at + 345, 155) : '';
      const own = text(at, 100);
      const path = longName ?? (prefix === '' ? own : `${prefix}/${own}`);
      if (kind === '0' || kind === '') files.push({ path, bytes: new Uint8Array(content) });
      if (kind !== 'g') longName = undefined;
    }
    at = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}

/** Of records `LENGTH KEY=VALUE\n`, the one of the path. */
function paxPath(header: Uint8Array): string | undefined {
  for (let at = 0; at < header.length; ) {
    const space = header.indexOf(0x20, at);
    const length = Number(new TextDecoder().decode(header.subarray(at, space)));
    if (space < 0 || !(length > 0)) return undefined;
    const record = new TextDecoder().decode(header.subarray(space + 1, at + length - 1));
    if (record.startsWith('path=')) return record.slice(5);
    at += length;
  }
  return undefined;
}
