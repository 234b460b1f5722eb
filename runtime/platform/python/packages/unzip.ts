import { inflateRawSync } from 'node:zlib';
import { SandglassError } from '../../../vocabulary/errors.ts';

export interface ZipEntry {
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface UnzipCaps {
  /** Of all that is unpacked. */
  readonly maxBytes: number;
  readonly maxEntries: number;
}

/** A place of the directory. */
interface Packed {
  readonly path: string;
  readonly method: number;
  readonly packed: number;
  readonly size: number;
  readonly local: number;
}

/** The end of the archive may be followed by a comment. */
const MAX_COMMENT = 65_535;
const END = 0x06054b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const STORED = 0;
const DEFLATED = 8;

/** The paths of an archive's files, whose contents are not looked at. */
export const pathsInZip = (archive: Uint8Array, name: string, caps: UnzipCaps): readonly string[] =>
  directoryOf(archive, name, caps).map(({ path }) => path);

/**
 * Reads a zip archive whole. Names that would leave the folder they are unpacked in, encryption, ZIP64 and anything larger than `maxBytes`
 * are refused: an archive's own sizes are added up before anything is unpacked, and are not believed.
 * @throws {SandglassError} MODULE_INVALID
 */
export function unzip(archive: Uint8Array, name: string, caps: UnzipCaps): ZipEntry[] {
  const { fail, u16, u32 } = readerOf(archive, name);
  return directoryOf(archive, name, caps).map(({ path, method, packed, size, local }) => {
    if (u32(local) !== LOCAL) fail(`"${path}" is damaged`);
    const start = local + 30 + u16(local + 26) + u16(local + 28);
    if (start + packed > archive.length) fail(`"${path}" is cut short`);
    const content = archive.subarray(start, start + packed);
    let bytes: Uint8Array<ArrayBuffer> = new Uint8Array();
    try {
      if (method === STORED) bytes = new Uint8Array(content);
      else if (method === DEFLATED)
        bytes = new Uint8Array(inflateRawSync(content, { maxOutputLength: Math.max(1, size) }));
      else fail(`"${path}" is packed in an unknown way`);
    } catch {
      fail(`"${path}" does not unpack`);
    }
    if (bytes.length !== size) fail(`"${path}" does not unpack`);
    return { path, bytes };
  });
}

function directoryOf(
  archive: Uint8Array,
  name: string,
  { maxBytes, maxEntries }: UnzipCaps,
): readonly Packed[] {
  const { fail, u16, u32 } = readerOf(archive, name);
  let end = archive.length - 22;
  const first = Math.max(0, end - MAX_COMMENT);
  while (end >= first && u32(end) !== END) end -= 1;
  if (end < first) fail('it is not a zip archive');
  const listed: Packed[] = [];
  let left = maxBytes;
  let at = u32(end + 16);
  const total = u16(end + 10);
  if (total > maxEntries) fail(`it has over ${maxEntries} entries`);
  for (let count = total; count > 0; count -= 1) {
    if (u32(at) !== ENTRY) fail('its directory is damaged');
    const [flags, method, packed, size] = [u16(at + 8), u16(at + 10), u32(at + 20), u32(at + 24)];
    const [nameBytes, extraBytes, commentBytes, local] = [
      u16(at + 28),
      u16(at + 30),
      u16(at + 32),
      u32(at + 42),
    ];
    const path = new TextDecoder().decode(archive.subarray(at + 46, at + 46 + nameBytes));
    at += 46 + nameBytes + extraBytes + commentBytes;
    if ((flags & 1) !== 0) fail(`"${path}" is encrypted`);
    if (path === '') fail('it has a file without a name');
    if (
      path.startsWith('/') ||
      path.includes('\\') ||
      path.includes('\0') ||
      path.split('/').includes('..')
    ) {
      fail(`"${path}" would leave its folder`);
    }
    if (path.endsWith('/')) continue;
    left -= size;
    if (left < 0) fail(`it unpacks to more than ${maxBytes} bytes`);
    listed.push({ path, method, packed, size, local });
  }
  return listed;
}

/** Numbers of the archive; past its end it is cut short. */
function readerOf(
  archive: Uint8Array,
  name: string,
): { fail: (reason: string) => never; u16: (at: number) => number; u32: (at: number) => number } {
  const fail = (reason: string): never => {
    throw new SandglassError('MODULE_INVALID', `Cannot read ${name}: ${reason}`);
  };
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  const u16 = (at: number): number =>
    at + 2 <= archive.length ? view.getUint16(at, true) : fail('it is cut short');
  const u32 = (at: number): number =>
    at + 4 <= archive.length ? view.getUint32(at, true) : fail('it is cut short');
  return { fail, u16, u32 };
}
