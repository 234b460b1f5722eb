/* sandglass:tool
{
 "name": "http_request",
 "description": "Sends one HTTP request to a granted origin and answers status, headers and body",
 "version": "1.0.0",
 "category": "web",
 "keywords": [
  "fetch",
  "get",
  "post",
  "api",
  "download"
 ],
 "input": {
  "type": "object",
  "properties": {
   "url": {
    "type": "string",
    "description": "Absolute address, or one relative to the base of the grant",
    "minLength": 1,
    "maxLength": 8192
   },
   "method": {
    "type": "string",
    "enum": [
     "GET",
     "HEAD",
     "POST",
     "PUT",
     "PATCH",
     "DELETE",
     "OPTIONS"
    ],
    "default": "GET",
    "description": "Method; the grant must allow it"
   },
   "headers": {
    "type": "object",
    "additionalProperties": {
     "type": "string"
    },
    "description": "Headers by name"
   },
   "body": {
    "type": "string",
    "description": "Body as text"
   },
   "json": {
    "description": "Body as JSON, with its content-type; in place of body"
   },
   "timeoutMs": {
    "type": "integer",
    "description": "Milliseconds",
    "minimum": 1,
    "maximum": 120000,
    "default": 30000
   },
   "followRedirects": {
    "type": "boolean",
    "description": "Follow redirects, each checked against the grant",
    "default": true
   },
   "maxBytes": {
    "type": "integer",
    "description": "Largest body that is taken; over it the call fails",
    "minimum": 1,
    "maximum": 8388608,
    "default": 1048576
   }
  },
  "required": [
   "url"
  ],
  "additionalProperties": false
 },
 "capabilities": [
  "http"
 ],
 "limits": {
  "timeoutMs": 60000
 },
 "examples": [
  {
   "input": {
    "url": "http://localhost/a.json"
   }
  }
 ]
}
*/
export async function run(request) {
  try {
    return await send(request);
  } catch (error) {
    if (error?.name !== 'TimeoutError') throw error;
    throw new Error(`Cannot request ${request.url}: no answer in ${request.timeoutMs} ms`);
  }
}

async function send({ url, method, headers = {}, body, json, timeoutMs, followRedirects, maxBytes }) {
  if (body !== undefined && json !== undefined)
    throw new Error('Cannot send the request: it has both body and json; pass one of them');
  const own = new Headers(headers);
  if (json !== undefined && !own.has('content-type')) own.set('content-type', 'application/json');
  const response = await fetch(url, {
    method,
    headers: own,
    redirect: followRedirects ? 'follow' : 'manual',
    signal: AbortSignal.timeout(timeoutMs),
    ...(json !== undefined ? { body: JSON.stringify(json) } : body === undefined ? {} : { body }),
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (bytes.byteLength > maxBytes)
    throw new Error(
      `Cannot take the body of ${response.url}: it has ${bytes.byteLength} bytes, over maxBytes ${maxBytes}`,
    );
  const type = response.headers.get('content-type') ?? '';
  return {
    status: response.status,
    url: response.url,
    headers: Object.fromEntries(response.headers),
    ...bodyOf(bytes, type),
  };
}

/** Text as text, JSON parsed as well, anything else as base64. */
function bodyOf(bytes, type) {
  const charset = /charset="?([^";\s]+)/i.exec(type)?.[1] ?? 'utf-8';
  let text;
  try {
    text = new TextDecoder(charset, { fatal: true }).decode(bytes);
  } catch {
    return { base64: Buffer.from(bytes).toString('base64') };
  }
  if (!/[/+]json\b/i.test(type)) return { body: text };
  try {
    return { body: text, json: JSON.parse(text) };
  } catch {
    return { body: text };
  }
}
