/* sandglass:tool
{
 "name": "archive",
 "description": "Lists, packs and unpacks archives: zip, tar, tar.gz, and gz of one file; what would leave the folder is refused",
 "version": "1.0.0",
 "category": "filesystem",
 "keywords": [
  "zip",
  "unzip",
  "tar",
  "gzip",
  "compress",
  "extract",
  "pack"
 ],
 "input": {
  "type": "object",
  "properties": {
   "action": {
    "type": "string",
    "enum": [
     "list",
     "create",
     "extract"
    ],
    "description": "What is done"
   },
   "path": {
    "type": "string",
    "format": "path",
    "description": "Path of the archive; its ending tells its kind: .zip, .tar, .tar.gz, .tgz, .gz",
    "minLength": 1
   },
   "files": {
    "type": "array",
    "items": {
     "type": "string",
     "minLength": 1
    },
    "minItems": 1,
    "maxItems": 1000,
    "description": "create: files and folders that go in"
   },
   "to": {
    "type": "string",
    "format": "path",
    "description": "extract: folder that the files go to",
    "minLength": 1
   },
   "only": {
    "type": "array",
    "items": {
     "type": "string"
    },
    "maxItems": 1000,
    "description": "extract: these entries alone"
   },
   "overwrite": {
    "type": "boolean",
    "description": "Files that are there are replaced",
    "default": false
   }
  },
  "required": [
   "action",
   "path"
  ],
  "additionalProperties": false
 },
 "capabilities": [
  "fs.read",
  "fs.write"
 ],
 "dangerous": true,
 "limits": {
  "timeoutMs": 60000,
  "hostCalls": 50000,
  "memoryBytes": 268435456
 },
 "examples": [
  {
   "input": {
    "action": "create",
    "path": "/data/all.zip",
    "files": [
     "/data/sub",
     "/data/hello.txt"
    ]
   },
   "output": {
    "path": "/data/all.zip",
    "entries": 4,
    "bytes": 54
   }
  },
  {
   "input": {
    "action": "list",
    "path": "/data/all.zip"
   }
  },
  {
   "input": {
    "action": "extract",
    "path": "/data/all.zip",
    "to": "/data/out"
   }
  }
 ]
}
*/
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { crc32, deflateRawSync, gunzipSync, gzipSync, inflateRawSync } from 'node:zlib';

const MOST = { entries: 10_000, bytes: 64 * 1024 * 1024 };

export async function run({ action, path, files, to, only, overwrite }) {
  const kind = kindOf(path);
  if (action === 'create') {
    if (files === undefined) throw new Error('Cannot create the archive: name the files that go in as files');
    return create(path, kind, files, overwrite);
  }
  const entries = await open(path, kind);
  if (action === 'list')
    return {
      entries: entries.map(({ name, size, folder }) => ({ name, size, type: folder ? 'directory' : 'file' })),
    };
  if (to === undefined) throw new Error('Cannot extract the archive: name the folder as to');
  return extract(path, entries, to, only, overwrite);
}

function kindOf(path) {
  const kind = ['tar.gz', 'tgz', 'zip', 'tar', 'gz'].find((ending) =>
    path.toLowerCase().endsWith(`.${ending}`),
  );
  if (kind === undefined)
    throw new Error(
      `Cannot tell what kind of archive ${JSON.stringify(path)} is; its name ends in .zip, .tar, .tar.gz, .tgz or .gz`,
    );
  return kind === 'tgz' ? 'tar.gz' : kind;
}

async function create(path, kind, files, overwrite) {
  if (!overwrite && (await isThere(path)))
    throw new Error(
      `Cannot write ${JSON.stringify(path)}: it is there already; pass overwrite to replace it`,
    );
  const entries = [];
  let total = 0;
  const add = async (file, name) => {
    const info = await stat(file);
    if (entries.length >= MOST.entries) throw new Error(`Cannot pack over ${MOST.entries} files`);
    if (info.isDirectory()) {
      for (const child of (await readdir(file)).sort()) await add(`${file}/${child}`, `${name}/${child}`);
      return;
    }
    total += info.size;
    if (total > MOST.bytes) throw new Error(`Cannot pack over ${MOST.bytes} bytes at once`);
    const bytes = new Uint8Array(await readFile(file));
    entries.push({ name, bytes, time: info.mtimeMs, size: bytes.byteLength });
  };
  for (const file of files) {
    const plain = file.replace(/(?<=.)\/+$/, '');
    await add(plain, plain.slice(plain.lastIndexOf('/') + 1));
  }
  const names = entries.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined)
    throw new Error(`Cannot pack two files of the name ${JSON.stringify(twice)}; pack their folder instead`);
  const packed = pack(kind, entries, path);
  await writeFile(path, packed);
  return { path, entries: entries.length, bytes: total };
}

function pack(kind, entries, path) {
  if (kind === 'zip') return zip(entries);
  if (kind === 'tar') return tar(entries);
  if (kind === 'tar.gz') return gzipSync(tar(entries));
  if (entries.length !== 1)
    throw new Error(
      `Cannot pack ${entries.length} files into ${JSON.stringify(path)}: a .gz holds one; use .tar.gz`,
    );
  return gzipSync(entries[0].bytes);
}

async function open(path, kind) {
  const { size } = await stat(path);
  if (size > MOST.bytes)
    throw new Error(`Cannot read ${JSON.stringify(path)}: it is over ${MOST.bytes} bytes`);
  const bytes = new Uint8Array(await readFile(path));
  try {
    if (kind === 'zip') return unzip(bytes);
    if (kind === 'tar') return untar(bytes);
    const plain = new Uint8Array(gunzipSync(bytes, { maxOutputLength: MOST.bytes }));
    if (kind === 'tar.gz') return untar(plain);
    const name = path.slice(path.lastIndexOf('/') + 1).replace(/\.gz$/i, '');
    return [{ name, size: plain.byteLength, folder: false, read: () => plain }];
  } catch (error) {
    throw new Error(`Cannot read ${JSON.stringify(path)}: ${error.message}`);
  }
}

async function extract(path, entries, to, only, overwrite) {
  const root = to.replace(/(?<=.)\/+$/, '');
  const missing = only?.find((name) => !entries.some((entry) => entry.name === name));
  if (missing !== undefined)
    throw new Error(
      `Cannot extract ${JSON.stringify(missing)}: ${JSON.stringify(path)} has no such entry; list tells all`,
    );
  const chosen = only === undefined ? entries : entries.filter(({ name }) => only.includes(name));
  const outside = chosen.find(({ name, link }) => link || !isInside(name));
  if (outside !== undefined)
    throw new Error(
      `Cannot extract ${JSON.stringify(path)}: ${JSON.stringify(outside.name)} is a link, or leads out of the folder; nothing was written`,
    );
  const total = chosen.reduce((sum, { size }) => sum + size, 0);
  if (total > MOST.bytes)
    throw new Error(`Cannot extract ${JSON.stringify(path)}: it unpacks to over ${MOST.bytes} bytes`);
  const written = [];
  for (const { name, folder } of chosen)
    if (!folder && !overwrite && (await isThere(`${root}/${name}`)))
      throw new Error(
        `Cannot extract ${JSON.stringify(name)}: it is there already; pass overwrite to replace it; nothing was written`,
      );
  // Read before anything is written: an archive that is broken leaves nothing behind.
  const contents = chosen.map((entry) => (entry.folder ? undefined : entry.read()));
  for (const [index, { name, folder }] of chosen.entries()) {
    const full = `${root}/${name}`.replace(/\/+$/, '');
    await mkdir(folder ? full : full.slice(0, full.lastIndexOf('/')) || '/', { recursive: true });
    if (folder) continue;
    await writeFile(full, contents[index]);
    written.push(full);
  }
  return { files: written, bytes: total };
}

const isInside = (name) =>
  !name.startsWith('/') &&
  !name.includes('\\') &&
  !name.includes('\0') &&
  !/^[a-zA-Z]:/.test(name) &&
  !name.split('/').includes('..');

async function isThere(path) {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (error.code === 'ENOENT') return false;
    throw error;
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8');

/** Time and date as MS-DOS has them: two seconds, from 1980. */
function dosTime(ms) {
  const at = new Date(Math.max(ms, Date.UTC(1980, 0, 1)));
  const time = (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1);
  const date = ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate();
  return [time & 0xffff, date & 0xffff];
}

/** PKWARE APPNOTE 6.3, deflated or stored, names in UTF-8. */
function zip(entries) {
  const parts = [];
  const central = [];
  let offset = 0;
  for (const { name, bytes, time } of entries) {
    const text = encoder.encode(name);
    const deflated = deflateRawSync(bytes);
    const [method, data] = deflated.byteLength < bytes.byteLength ? [8, deflated] : [0, bytes];
    const [dos, date] = dosTime(time);
    const common = [20, 0x800, method, dos, date];
    const sizes = [crc32(bytes) >>> 0, data.byteLength, bytes.byteLength];
    const local = record(0x04034b50, common, sizes, [text.byteLength, 0]);
    parts.push(local, text, data);
    central.push(
      record(0x02014b50, [20, ...common], sizes, [text.byteLength, 0, 0, 0, 0], [0, offset]),
      text,
    );
    offset += local.byteLength + text.byteLength + data.byteLength;
  }
  const size = central.reduce((sum, part) => sum + part.byteLength, 0);
  const end = record(0x06054b50, [0, 0, entries.length, entries.length], [size, offset], [0]);
  return joined([...parts, ...central, end]);
}

/** A signature, then 16-bit and 32-bit numbers in turn. */
function record(signature, ...groups) {
  const bytes = [];
  const put = (value, width) => {
    for (let at = 0; at < width; at += 1) bytes.push((value >>> (8 * at)) & 0xff);
  };
  put(signature, 4);
  for (const [index, group] of groups.entries())
    for (const value of group) put(value, index % 2 === 0 ? 2 : 4);
  return Uint8Array.from(bytes);
}

function joined(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

function unzip(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.byteLength - 22;
  const first = Math.max(0, end - 0xffff);
  while (end >= first && view.getUint32(end, true) !== 0x06054b50) end -= 1;
  if (end < first || end < 0) throw new Error('it is not a zip archive, or it is cut off');
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  if (at === 0xffffffff || count === 0xffff) throw new Error('it is a Zip64 archive, which is not taken');
  if (count > MOST.entries) throw new Error(`it has over ${MOST.entries} entries`);
  const entries = [];
  for (let index = 0; index < count; index += 1) {
    if (at + 46 > bytes.byteLength || view.getUint32(at, true) !== 0x02014b50)
      throw new Error('its list of entries is broken');
    const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
    const [sum, packed, size] = [16, 20, 24].map((field) => view.getUint32(at + field, true));
    const [named, extra, comment] = [28, 30, 32].map((field) => view.getUint16(at + field, true));
    const mode = view.getUint32(at + 38, true) >>> 16;
    const offset = view.getUint32(at + 42, true);
    const name = decoder.decode(bytes.subarray(at + 46, at + 46 + named));
    entries.push({
      name,
      size,
      folder: name.endsWith('/'),
      link: (mode & 0o170000) === 0o120000,
      read: () => content(bytes, view, { name, flags, method, sum, packed, size, offset }),
    });
    at += 46 + named + extra + comment;
  }
  return entries;
}

function content(bytes, view, { name, flags, method, sum, packed, size, offset }) {
  const fail = (reason) => new Error(`Cannot unpack ${JSON.stringify(name)}: ${reason}`);
  if (flags & 1) throw fail('it is encrypted');
  if (method !== 0 && method !== 8)
    throw fail(`its compression method ${method} is not known; deflate and stored are`);
  if (offset + 30 > bytes.byteLength || view.getUint32(offset, true) !== 0x04034b50)
    throw fail('its head is broken');
  const from = offset + 30 + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
  if (from + packed > bytes.byteLength) throw fail('it is cut off');
  const data = bytes.subarray(from, from + packed);
  let plain = data;
  if (method === 8) {
    try {
      plain = new Uint8Array(inflateRawSync(data, { maxOutputLength: Math.max(1, size) }));
    } catch (error) {
      throw fail(`its data is broken, or more than it says: ${error.message}`);
    }
  }
  if (plain.byteLength !== size || crc32(plain) >>> 0 !== sum) throw fail('its checksum does not fit');
  return plain;
}

/** POSIX ustar. */
function tar(entries) {
  const parts = [];
  for (const { name, bytes, time } of entries) {
    parts.push(
      tarHead(name, bytes.byteLength, time),
      bytes,
      new Uint8Array((512 - (bytes.byteLength % 512)) % 512),
    );
  }
  return joined([...parts, new Uint8Array(1_024)]);
}

function tarHead(name, size, time) {
  const block = new Uint8Array(512);
  const text = encoder.encode(name);
  let [prefix, rest] = ['', name];
  for (let at = name.indexOf('/'); text.byteLength > 100 && at >= 0; at = name.indexOf('/', at + 1)) {
    [prefix, rest] = [name.slice(0, at), name.slice(at + 1)];
    if (encoder.encode(rest).byteLength <= 100) break;
  }
  if (encoder.encode(rest).byteLength > 100 || encoder.encode(prefix).byteLength > 155)
    throw new Error(`Cannot pack ${JSON.stringify(name)}: its path is too long for tar; use .zip`);
  const put = (at, value) => block.set(encoder.encode(value), at);
  const octal = (value, digits) => Math.floor(value).toString(8).padStart(digits, '0');
  put(0, rest);
  put(100, '0000644\0');
  put(108, '0000000\0');
  put(116, '0000000\0');
  put(124, `${octal(size, 11)}\0`);
  put(136, `${octal(Math.max(0, time / 1_000), 11)}\0`);
  put(148, '        0');
  put(257, 'ustar\x0000');
  put(345, prefix);
  put(
    148,
    `${octal(
      block.reduce((sum, byte) => sum + byte, 0),
      6,
    )}\0 `,
  );
  return block;
}

function untar(bytes) {
  const entries = [];
  let at = 0;
  let longName;
  while (at + 512 <= bytes.byteLength) {
    const block = bytes.subarray(at, at + 512);
    if (block.every((byte) => byte === 0)) return entries;
    const text = (from, length) => {
      const field = block.subarray(from, from + length);
      const end = field.indexOf(0);
      return decoder.decode(end < 0 ? field : field.subarray(0, end));
    };
    const checked = block.reduce((sum, byte, index) => sum + (index >= 148 && index < 156 ? 32 : byte), 0);
    if (Number.parseInt(text(148, 8), 8) !== checked)
      throw new Error('it is not a tar archive, or it is broken');
    const size = Number.parseInt(text(124, 12), 8) || 0;
    const kind = text(156, 1);
    const data = bytes.subarray(at + 512, at + 512 + size);
    if (data.byteLength !== size) throw new Error('it is cut off');
    at += 512 + Math.ceil(size / 512) * 512;
    const prefix = text(257, 5) === 'ustar' ? text(345, 155) : '';
    const own = prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`;
    if (kind === 'L') longName = decoder.decode(data).replace(/\0+$/, '');
    else if (kind === 'x') longName = paxPath(decoder.decode(data)) ?? longName;
    else if (kind !== 'g') {
      const name = longName ?? own;
      longName = undefined;
      if (entries.length >= MOST.entries) throw new Error(`it has over ${MOST.entries} entries`);
      entries.push({
        name,
        size,
        folder: kind === '5' || name.endsWith('/'),
        link: !['', '0', '5', '7'].includes(kind),
        read: () => data,
      });
    }
  }
  if (entries.length === 0) throw new Error('it is not a tar archive, or it is cut off');
  return entries;
}

/** `LENGTH path=NAME\n` among the fields of a pax head. */
function paxPath(text) {
  const line = text.split('\n').find((field) => /^\d+ path=/.test(field));
  return line?.slice(line.indexOf('=') + 1);
}
