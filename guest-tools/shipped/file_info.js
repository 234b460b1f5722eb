/* sandglass:tool
{
 "name": "file_info",
 "description": "Tells type, size, times, extension, permissions and mime type of a file or folder",
 "version": "1.0.0",
 "category": "filesystem",
 "keywords": [
  "stat",
  "size",
  "mime"
 ],
 "input": {
  "type": "object",
  "properties": {
   "path": {
    "type": "string",
    "format": "path",
    "description": "Path in a granted folder",
    "minLength": 1
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
   }
  }
 ]
}
*/
import { stat } from 'node:fs/promises';
import { extname } from 'node:path';

const MIMES = {
  txt: 'text/plain',
  md: 'text/markdown',
  html: 'text/html',
  htm: 'text/html',
  css: 'text/css',
  csv: 'text/csv',
  js: 'text/javascript',
  mjs: 'text/javascript',
  ts: 'text/typescript',
  py: 'text/x-python',
  json: 'application/json',
  xml: 'application/xml',
  yaml: 'application/yaml',
  yml: 'application/yaml',
  pdf: 'application/pdf',
  zip: 'application/zip',
  gz: 'application/gzip',
  tar: 'application/x-tar',
  wasm: 'application/wasm',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  svg: 'image/svg+xml',
  webp: 'image/webp',
  mp3: 'audio/mpeg',
  mp4: 'video/mp4',
};

export async function run({ path }) {
  const info = await stat(path);
  const type = info.isDirectory() ? 'directory' : info.isFile() ? 'file' : 'other';
  const extension = type === 'file' ? extname(path).toLowerCase() : '';
  const mime = type === 'file' ? (MIMES[extension.slice(1)] ?? 'application/octet-stream') : null;
  return {
    path,
    type,
    size: info.size,
    created: info.birthtimeMs > 0 ? info.birthtime.toISOString() : null,
    modified: info.mtime.toISOString(),
    extension,
    permissions: (info.mode & 0o777).toString(8).padStart(3, '0'),
    mime,
  };
}
