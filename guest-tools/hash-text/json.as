/** The string under `key` at the top of a JSON object; null if there is none. */
export function readText(json: string, key: string): string | null {
  let at = skipSpace(json, 0);
  if (at >= json.length || json.charCodeAt(at) != 0x7b) return null;
  at = skipSpace(json, at + 1);
  while (at < json.length && json.charCodeAt(at) == 0x22) {
    const nameEnd = stringEnd(json, at);
    const name = unescape(json.substring(at + 1, nameEnd));
    at = skipSpace(json, nameEnd + 1);
    if (at >= json.length || json.charCodeAt(at) != 0x3a) return null;
    at = skipSpace(json, at + 1);
    if (at >= json.length || json.charCodeAt(at) != 0x22) return null;
    const valueEnd = stringEnd(json, at);
    if (name == key) return unescape(json.substring(at + 1, valueEnd));
    at = skipSpace(json, valueEnd + 1);
    if (at >= json.length || json.charCodeAt(at) != 0x2c) return null;
    at = skipSpace(json, at + 1);
  }
  return null;
}

function skipSpace(json: string, from: i32): i32 {
  let at = from;
  while (at < json.length && json.charCodeAt(at) <= 0x20) at++;
  return at;
}

/** Place of the quote that ends the string which begins at `start`. */
function stringEnd(json: string, start: i32): i32 {
  let at = start + 1;
  while (at < json.length && json.charCodeAt(at) != 0x22) at += json.charCodeAt(at) == 0x5c ? 2 : 1;
  return at;
}

function unescape(text: string): string {
  if (text.indexOf('\\') < 0) return text;
  let out = '';
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit != 0x5c) {
      out += String.fromCharCode(unit);
      continue;
    }
    at++;
    const escaped = text.charAt(at);
    if (escaped == 'n') out += '\n';
    else if (escaped == 't') out += '\t';
    else if (escaped == 'r') out += '\r';
    else if (escaped == 'b') out += '\b';
    else if (escaped == 'f') out += '\f';
    else if (escaped == 'u') {
      out += String.fromCharCode(i32(parseInt(text.substr(at + 1, 4), 16)));
      at += 4;
    } else out += escaped;
  }
  return out;
}
