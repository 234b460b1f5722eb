/* sandglass:tool
{
 "name": "edit_file",
 "description": "Replaces an exact piece of a text file; refuses when it is not there, or is there more than once",
 "version": "1.0.0",
 "category": "filesystem",
 "keywords": [
  "replace",
  "patch",
  "change"
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
   "oldText": {
    "type": "string",
    "description": "What stands there, exactly, with its blanks and line breaks",
    "minLength": 1
   },
   "newText": {
    "type": "string",
    "description": "What stands there then"
   },
   "all": {
    "type": "boolean",
    "description": "Replace every place",
    "default": false
   }
  },
  "required": [
   "path",
   "oldText",
   "newText"
  ],
  "additionalProperties": false
 },
 "capabilities": [
  "fs.read",
  "fs.write"
 ],
 "limits": {
  "timeoutMs": 10000
 },
 "dangerous": true,
 "examples": [
  {
   "input": {
    "path": "/data/list.txt",
    "oldText": "two",
    "newText": "zwei"
   },
   "output": {
    "path": "/data/list.txt",
    "replaced": 1,
    "lines": [
     2
    ]
   }
  }
 ]
}
*/
import { readFile, writeFile } from 'node:fs/promises';

export async function run({ path, oldText, newText, all }) {
  const bytes = await readFile(path);
  let text;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Error(`Cannot edit ${JSON.stringify(path)}: it is not UTF-8 text`);
  }
  const places = placesOf(text, oldText);
  if (places.length === 0)
    throw new Error(`Cannot edit ${JSON.stringify(path)}: oldText is not in it${hint(text, oldText)}`);
  if (places.length > 1 && !all)
    throw new Error(
      `Cannot edit ${JSON.stringify(path)}: oldText is in it ${places.length} times, in lines ${places
        .slice(0, 10)
        .map((at) => lineOf(text, at))
        .join(', ')}; add text around it, or pass all`,
    );
  const edited = all
    ? text.split(oldText).join(newText)
    : text.slice(0, places[0]) + newText + text.slice(places[0] + oldText.length);
  if (edited !== text) await writeFile(path, edited);
  return { path, replaced: places.length, lines: places.slice(0, 100).map((at) => lineOf(text, at)) };
}

function placesOf(text, piece) {
  const places = [];
  for (let at = text.indexOf(piece); at >= 0; at = text.indexOf(piece, at + piece.length)) places.push(at);
  return places;
}

function lineOf(text, at) {
  let line = 1;
  for (let next = text.indexOf('\n'); next >= 0 && next < at; next = text.indexOf('\n', next + 1)) line += 1;
  return line;
}

function hint(text, piece) {
  if (text.includes('\r\n') && text.includes(piece.replace(/\r?\n/g, '\r\n')))
    return '; its lines end in \\r\\n';
  if (text.includes(piece.trim())) return '; it is there with other blanks around it';
  const first = piece
    .split('\n')
    .find((line) => line.trim() !== '')
    ?.trim();
  const at = first === undefined ? -1 : text.indexOf(first);
  return at < 0 ? '' : `; its first line is in line ${lineOf(text, at)}, what follows differs`;
}
