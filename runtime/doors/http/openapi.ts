import type { JsonObject } from '../../vocabulary/json.ts';
import type { Answer, Operation, Route } from './route.ts';
import { json, ref, SCHEMAS } from './schemas.ts';

/** What a route may answer beside what it says, by status. */
const ERRORS: Readonly<Record<number, string>> = {
  400: 'The request cannot be read, or does not fit',
  401: 'No valid key was sent',
  403: 'Not allowed',
  404: 'There is no such thing',
  405: 'The path has no such method',
  413: 'The body is too large',
  429: 'Too many calls; Retry-After says when to come back',
  500: 'The server failed',
  503: 'The queue is full, or the server stops; Retry-After says when to come back',
};

/** The document of an API, OpenAPI 3.1, of the routes that answer it. */
export function openApiOf(routes: readonly Route[], version: string): JsonObject {
  const paths: Record<string, Record<string, JsonObject>> = {};
  for (const { method, path, operation } of routes) {
    paths[path] = { ...paths[path], [method]: operationOf(operation) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Sandglass',
      version,
      summary: 'Runs code and tools in WebAssembly, each with a grant, a budget and an outcome',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{ key: [] }],
    tags: [...new Set(routes.map(({ operation }) => operation.tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer' } },
      schemas: SCHEMAS,
    },
  };
}

function operationOf({ id, summary, tag, open, parameters = {}, body, answers }: Operation): JsonObject {
  const errors = Object.entries(ERRORS).filter(([status]) => !(status in answers));
  return {
    operationId: id,
    summary,
    tags: [tag],
    ...(open === true ? { security: [] } : {}),
    ...(Object.keys(parameters).length === 0
      ? {}
      : {
          parameters: Object.entries(parameters).map(([name, parameter]) => ({
            name,
            ...parameter,
            ...(parameter.in === 'path' ? { required: true } : {}),
          })),
        }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { [body.mime]: { schema: body.schema } } } }),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, answerOf(answer)])),
      ...Object.fromEntries(
        errors.map(([status, description]) => [
          status,
          answerOf({ description, content: json(ref('Error')) }),
        ]),
      ),
    },
  };
}

const answerOf = ({ description, content }: Answer): JsonObject => ({
  description,
  ...(content === undefined
    ? {}
    : {
        content: Object.fromEntries(Object.entries(content).map(([mime, schema]) => [mime, { schema }])),
      }),
});
