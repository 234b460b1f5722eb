import type { JsonObject } from '../../../vocabulary/json.ts';
import { openApiOf } from '../openapi.ts';
import { referencePage } from '../reference-page.ts';
import type { Route } from '../route.ts';

/** What tells the routes: `/openapi.json` to programs, `/docs` to people. */
export function referenceRoutes(others: () => readonly Route[], version: string): readonly Route[] {
  let document: JsonObject | undefined;
  return [
    {
      method: 'get',
      path: '/openapi.json',
      operation: {
        id: 'openapi',
        tag: 'server',
        summary: 'This document',
        open: true,
        answers: {
          200: { description: 'OpenAPI 3.1', content: { 'application/json': { type: 'object' } } },
        },
      },
      handle: (context) => {
        document ??= openApiOf(others(), version);
        return context.json(document);
      },
    },
    {
      method: 'get',
      path: '/docs',
      operation: {
        id: 'docs',
        tag: 'server',
        summary: 'This document for people',
        open: true,
        answers: { 200: { description: 'A page', content: { 'text/html': { type: 'string' } } } },
      },
      handle: (context) =>
        context.html(referencePage(others(), version), 200, {
          'Content-Security-Policy':
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        }),
    },
  ];
}
