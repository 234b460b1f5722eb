/* sandglass:tool
{
 "name": "web_extract_urls",
 "description": "Finds the http and https addresses in a text",
 "version": "1.0.0",
 "category": "web",
 "keywords": [
  "links",
  "urls"
 ],
 "input": {
  "type": "object",
  "properties": {
   "text": {
    "type": "string",
    "description": "Any text, also HTML or Markdown"
   },
   "unique": {
    "type": "boolean",
    "description": "Each address once",
    "default": true
   }
  },
  "required": [
   "text"
  ],
  "additionalProperties": false
 },
 "idempotent": true,
 "cacheable": true,
 "pipe": "text",
 "examples": [
  {
   "input": {
    "text": "see https://a.b/c?d=1, (http://x.y)."
   },
   "output": {
    "urls": [
     "https://a.b/c?d=1",
     "http://x.y"
    ],
    "count": 2
   }
  }
 ]
}
*/
export function run({ text, unique }) {
  const found = [];
  for (const [raw] of text.matchAll(/\bhttps?:\/\/[^\s<>"'`\\^{|}]+/gi)) {
    const url = trimmed(raw);
    if (URL.canParse(url)) found.push(url);
  }
  const urls = unique ? [...new Set(found)] : found;
  return { urls, count: urls.length };
}

/** Without the punctuation of the sentence around it; a bracket stays where its partner is in the address. */
function trimmed(raw) {
  let end = raw.length;
  for (;;) {
    const last = raw[end - 1];
    if (last === undefined) return '';
    const open = { ')': '(', ']': '[' }[last];
    const url = raw.slice(0, end);
    if (open !== undefined && url.split(open).length >= url.split(last).length) return url;
    if (open === undefined && !/[.,;:!?*_~…]/.test(last)) return url;
    end -= 1;
  }
}
