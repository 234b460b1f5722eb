import { createHash } from 'node:crypto';
import { deflateRawSync, gzipSync } from 'node:zlib';

export interface ZippedFile {
  readonly name: string;
  readonly content: Uint8Array | string;
  /** What the directory claims, if not the truth. */
  readonly size?: number;
}

/** A zip archive by the book: local headers, directory, end. */
export function zip(files: readonly ZippedFile[]): Uint8Array {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const file of files) {
    const name = Buffer.from(file.name);
    const content = Buffer.from(file.content);
    const packed = deflateRawSync(content);
    const size = file.size ?? content.length;
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(8, 8);
    local.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(8, 10);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(size, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(offset, 42);
    parts.push(local, name, packed);
    directory.push(entry, name);
    offset += 30 + name.length + packed.length;
  }
  const listing = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(offset, 16);
  return new Uint8Array(Buffer.concat([...parts, listing, end]));
}

/** A gzipped tar archive of files; a name over 100 bytes goes into a pax header. */
export function tarGz(files: readonly ZippedFile[]): Uint8Array {
  const blocks = (name: string, kind: string, content: Buffer, size = content.length): Buffer[] => {
    const header = Buffer.alloc(512);
    header.write(name.slice(0, 100), 0);
    header.write('0000644', 100);
    header.write(size.toString(8).padStart(11, '0'), 124);
    header.write(`        ${kind}`, 148);
    header.write('ustar\x0000', 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
  };
  const parts = files.flatMap(({ name, content, size }) => {
    const record = ` path=${name}\n`;
    const length = record.length + String(record.length + 3).length;
    const long = name.length > 100 ? blocks('pax', 'x', Buffer.from(`${length}${record}`)) : [];
    return [...long, ...blocks(name, '0', Buffer.from(content), size)];
  });
  return new Uint8Array(gzipSync(Buffer.concat([...parts, Buffer.alloc(1024)])));
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A pure-Python wheel: one module, and metadata that names what it needs. */
export function wheel(
  name: string,
  version: string,
  source: string,
  requires: readonly string[] = [],
): { readonly file: string; readonly bytes: Uint8Array } {
  const module = name.replaceAll('-', '_');
  const metadata = [
    'Metadata-Version: 2.1',
    `Name: ${name}`,
    `Version: ${version}`,
    ...requires.map((line) => `Requires-Dist: ${line}`),
    '',
    'A description.',
  ];
  const bytes = zip([
    { name: `${module}/__init__.py`, content: source },
    { name: `${module}-${version}.dist-info/METADATA`, content: metadata.join('\n') },
  ]);
  return { file: `${module}-${version}-py3-none-any.whl`, bytes };
}
