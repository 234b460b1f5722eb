/* sandglass:tool
{
 "name": "read_file",
 "description": "Reads a text file, whole or some of its lines",
 "version": "1.0.0",
 "category": "filesystem",
 "keywords": [
  "open",
  "cat",
  "text",
  "lines",
  "encoding"
 ],
 "input": {
  "type": "object",
  "properties": {
   "path": {
    "type": "string",
    "description": "Path of a file in a granted folder",
    "minLength": 1
   },
   "encoding": {
    "type": "string",
    "description": "Text encoding by its name on the web: utf8, latin1, utf-16le, shift_jis …; base64 for bytes as they are",
    "default": "utf8"
   },
   "offset": {
    "type": "integer",
    "description": "First line, from 1",
    "minimum": 1
   },
   "limit": {
    "type": "integer",
    "description": "Most lines; without offset and limit the file is read whole",
    "minimum": 1,
    "maximum": 1000000
   }
  },
  "required": [
   "path"
  ],
  "additionalProperties": false
 },
 "capabilities": [
  "fs.read"
 ],
 "limits": {
  "timeoutMs": 5000
 },
 "idempotent": true,
 "examples": [
  {
   "input": {
    "path": "/data/hello.txt"
   },
   "output": {
    "content": "héllo",
    "encoding": "utf8",
    "size": 6
   }
  },
  {
   "input": {
    "path": "/data/list.txt",
    "offset": 2,
    "limit": 1
   },
   "output": {
    "content": "two\n",
    "encoding": "utf8",
    "size": 14,
    "from": 2,
    "to": 2,
    "lines": 3,
    "more": true
   }
  }
 ]
}
*/
import { open, stat } from 'node:fs/promises';

const MOST_BYTES = 16 * 1024 * 1024;
const UTF8 = /^utf-?8$/i;

export async function run({ path, encoding, offset, limit }) {
  const { size, isDirectory } = await facts(path);
  if (isDirectory)
    throw new Error(
      `Cannot read ${JSON.stringify(path)}: it is a folder; list_directory tells what is in it`,
    );
  if (size > MOST_BYTES)
    throw new Error(
      `Cannot read ${JSON.stringify(path)}: it has ${size} bytes, over the ${MOST_BYTES} that are read at once; search_files finds lines of it`,
    );
  const bytes = await bytesOf(path);
  const content = decode(bytes, encoding, path);
  const name = UTF8.test(encoding) ? 'utf8' : encoding.toLowerCase();
  if (offset === undefined && limit === undefined) return { content, encoding: name, size: bytes.byteLength };
  const lines = content.split(/(?<=\n)/);
  const from = offset ?? 1;
  const some = lines.slice(from - 1, limit === undefined ? undefined : from - 1 + limit);
  const to = from + some.length - 1;
  return {
    content: some.join(''),
    encoding: name,
    size: bytes.byteLength,
    from,
    to,
    lines: lines.length,
    more: to < lines.length,
  };
}

async function facts(path) {
  const info = await stat(path);
  return { size: info.size, isDirectory: info.isDirectory() };
}

async function bytesOf(path) {
  const file = await open(path, 'r');
  try {
    return new Uint8Array(await file.readFile());
  } finally {
    await file.close();
  }
}

function decode(bytes, encoding, path) {
  if (/^base64$/i.test(encoding)) return Buffer.from(bytes).toString('base64');
  let decoder;
  try {
    decoder = new TextDecoder(encoding === 'utf8' ? 'utf-8' : encoding, { fatal: true });
  } catch {
    throw new Error(
      `Cannot read ${JSON.stringify(path)}: there is no encoding ${JSON.stringify(encoding.slice(0, 40))}; use utf8, latin1, utf-16le, or base64 for bytes`,
    );
  }
  try {
    return decoder.decode(bytes);
  } catch {
    throw new Error(
      `Cannot read ${JSON.stringify(path)}: it is not text in ${encoding}; read it with another encoding, or with base64`,
    );
  }
}
