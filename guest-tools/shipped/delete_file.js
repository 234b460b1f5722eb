/* sandglass:tool
{
 "name": "delete_file",
 "description": "Deletes one file; folders stay",
 "version": "1.0.0",
 "category": "filesystem",
 "keywords": [
  "remove",
  "rm"
 ],
 "input": {
  "type": "object",
  "properties": {
   "path": {
    "type": "string",
    "format": "path",
    "description": "Path of a file in a granted folder",
    "minLength": 1
   }
  },
  "required": [
   "path"
  ],
  "additionalProperties": false
 },
 "capabilities": [
  "fs.delete"
 ],
 "limits": {
  "timeoutMs": 5000
 },
 "dangerous": true,
 "examples": [
  {
   "input": {
    "path": "/data/list.txt"
   },
   "output": {
    "path": "/data/list.txt",
    "deleted": true
   }
  }
 ]
}
*/
import { unlink } from 'node:fs/promises';

export async function run({ path }) {
  await unlink(path);
  return { path, deleted: true };
}
