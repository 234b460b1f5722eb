import type { ToolInfo } from '../../../contracts/api/tool-registry.ts';
import type { ToolsApi } from '../../../contracts/api/tools.ts';
import { defined } from '../../../vocabulary/defined.ts';
import { SandglassError } from '../../../vocabulary/errors.ts';
import type { ArtifactBook } from '../../../work/artifact-book.ts';
import type { QueuedCall } from '../../../work/tool-calls.ts';
import { answerRun } from '../answer-run.ts';
import { checkAsked, withinCeilings } from '../door-policy.ts';
import { HttpError } from '../http-error.ts';
import { jsonResponse } from '../json-response.ts';
import { maySee } from '../may-see.ts';
import { parseBody, readBody } from '../read-body.ts';
import { PAGE_PARAMETERS, readNumber, readPage } from '../read-query.ts';
import type { DoorContext, Route } from '../route.ts';
import { json, RUN_ANSWERS, RUN_HEADERS, ref, TOOL_NAME } from '../schemas.ts';
import { type CallBody, createCallBodyReaders } from '../tool-body.ts';
import { traceparentOf } from '../traceparent-of.ts';
import { once, type RunRoutes } from './runs.ts';

export interface ToolRoutes extends RunRoutes {
  readonly tools: ToolsApi;
  readonly artifacts: ArtifactBook;
}

/** Tools: list, search, look at, call, call many; and the artifacts of calls. */
export function toolRoutes(deps: ToolRoutes): readonly Route[] {
  const { tools, artifacts } = deps;
  const { readCall, readCalls } = createCallBodyReaders();
  const tag = 'tools';
  return [
    {
      method: 'get',
      path: '/v1/tools',
      operation: {
        id: 'listTools',
        tag,
        summary: 'The tools that the caller may use, in order of name',
        parameters: {
          ...PAGE_PARAMETERS,
          search: { in: 'query', schema: { type: 'string' }, description: 'Words that fit' },
          category: { in: 'query', schema: { type: 'string' } },
          tag: { in: 'query', schema: { type: 'string' } },
        },
        answers: { 200: { description: 'One page', content: json(ref('ToolPage')) } },
      },
      handle: async (context) => {
        await tools.ready();
        const { search, category, tag: wanted } = context.req.query();
        const { caller } = context.get('who');
        const found = tools
          .list(defined({ search, category, tag: wanted, caller }))
          .filter((tool) => maySee(context, tool));
        const { items, next } = readPage(context, found, ({ name }) => name);
        return jsonResponse({ tools: items.map(shown), ...defined({ next }) });
      },
    },
    {
      method: 'get',
      path: '/v1/tool-search',
      operation: {
        id: 'searchTools',
        tag,
        summary: 'Tools by words, best first',
        parameters: {
          query: { in: 'query', schema: { type: 'string' }, description: 'Words' },
          limit: { in: 'query', schema: { type: 'integer', minimum: 1, maximum: 100, default: 10 } },
        },
        answers: { 200: { description: 'What fits', content: json(ref('ToolMatches')) } },
      },
      handle: async (context) => {
        await tools.ready();
        const limit = readNumber(context, 'limit', { minimum: 1, maximum: 100 });
        const { caller } = context.get('who');
        const matches = tools
          .search(context.req.query('query') ?? '', defined({ limit, caller }))
          .filter((match) => maySee(context, match));
        return jsonResponse({ tools: matches });
      },
    },
    {
      method: 'get',
      path: '/v1/tools/{name}',
      operation: {
        id: 'getTool',
        tag,
        summary: 'All about one tool',
        parameters: TOOL_NAME,
        answers: { 200: { description: 'The tool', content: json(ref('Tool')) } },
      },
      handle: async (context) => jsonResponse(shown(await findTool(context, tools))),
    },
    {
      method: 'post',
      path: '/v1/tools/{name}/call',
      operation: {
        id: 'callTool',
        tag,
        summary: 'Calls a tool',
        parameters: { ...TOOL_NAME, ...RUN_HEADERS },
        body: { mime: 'application/json', schema: ref('CallRequest') },
        answers: RUN_ANSWERS('ToolOutcome'),
      },
      handle: async (context) => {
        const share = deps.bodies.open();
        try {
          const bytes = await readBody(context, 'body', deps.maxBodyBytes, share);
          const call = readCall(bytes.byteLength === 0 ? {} : await parseBody(bytes));
          const name = context.req.param('name') ?? '';
          const done = await once(context, deps, bytes, share, (only) =>
            deps.runs.call(queuedCall(context, deps, name, call), { once: only }),
          );
          const { caller } = context.get('who');
          void done.record.outcome.then((outcome) => artifacts.note(outcome, caller?.id));
          return await answerRun(context, done, { ...deps, all: true });
        } catch (error) {
          share.release();
          throw error;
        }
      },
    },
    {
      method: 'post',
      path: '/v1/calls',
      operation: {
        id: 'callTools',
        tag,
        summary: 'Calls several tools at once, and answers their outcomes in the order of the calls',
        body: { mime: 'application/json', schema: ref('CallsRequest') },
        answers: { 200: { description: 'All outcomes', content: json(ref('Outcomes')) } },
      },
      handle: async (context) => {
        const share = deps.bodies.open();
        try {
          const calls = readCalls(await parseBody(await readBody(context, 'body', deps.maxBodyBytes, share)));
          return await callMany(context, deps, calls);
        } finally {
          share.release();
        }
      },
    },
    {
      method: 'get',
      path: '/v1/artifacts/{id}',
      operation: {
        id: 'readArtifact',
        tag,
        summary: 'A page of the whole result of a call whose text was shortened',
        parameters: {
          id: { in: 'path', schema: { type: 'string' } },
          offset: { in: 'query', schema: { type: 'integer', minimum: 0, default: 0 } },
          length: {
            in: 'query',
            schema: { type: 'integer', minimum: 1, maximum: 1_000_000, default: 20_000 },
            description: 'Characters',
          },
        },
        answers: { 200: { description: 'The page', content: json(ref('ArtifactPart')) } },
      },
      handle: (context) => {
        const id = context.req.param('id') ?? '';
        const offset = readNumber(context, 'offset', { minimum: 0, maximum: 1e9 });
        const length = readNumber(context, 'length', { minimum: 1, maximum: 1_000_000 });
        const { caller } = context.get('who');
        const part = artifacts.read(id, caller?.id, defined({ offset, length }));
        if (part === undefined)
          throw new HttpError(404, `Cannot find artifact ${JSON.stringify(id)}: unknown, or dropped`);
        return jsonResponse(part);
      },
    },
  ];
}

/** Uses are of all callers together, and the path is the host's. */
const shown = ({ uses: _, path: __, ...tool }: ToolInfo): object => tool;

async function findTool(context: DoorContext, tools: ToolsApi): Promise<ToolInfo> {
  await tools.ready();
  const name = context.req.param('name') ?? '';
  const info = tools.info(name);
  const { caller } = context.get('who');
  const isListed =
    info !== undefined &&
    maySee(context, info) &&
    tools.list(defined({ caller })).some((tool) => tool.name === info.name);
  if (isListed) return info;
  throw new SandglassError('TOOL_NOT_FOUND', `Cannot find the tool ${JSON.stringify(name.slice(0, 200))}`, {
    hint: 'GET /v1/tools lists those that there are',
  });
}

/** @throws {SandglassError} CAPABILITY_DENIED for what the key, or the server, does not allow. */
function queuedCall(
  context: DoorContext,
  { policy, tools }: ToolRoutes,
  tool: string,
  { args, ...asked }: CallBody,
): QueuedCall {
  if (policy !== undefined) checkAsked(asked.grant, policy);
  const { caller } = context.get('who');
  const name = tools.info(tool)?.name ?? tool;
  if (!maySee(context, { name }))
    throw new SandglassError('CAPABILITY_DENIED', `Cannot call ${name}: this key is not for it`, {
      details: { tool: name },
      hint: 'Whoever runs the server can make a key for it: sandglass keys add NAME --tools=NAMES',
    });
  return {
    tool,
    args,
    options: {
      ...withinCeilings(asked, policy),
      ...defined({ caller, traceparent: traceparentOf(context) }),
    },
  };
}

async function callMany(
  context: DoorContext,
  deps: ToolRoutes,
  calls: readonly (CallBody & { readonly tool: string })[],
): Promise<Response> {
  const records = await Promise.allSettled(
    calls.map(async ({ tool, ...call }) => deps.runs.call(queuedCall(context, deps, tool, call))),
  );
  const { signal } = context.req.raw;
  const leave = (): void => {
    for (const record of records) if (record.status === 'fulfilled') record.value.cancel();
  };
  if (signal.aborted) leave();
  signal.addEventListener('abort', leave, { once: true });
  const outcomes = await Promise.all(
    records.map(async (record) => {
      if (record.status === 'fulfilled') return record.value.outcome;
      if (record.reason instanceof SandglassError) return { ok: false, error: record.reason.toJSON() };
      throw record.reason;
    }),
  );
  signal.removeEventListener('abort', leave);
  const { caller } = context.get('who');
  for (const outcome of outcomes) if ('usage' in outcome) deps.artifacts.note(outcome, caller?.id);
  return jsonResponse({ outcomes });
}
