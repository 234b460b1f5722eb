import { defined } from '../../vocabulary/defined.ts';
import type { JsonObject, JsonValue } from '../../vocabulary/json.ts';
import { openHostRequests } from './ask-host.ts';
import type { UrlPlace } from './read-server.ts';
import { failedCall, unreachable } from './remote-errors.ts';
import type { HostTool, OpenHost } from './tool-host.ts';

const PAGE = 100;

/** A service with the API of Arcade: tools by their qualified names, executed for a user. */
export const openArcadeHost: OpenHost = async (opening) => {
  const { name, maxTools, at } = opening.settings;
  const { user } = at as UrlPlace; // only a URL has such a kind
  const requests = await openHostRequests(opening);
  return {
    about: { name: 'arcade' },
    async list(signal) {
      const found: HostTool[] = [];
      for (let offset = 0; found.length <= maxTools; offset += PAGE) {
        const what = 'list the tools of';
        const path = `v1/tools?limit=${PAGE}&offset=${offset}`;
        const { status, value } = await requests.ask({ method: 'GET', path, signal, what });
        const { items } = Object(value) as { readonly items?: unknown };
        if (status !== 200 || !Array.isArray(items))
          throw unreachable(what, name, {
            reason: 'protocol',
            told: `it answered ${status}`,
            retryable: false,
          });
        found.push(...items.flatMap(toHostTool));
        if (items.length < PAGE) break;
      }
      return found;
    },
    async call(tool, args, { signal, caller }) {
      const what = `call ${tool.slice(0, 64)} of`;
      const { status, value } = await requests.ask({
        method: 'POST',
        path: 'v1/tools/execute',
        body: { tool_name: tool, input: args, ...defined({ user_id: user ?? caller }) },
        signal,
        what,
      });
      const answer = Object(value) as Record<string, unknown>;
      const { value: found, error } = Object(answer.output) as Record<string, unknown>;
      if (status === 200 && answer.success === true) return found ?? null;
      const told = Object(error ?? answer) as Record<string, unknown>;
      const message = typeof told.message === 'string' ? told.message : `it answered ${status}`;
      if (status === 200 && told.can_retry !== true) throw failedCall(tool, message, undefined);
      throw unreachable(what, name, {
        reason: status === 403 ? 'refused' : 'failed',
        told: message.slice(0, 1_000),
        retryable: told.can_retry === true,
      });
    },
    close: () => requests.close(),
  };
};

const TYPES: Readonly<Record<string, JsonObject>> = {
  string: { type: 'string' },
  integer: { type: 'integer' },
  number: { type: 'number' },
  boolean: { type: 'boolean' },
  json: {},
  array: { type: 'array' },
};

function toHostTool(given: unknown): readonly HostTool[] {
  const tool = Object(given) as Record<string, unknown>;
  const named = tool.qualified_name ?? tool.fully_qualified_name ?? tool.name;
  if (typeof named !== 'string') return [];
  const { parameters } = Object(tool.input) as { readonly parameters?: unknown };
  const list = Array.isArray(parameters) ? parameters.slice(0, 200).map((item) => Object(item)) : [];
  const properties = list.flatMap(({ name, description, value_schema: schema }): [string, JsonValue][] =>
    typeof name === 'string'
      ? [[name, { ...schemaOf(schema), ...(typeof description === 'string' ? { description } : {}) }]]
      : [],
  );
  const required = list.filter(({ required: must }) => must === true).map(({ name }) => String(name));
  return [
    {
      name: named,
      description: typeof tool.description === 'string' ? tool.description : '',
      input: { type: 'object', properties: Object.fromEntries(properties), required },
    },
  ];
}

function schemaOf(given: unknown): JsonObject {
  const { val_type: type, inner_val_type: inner, enum: words } = Object(given) as Record<string, unknown>;
  const known = typeof type === 'string' && Object.hasOwn(TYPES, type) ? (TYPES[type] ?? {}) : {};
  const items =
    type === 'array' && typeof inner === 'string' && Object.hasOwn(TYPES, inner) ? TYPES[inner] : undefined;
  const listed = Array.isArray(words) && words.every((word) => typeof word === 'string') ? words : undefined;
  return { ...known, ...defined({ items, enum: listed }) } as JsonObject;
}
