/* sandglass:tool
{
 "name": "write_file",
 "description": "Writes a text file, completely or not at all; the former content is kept as NAME.bak",
 "version": "1.0.0",
 "category": "filesystem",
 "keywords": [
  "save",
  "create",
  "append",
  "text"
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
   "content": {
    "type": "string",
    "description": "The whole text, or what is appended"
   },
   "mode": {
    "type": "string",
    "enum": [
     "w",
     "a",
     "x"
    ],
    "description": "w replaces, a appends, x refuses when there is a file; default w"
   },
   "append": {
    "type": "boolean",
    "description": "The same as mode a"
   },
   "backup": {
    "type": "boolean",
    "description": "Keep the former content as NAME.bak; not when appending",
    "default": true
   },
   "encoding": {
    "type": "string",
    "enum": [
     "utf8",
     "base64"
    ],
    "default": "utf8",
    "description": "base64: content holds bytes"
   }
  },
  "required": [
   "path",
   "content"
  ],
  "additionalProperties": false,
  "not": {
   "description": "append goes with mode a only",
   "properties": {
    "append": {
     "const": true
    },
    "mode": {
     "enum": [
      "w",
      "x"
     ]
    }
   },
   "required": [
    "append",
    "mode"
   ]
  }
 },
 "capabilities": [
  "fs.read",
  "fs.write"
 ],
 "limits": {
  "timeoutMs": 10000
 },
 "dangerous": true,
 "pipe": "content",
 "examples": [
  {
   "input": {
    "path": "/data/new.txt",
    "content": "one"
   },
   "output": {
    "path": "/data/new.txt",
    "bytes": 3,
    "created": true
   }
  }
 ]
}
*/
import { appendFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

export async function run({ path, content, mode, append, backup, encoding }) {
  const bytes = encoding === 'base64' ? fromBase64(content, path) : new TextEncoder().encode(content);
  const how = append === true ? 'a' : (mode ?? 'w');
  const former = await sizeOf(path);
  await mkdir(dirname(path), { recursive: true });
  if (how === 'a') {
    await appendFile(path, bytes);
    return { path, bytes: bytes.byteLength, created: former === undefined };
  }
  const kept = how === 'w' && backup && former !== undefined ? `${path}.bak` : undefined;
  if (kept !== undefined) await writeFile(kept, await readFile(path));
  await writeFile(path, bytes, { flag: how === 'x' ? 'wx' : 'w' });
  return {
    path,
    bytes: bytes.byteLength,
    created: former === undefined,
    ...(kept === undefined ? {} : { backup: kept }),
  };
}

async function sizeOf(path) {
  try {
    const info = await stat(path);
    if (info.isDirectory()) throw new Error(`Cannot write ${JSON.stringify(path)}: it is a folder`);
    return info.size;
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function fromBase64(text, path) {
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text))
    throw new Error(`Cannot write ${JSON.stringify(path)}: content is not base64`);
  return new Uint8Array(Buffer.from(text, 'base64'));
}
