/* sandglass:tool
{
 "name": "glob",
 "description": "Finds files by a pattern of paths, such as src/**\/*.ts, the newest first if asked",
 "version": "1.0.0",
 "category": "filesystem",
 "keywords": [
  "find",
  "files",
  "pattern",
  "wildcard"
 ],
 "input": {
  "type": "object",
  "properties": {
   "pattern": {
    "type": "string",
    "description": "Path with * and ? within a name, ** for any folders, {a,b} for either: **\/*.{js,ts}",
    "minLength": 1,
    "maxLength": 1000
   },
   "path": {
    "type": "string",
    "format": "path",
    "description": "Folder to look in",
    "minLength": 1,
    "default": "."
   },
   "exclude": {
    "type": "array",
    "items": {
     "type": "string",
     "maxLength": 1000
    },
    "maxItems": 50,
    "description": "Not what fits these patterns, e.g. node_modules/**"
   },
   "sortBy": {
    "type": "string",
    "enum": [
     "path",
     "newest"
    ],
    "description": "Order of the answer",
    "default": "path"
   },
   "limit": {
    "type": "integer",
    "description": "Most paths",
    "minimum": 1,
    "maximum": 10000,
    "default": 1000
   }
  },
  "required": [
   "pattern"
  ],
  "additionalProperties": false
 },
 "capabilities": [
  "fs.read"
 ],
 "limits": {
  "timeoutMs": 30000,
  "hostCalls": 100000
 },
 "idempotent": true,
 "examples": [
  {
   "input": {
    "path": "/data",
    "pattern": "**\/*.py"
   },
   "output": {
    "paths": [
     "/data/sub/deep/two.py",
     "/data/sub/one.py",
     "/data/sub/three.py"
    ],
    "total": 3,
    "more": false
   }
  },
  {
   "input": {
    "path": "/data",
    "pattern": "{hello,list}.*"
   },
   "output": {
    "paths": [
     "/data/hello.txt",
     "/data/list.txt"
    ],
    "total": 2,
    "more": false
   }
  }
 ]
}
*/
import { readdir, stat } from 'node:fs/promises';

const MOST_ALTERNATIVES = 100;

export async function run({ pattern, path, exclude = [], sortBy, limit }) {
  const wanted = patternsOf(pattern);
  const unwanted = exclude.flatMap(patternsOf);
  const root = path.replace(/(?<=.)\/+$/, '');
  const found = [];
  const walk = async (folder, below) => {
    const entries = (await readdir(folder, { withFileTypes: true })).sort((one, other) =>
      one.name < other.name ? -1 : 1,
    );
    for (const entry of entries) {
      const full = `${folder === '/' ? '' : folder}/${entry.name}`;
      const names = [...below, entry.name];
      if (unwanted.some((parts) => fits(parts, names) || isAll(parts, names))) continue;
      if (entry.isDirectory()) {
        // A folder below which nothing can fit is not looked into.
        if (wanted.some((parts) => mayFitBelow(parts, names))) await walk(full, names);
      } else if (entry.isFile() && wanted.some((parts) => fits(parts, names))) found.push(full);
    }
  };
  await walk(root, []);
  const sorted = sortBy === 'newest' ? await byTime(found) : found;
  return { paths: sorted.slice(0, limit), total: found.length, more: found.length > limit };
}

async function byTime(paths) {
  const timed = [];
  for (const path of paths) timed.push({ path, time: (await stat(path)).mtimeMs });
  return timed
    .sort((one, other) => other.time - one.time || (one.path < other.path ? -1 : 1))
    .map(({ path }) => path);
}

/** Parts of each alternative of a pattern. */
function patternsOf(pattern) {
  return alternatives(pattern).map((one) => one.split('/').filter((part) => part !== '' && part !== '.'));
}

/** `a{b,c}` → `ab`, `ac`; one without a comma, or that is not closed, stands for itself. */
function alternatives(pattern) {
  let all = [''];
  let at = 0;
  while (at < pattern.length) {
    const end = pattern[at] === '{' ? pattern.indexOf('}', at) : -1;
    const inside = end < 0 ? undefined : pattern.slice(at + 1, end);
    const choices = inside?.includes(',') && !inside.includes('{') ? inside.split(',') : [pattern[at]];
    all = all.flatMap((begin) => choices.map((choice) => begin + choice));
    if (all.length > MOST_ALTERNATIVES)
      throw new Error(
        `Cannot look for files: the pattern has over ${MOST_ALTERNATIVES} alternatives; pass fewer`,
      );
    at = choices.length > 1 ? end + 1 : at + 1;
  }
  return all;
}

/** Where in a pattern one is after some names: every place at once, so that stars cost no more than their number. */
function reached(parts, names) {
  let places = closed(parts, new Set([0]));
  for (const name of names) {
    const next = new Set();
    for (const at of places) {
      if (at >= parts.length) continue;
      if (parts[at] === '**') next.add(at);
      else if (fitsName(parts[at], name)) next.add(at + 1);
    }
    places = closed(parts, next);
  }
  return places;
}

function closed(parts, places) {
  for (const at of places) if (parts[at] === '**') places.add(at + 1);
  return places;
}

const fits = (parts, names) => reached(parts, names).has(parts.length);

const mayFitBelow = (parts, names) => [...reached(parts, names)].some((at) => at < parts.length);

/** `build/**` leaves out the folder itself, too. */
const isAll = (parts, names) => parts.at(-1) === '**' && fits(parts.slice(0, -1), names);

/** `*` and `?`, in time by the length of both. */
function fitsName(pattern, name) {
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
}
