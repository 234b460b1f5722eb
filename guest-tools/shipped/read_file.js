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
    "format": "path",
    "description": "Path of a file in a granted folder",
    "minLength": 1
   },
   "encoding": {
    "type": "string",
    "enum": [
     "utf8",
     "base64",
     "utf-16le",
     "utf-16be",
     "latin1",
     "windows-1251",
     "koi8-r",
     "shift_jis",
     "euc-jp",
     "gb18030",
     "big5",
     "euc-kr"
    ],
    "description": "utf8: text, whose byte order mark, UTF-16 or latin1 is recognised and told; base64: bytes as they are; else text in this encoding",
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
  const name = encoding === 'utf8' ? encodingOf(bytes, path) : encoding;
  const content = decode(bytes, name, path);
  if (offset === undefined && limit === undefined) {
    const { outputBytes } = sandglass.grant().limits;
    if (name !== 'base64' && bytes.byteLength > outputBytes)
      throw new Error(
        `Cannot read ${JSON.stringify(path)} whole: it has ${bytes.byteLength} bytes, over the ${outputBytes} of one answer; read some of its lines by offset and limit`,
      );
    return { content, encoding: name, size: bytes.byteLength };
  }
  const from = offset ?? 1;
  const { text, taken, lines } = linesOf(content, from, limit ?? Number.POSITIVE_INFINITY);
  const to = from + taken - 1;
  return { content: text, encoding: name, size: bytes.byteLength, from, to, lines, more: to < lines };
}

/** Of the lines from `from` on as many as `most`, with their line breaks, and how many lines there are. A large text is not cut into lines for it. */
function linesOf(content, from, most) {
  let lines = 0;
  let start = from === 1 ? 0 : content.length;
  let end = content.length;
  for (let at = 0; at < content.length; ) {
    lines += 1;
    if (lines === from) start = at;
    if (lines === from + most) end = at;
    const next = content.indexOf('\n', at);
    at = next < 0 ? content.length : next + 1;
  }
  return { text: content.slice(start, end), taken: Math.min(most, Math.max(0, lines - from + 1)), lines };
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

/** Of what is said to be text: by its byte order mark, else what it can be. */
function encodingOf(bytes, path) {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  const nuls = [0, 0];
  const looked = Math.min(bytes.length, 8_192);
  for (let at = 0; at < looked; at += 1) if (bytes[at] === 0) nuls[at % 2] += 1;
  if (nuls[0] + nuls[1] === 0) return isText(bytes, 'utf-8') ? 'utf8' : 'latin1';
  // Letters of Latin scripts in UTF-16 are every other byte NUL, and nothing else is.
  const [even, odd] = nuls;
  if (even === 0 && odd > looked / 8 && isText(bytes, 'utf-16le')) return 'utf-16le';
  if (odd === 0 && even > looked / 8 && isText(bytes, 'utf-16be')) return 'utf-16be';
  throw new Error(
    `Cannot read ${JSON.stringify(path)}: it is binary, not text; read it with encoding base64`,
  );
}

function isText(bytes, encoding) {
  try {
    new TextDecoder(encoding, { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function decode(bytes, encoding, path) {
  if (encoding === 'base64') return Buffer.from(bytes).toString('base64');
  try {
    return new TextDecoder(encoding === 'utf8' ? 'utf-8' : encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new Error(
      `Cannot read ${JSON.stringify(path)}: it is not text in ${encoding}; read it with utf8, which tells its encoding, or with base64`,
    );
  }
}
