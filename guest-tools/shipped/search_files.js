/* sandglass:tool
{
 "name": "search_files",
 "description": "Finds files by a pattern of names, and in them the lines that fit a regular expression",
 "version": "1.0.0",
 "category": "filesystem",
 "aliases": [
  "grep"
 ],
 "keywords": [
  "grep",
  "find",
  "regex",
  "lines"
 ],
 "input": {
  "type": "object",
  "properties": {
   "path": {
    "type": "string",
    "format": "path",
    "description": "Path of a granted folder",
    "minLength": 1,
    "default": "."
   },
   "pattern": {
    "type": "string",
    "description": "Names of files: *.py, or paths below the folder with a slash: src/**\/*.ts",
    "minLength": 1,
    "default": "*"
   },
   "contentPattern": {
    "type": "string",
    "description": "Regular expression that a line must fit, matched in linear time, so without look-around and back references; without one the files alone are told",
    "maxLength": 1000
   },
   "literal": {
    "type": "boolean",
    "description": "contentPattern is text, not a regular expression",
    "default": false
   },
   "ignoreCase": {
    "type": "boolean",
    "description": "Letters of either case fit",
    "default": false
   },
   "context": {
    "type": "integer",
    "description": "Lines before and after each",
    "minimum": 0,
    "maximum": 20,
    "default": 0
   },
   "limit": {
    "type": "integer",
    "description": "Most matches",
    "minimum": 1,
    "maximum": 10000,
    "default": 200
   }
  },
  "required": [],
  "additionalProperties": false
 },
 "capabilities": [
  "fs.read"
 ],
 "limits": {
  "timeoutMs": 60000,
  "fuel": 200000000000,
  "hostCalls": 100000
 },
 "idempotent": true,
 "examples": [
  {
   "input": {
    "path": "/data",
    "pattern": "*.py",
    "contentPattern": "def main"
   }
  },
  {
   "input": {
    "path": "/data",
    "pattern": "*.txt",
    "contentPattern": "TWO",
    "ignoreCase": true
   }
  }
 ]
}
*/
import { readdir, readFile, stat } from 'node:fs/promises';

const MOST_BYTES = 8 * 1024 * 1024;
const MOST_LINE = 500;
/** Files that are asked for before it is their turn, and how large they may be: the way to the host and back takes longer than a small file. */
const AHEAD = 8;
const MOST_AHEAD_BYTES = 256 * 1024;

export async function run({ path, pattern, contentPattern, literal, ignoreCase, context, limit }) {
  const fits = globOf(pattern);
  const search =
    contentPattern === undefined ? undefined : await expressionOf(contentPattern, literal, ignoreCase);
  const root = path.replace(/(?<=.)\/+$/, '');
  const found = { matches: [], files: 0, skipped: [], more: false };
  const ahead = [];
  const next = async () => look(await ahead.shift(), search, { context, limit }, found);
  for await (const file of filesBelow(root, '', fits)) {
    ahead.push(search === undefined ? { path: file } : load(file));
    if (ahead.length > AHEAD) await next();
    if (found.more) break;
  }
  while (ahead.length > 0 && !found.more) await next();
  return found;
}

/** Those that fit, in order of name, folder by folder. */
async function* filesBelow(folder, below, fits) {
  const names = (await readdir(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of names) {
    const full = `${folder === '/' ? '' : folder}/${entry.name}`;
    const relative = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) yield* filesBelow(full, relative, fits);
    else if (entry.isFile() && fits(entry.name, relative)) yield full;
  }
}

/** Its size, and what a small one holds. It fails when it is its turn: until then nobody waits for it. */
async function load(path) {
  try {
    const { size } = await stat(path);
    return { path, size, bytes: size > MOST_AHEAD_BYTES ? undefined : await readFile(path) };
  } catch (error) {
    return { path, error };
  }
}

async function look({ path, size, bytes, error }, search, { context, limit }, found) {
  if (error !== undefined) throw error;
  const add = (match) => {
    if (found.matches.length >= limit) found.more = true;
    else found.matches.push(match);
  };
  if (search === undefined) {
    found.files += 1;
    add({ path });
    return;
  }
  if (size > MOST_BYTES) {
    found.skipped.push({ path, reason: `over ${MOST_BYTES} bytes` });
    return;
  }
  const content = bytes ?? (await readFile(path));
  found.files += 1;
  if (content.subarray(0, 8_192).includes(0)) {
    found.skipped.push({ path, reason: 'binary' });
    return;
  }
  const text = new TextDecoder().decode(content);
  if (search.needed !== '' && !text.includes(search.needed)) return;
  const lines = text.split(/\r?\n/);
  for (let index = 0; index < lines.length && !found.more; index += 1) {
    const column = search.columnIn(lines[index]);
    if (column < 0) continue;
    const around = (from, to) => lines.slice(Math.max(0, from), to).map(shown);
    add({
      path,
      line: index + 1,
      column: column + 1,
      text: shown(lines[index]),
      ...(context === 0
        ? {}
        : { before: around(index - context, index), after: around(index + 1, index + 1 + context) }),
    });
  }
}

const shown = (line) => (line.length <= MOST_LINE ? line : `${line.slice(0, MOST_LINE)}…`);

/**
 * `columnIn`: where in a line it is, from 0; -1: nowhere. In time linear in the line, whatever the pattern. `needed`: a text that each match has, which
 * is looked for much faster; empty where there is none.
 */
async function expressionOf(pattern, literal, ignoreCase) {
  if (literal) {
    const wanted = ignoreCase ? pattern.toLowerCase() : pattern;
    return {
      needed: ignoreCase ? '' : wanted,
      columnIn: (line) => (ignoreCase ? line.toLowerCase() : line).indexOf(wanted),
    };
  }
  const { RE2JS } = await import('re2js');
  let expression;
  try {
    expression = RE2JS.compile(RE2JS.translateRegExp(pattern), ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
  } catch (error) {
    throw new Error(
      `Cannot search: contentPattern cannot be matched in linear time, or is not a regular expression (look-around and back references are not taken): ${error.message}; pass literal to search for it as text`,
    );
  }
  // Most lines of most files lack what a pattern begins with: that is seen much faster.
  const needed = ignoreCase ? '' : literalOf(pattern);
  return {
    needed,
    columnIn: (line) => {
      // By an automaton that tells whether, and not where: most lines have no match.
      if ((needed !== '' && !line.includes(needed)) || !expression.test(line)) return -1;
      const matcher = expression.matcher(line);
      return matcher.find() ? matcher.start() : -1;
    },
  };
}

/** The longest text that each match has, where that is plain to see. */
function literalOf(pattern) {
  if (/[|()[\]{}]/.test(pattern)) return '';
  const runs = [''];
  for (let at = 0; at < pattern.length; at += 1) {
    const letter = pattern[at];
    const escaped = letter === '\\';
    const text = escaped ? pattern[++at] : letter;
    const isPlain = escaped ? /[^\p{L}\p{N}]/u.test(text ?? '') : !/[.^$*+?]/.test(text);
    const isOptional = /[*?]/.test(pattern[at + 1] ?? '');
    if (isPlain && !isOptional) runs[runs.length - 1] += text;
    else runs.push('');
  }
  return runs.reduce((longest, one) => (one.length > longest.length ? one : longest));
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
