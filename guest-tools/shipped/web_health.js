/* sandglass:tool
{
 "name": "web_health",
 "description": "Tells whether an address answers: status and time; one that cannot be reached is an answer, too",
 "version": "1.0.0",
 "category": "web",
 "keywords": [
  "ping",
  "up",
  "status"
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
   "timeoutMs": {
    "type": "integer",
    "description": "Milliseconds",
    "minimum": 1,
    "maximum": 60000,
    "default": 10000
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
  "timeoutMs": 70000
 },
 "idempotent": true,
 "examples": [
  {
   "input": {
    "url": "http://localhost/a.json"
   }
  }
 ]
}
*/
export async function run({ url, timeoutMs }) {
  const started = performance.now();
  const took = () => Math.round(performance.now() - started);
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    await response.body?.cancel();
    return { url, healthy: response.ok, status: response.status, responseTimeMs: took(), error: null };
  } catch (error) {
    // A refusal is not an answer of the address.
    if (error?.code === 'CAPABILITY_DENIED' || error?.cause?.code === 'CAPABILITY_DENIED') throw error;
    return {
      url,
      healthy: false,
      status: null,
      responseTimeMs: took(),
      error: String(error?.message ?? error),
    };
  }
}
