/* sandglass:tool
{
 "name": "list_directory",
 "description": "Lists a folder: name, path, type, size, time and permissions of each entry",
 "version": "1.0.0",
 "category": "filesystem",
 "aliases": [
  "list_dir",
  "find_files"
 ],
 "keywords": [
  "ls",
  "folder",
  "glob",
  "find",
  "files"
 ],
 "input": {
  "type": "object",
  "properties": {
   "path": {
    "type": "string",
    "format": "path",
    "description": "Path of a granted folder",
    "minLength": 1
   },
   "recursive": {
    "type": "boolean",
    "description": "Also what lies deeper",
    "default": false
   },
   "pattern": {
    "type": "string",
    "description": "Only names that fit: * and ? stand for any characters; with a slash the path below the folder, ** for any folders"
   },
   "type": {
    "type": "string",
    "enum": [
     "file",
     "directory"
    ],
    "description": "Only these"
   },
   "limit": {
    "type": "integer",
    "description": "Most entries",
    "minimum": 1,
    "maximum": 10000,
    "default": 1000
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
  "timeoutMs": 10000
 },
 "idempotent": true,
 "examples": [
  {
   "input": {
    "path": "/data"
   }
  },
  {
   "input": {
    "path": "/data",
    "recursive": true,
    "pattern": "**\/*.py"
   }
  }
 ]
}
*/
import { readdir, stat } from 'node:fs/promises';

export async function run({ path, recursive, pattern, type, limit }) {
  const fits = pattern === undefined ? () => true : globOf(pattern);
  const root = path.replace(/(?<=.)\/+$/, '');
  const entries = [];
  let more = false;
  const walk = async (folder, below) => {
    const names = (await readdir(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of names) {
      if (more) return;
      const full = `${folder === '/' ? '' : folder}/${entry.name}`;
      const relative = below === '' ? entry.name : `${below}/${entry.name}`;
      const kind = entry.isDirectory()
        ? 'directory'
        : entry.isFile()
          ? 'file'
          : entry.isSymbolicLink?.()
            ? 'symlink'
            : 'other';
      if ((type === undefined || kind === type) && fits(entry.name, relative)) {
        if (entries.length >= limit) {
          more = true;
          return;
        }
        entries.push(await describe(full, entry.name, kind));
      }
      if (recursive && kind === 'directory') await walk(full, relative);
    }
  };
  await walk(root, '');
  return { path: root, entries, more };
}

async function describe(path, name, type) {
  try {
    const info = await stat(path);
    return {
      name,
      path,
      type,
      size: info.size,
      modified: info.mtime.toISOString(),
      permissions: (info.mode & 0o777).toString(8).padStart(3, '0'),
    };
  } catch (error) {
    // A link that leads nowhere, or out of the grant, is an entry all the same.
    return { name, path, type, error: error.code ?? 'unreadable' };
  }
}

/** Names, or paths where the pattern has a slash. */
function globOf(pattern) {
  const parts = pattern.split('/').filter((part) => part !== '' && part !== '.');
  const matchers = parts.map((part) => (part === '**' ? undefined : wildcard(part)));
  if (parts.length === 1 && parts[0] !== '**') return (name) => matchers[0](name);
  return (_name, path) => matches(matchers, path.split('/'));
}

/** Each part of a path against its matcher; one without a matcher takes any number of folders. */
function matches(matchers, names) {
  let reached = new Set([0]);
  const close = (set) => {
    for (const at of set) if (at < matchers.length && matchers[at] === undefined) set.add(at + 1);
    return set;
  };
  close(reached);
  for (const name of names) {
    const next = new Set();
    for (const at of reached) {
      if (at >= matchers.length) continue;
      if (matchers[at] === undefined) next.add(at);
      else if (matchers[at](name)) next.add(at + 1);
    }
    reached = close(next);
  }
  return reached.has(matchers.length);
}

/** `*` and `?`, in time by the length of both. */
function wildcard(pattern) {
  return (name) => {
    let [at, mark, star, back] = [0, 0, -1, 0];
    while (at < name.length) {
      if (mark < pattern.length && pattern[mark] === '*') {
        star = mark++;
        back = at;
      } else if (mark < pattern.length && (pattern[mark] === '?' || pattern[mark] === name[at])) {
        at++;
        mark++;
      } else if (star >= 0) {
        mark = star + 1;
        at = ++back;
      } else return false;
    }
    while (pattern[mark] === '*') mark++;
    return mark === pattern.length;
  };
}
