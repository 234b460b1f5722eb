import { defined } from '../../vocabulary/defined.ts';
import { ERROR_CODES, type ErrorCode, SandglassError } from '../../vocabulary/errors.ts';
import { isJsonObject, type JsonObject } from '../../vocabulary/json.ts';
import { openHostRequests } from './ask-host.ts';
import { unreachable } from './remote-errors.ts';
import type { HostTool, OpenHost } from './tool-host.ts';

const PAGE = 100;

interface Listed {
  readonly tools?: unknown;
  readonly next?: unknown;
}

/** Another Sandglass, by the HTTP API of `sandglass serve`. */
export const openSandglassHost: OpenHost = async (opening, signal) => {
  const { name, maxTools } = opening.settings;
  const requests = await openHostRequests(opening);
  const page = async (cursor: string | undefined, ended: AbortSignal): Promise<Listed> => {
    const query = new URLSearchParams({ limit: String(PAGE), ...defined({ cursor }) });
    const what = 'list the tools of';
    const { status, value } = await requests.ask({
      method: 'GET',
      path: `v1/tools?${query}`,
      signal: ended,
      what,
    });
    if (status === 200 && isJsonObject(value as JsonObject)) return value as Listed;
    throw unreachable(what, name, { reason: 'protocol', told: `it answered ${status}`, retryable: false });
  };
  let version: string | undefined;
  try {
    const { value } = await requests.ask({ method: 'GET', path: 'health', signal, what: 'connect to' });
    const told = (value as { readonly version?: unknown } | null)?.version;
    if (typeof told === 'string') version = told.slice(0, 100);
  } catch (error) {
    await requests.close();
    throw error;
  }
  return {
    about: { name: 'sandglass', ...defined({ version }) },
    async list(ended) {
      const found: HostTool[] = [];
      let cursor: string | undefined;
      do {
        const { tools, next } = await page(cursor, ended);
        if (!Array.isArray(tools)) break;
        found.push(...tools.flatMap(toHostTool));
        cursor = typeof next === 'string' && next !== cursor && tools.length > 0 ? next : undefined;
      } while (cursor !== undefined && found.length <= maxTools);
      return found;
    },
    async call(tool, args, { signal: ended, callId, remainingMs }) {
      const { status, value } = await requests.ask({
        method: 'POST',
        path: `v1/tools/${encodeURIComponent(tool)}/call`,
        body: { args, timeoutMs: Math.max(1, Math.min(600_000, Math.floor(remainingMs()))) },
        // The same call is not made twice, however often it is asked for.
        headers: { 'idempotency-key': callId },
        signal: ended,
        what: `call ${tool.slice(0, 64)} of`,
      });
      return answerOf(value, tool, name, status);
    },
    close: () => requests.close(),
  };
};

function toHostTool(given: unknown): readonly HostTool[] {
  const { name, description, input, output, dangerous, idempotent } = Object(given) as Record<
    string,
    unknown
  >;
  if (typeof name !== 'string' || typeof description !== 'string') return [];
  return [
    {
      name,
      description,
      input: Object(input) as JsonObject,
      ...(typeof output === 'object' && output !== null ? { output: output as JsonObject } : {}),
      ...(dangerous === true ? { destructive: true } : {}),
      ...(idempotent === true ? { idempotent: true } : {}),
    },
  ];
}

/** The value of an outcome. @throws {SandglassError} its error, as that of another's host. */
function answerOf(given: unknown, tool: string, server: string, status: number): unknown {
  const { ok, value, error } = Object(given) as Record<string, unknown>;
  if (ok === true) return value ?? null;
  const { code, message, hint, retryable, details } = Object(error) as Record<string, unknown>;
  if (typeof code !== 'string' || typeof message !== 'string' || !Object.hasOwn(ERROR_CODES, code))
    throw unreachable(`call ${tool.slice(0, 64)} of`, server, {
      reason: 'protocol',
      told: `it answered ${status}, and no outcome`,
      retryable: false,
    });
  throw new SandglassError(code as ErrorCode, `${server}: ${message.slice(0, 4_096)}`, {
    details: { server, ...(isJsonObject(details as JsonObject) ? { there: details } : {}) },
    ...defined({ hint: typeof hint === 'string' ? hint.slice(0, 1_000) : undefined }),
    retryable: retryable === true,
  });
}
