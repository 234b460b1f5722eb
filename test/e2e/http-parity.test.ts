import { expect, test } from 'vitest';
import { createRuntime } from '../../runtime/index.ts';
import { probeGuest } from '../guests/component/build.ts';
import { startServer } from '../support/http-harness.ts';
import { TEST_CACHE } from '../support/test-cache.ts';
import { verifies } from '../support/verifies.ts';

verifies('HT-15');

const body = '{"name":"a","value":1}';

test('the same request from JavaScript, Python and a component is the same at the server, and costs the same', async () => {
  await using server = await startServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end('{"ok":true}');
  });
  const url = `${server.origin}/items/7?include=owner`;
  const headers = {
    accept: '*/*',
    'content-type': 'application/json',
    'user-agent': 'parity',
    'x-of': 'guest',
  };
  const grant = { http: [{ origin: server.origin, methods: ['POST'] }] };
  // Python makes its snapshot first, twice at once: on a busy machine longer than a run may take by default.
  await using runtime = createRuntime({ cache: TEST_CACHE, limits: { timeoutMs: 600_000 } });
  const outcomes = [
    await runtime.run({
      language: 'javascript',
      code: `const answer = await fetch(${JSON.stringify(url)}, { method: 'POST', headers: ${JSON.stringify(headers)}, body: ${JSON.stringify(body)} });
        export default [answer.status, await answer.json()];`,
      grant,
    }),
    await runtime.run({
      language: 'python',
      code: `import json, urllib.request
asked = urllib.request.Request(${JSON.stringify(url)}, ${JSON.stringify(body)}.encode(), ${JSON.stringify(headers)}, method='POST')
with urllib.request.urlopen(asked) as answer:
    result = [answer.status, json.load(answer)]
result`,
      grant,
    }),
    ...(await Promise.all(
      ['requests', 'httpx'].map((name) =>
        runtime.run({
          language: 'python',
          code: `import ${name}
answer = ${name}.post(${JSON.stringify(url)}, data=${JSON.stringify(body)}, headers=${JSON.stringify(headers)})
[answer.status_code, answer.json()]`,
          grant,
        }),
      ),
    )),
    await runtime.run({
      module: await probeGuest(),
      inputs: {
        step: 'fetch',
        request: { url, method: 'POST', headers: Object.entries(headers), body: [...Buffer.from(body)] },
      },
      grant,
    }),
  ];
  for (const { ok, usage } of outcomes) {
    expect({ ok, calls: usage.hostCalls, out: usage.egressBytes, in: usage.ingressBytes }).toEqual({
      ok: true,
      calls: { http: 1 },
      out: body.length,
      in: 11,
    });
  }
  const [javascript, ...others] = server.seen;
  expect(javascript).toMatchObject({ method: 'POST', url: '/items/7?include=owner', body, headers });
  expect(others).toHaveLength(4);
  for (const other of others) expect(other).toEqual(javascript);
});
