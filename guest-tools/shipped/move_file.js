/* sandglass:tool
{
 "name": "move_file",
 "description": "Moves or renames a file; parent folders are made, and what is there already stays unless overwrite is set",
 "version": "1.0.0",
 "category": "filesystem",
 "keywords": [
  "mv",
  "rename"
 ],
 "input": {
  "type": "object",
  "properties": {
   "from": {
    "type": "string",
    "format": "path",
    "description": "Path of a file in a granted folder",
    "minLength": 1
   },
   "to": {
    "type": "string",
    "format": "path",
    "description": "Path of the new file",
    "minLength": 1
   },
   "overwrite": {
    "type": "boolean",
    "description": "Replace what is there",
    "default": false
   }
  },
  "required": [
   "from",
   "to"
  ],
  "additionalProperties": false
 },
 "capabilities": [
  "fs.read",
  "fs.write",
  "fs.delete"
 ],
 "limits": {
  "timeoutMs": 10000
 },
 "dangerous": true,
 "examples": [
  {
   "input": {
    "from": "/data/hello.txt",
    "to": "/data/sub/copy.txt"
   },
   "output": {
    "from": "/data/hello.txt",
    "to": "/data/sub/copy.txt",
    "bytes": 6
   }
  }
 ]
}
*/
import { mkdir, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

export async function run({ from, to, overwrite }) {
  const info = await stat(from);
  if (!info.isFile()) throw new Error(`Cannot use ${JSON.stringify(from)}: it is not a file`);
  if (!overwrite && (await isThere(to)))
    throw new Error(`Cannot write ${JSON.stringify(to)}: it is there already; pass overwrite to replace it`);
  await mkdir(dirname(to), { recursive: true });
  await rename(from, to);
  return { from, to, bytes: info.size };
}

async function isThere(path) {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (error.code === 'ENOENT') return false;
    throw error;
  }
}
