import {
  type CallToolResult,
  CLIENT_CAPABILITIES_META_KEY,
  type ClientCapabilities,
  MissingRequiredClientCapabilityError,
  ProtocolError,
  ProtocolErrorCode,
  type Server,
  type ServerContext,
  type StandardSchemaV1,
} from '@modelcontextprotocol/server';
import type { OutcomeJson } from '../../vocabulary/outcome-json.ts';
import { Recent } from '../../vocabulary/recent.ts';
import type { RunRecord } from '../../work/run-records.ts';
import type { McpDoor, Speaker } from './door.ts';

/** Of the revision 2026-07-28; in 2025-11-25 tasks are of the protocol itself. */
export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';
const POLL_MS = 2_000;
/** A call that has not ended by then is a task for a client that knows tasks. */
const AFTER_MS = 2_000;
/** Tasks that `tasks/list` knows. */
const MOST_LISTED = 1_000;
const PAGE = 100;

/** What a client is told of a task; `error` and `result` by `tasks/get` only. */
interface TaskState {
  readonly taskId: string;
  readonly status: 'working' | 'completed' | 'failed' | 'cancelled';
  readonly statusMessage?: string;
  readonly createdAt: string;
  readonly lastUpdatedAt: string;
}

/** Long calls as tasks: a task is the run of its call, so it outlives its request, and with a journal the server. */
export interface Tasks {
  /**
   * How long a call is waited for until its client is given a task, ms; `undefined` for one that is always waited for.
   * @param asked The request has the field `task` of 2025-11-25: its client wants a task, and nothing else.
   * @param mayAsk The call may stop at a question to the person, which is asked before there is a task.
   */
  waitMs(context: ServerContext, asked: boolean, mayAsk: boolean): number | undefined;
  /** What the answer to a call is instead of its result. */
  begin(record: RunRecord, context: ServerContext): CallToolResult;
  /** Answers questions about tasks. */
  serve(server: Server): void;
}

export interface TasksOptions {
  readonly door: Pick<McpDoor, 'runs' | 'taskAfterMs'>;
  readonly speakerOf: (context: ServerContext) => Speaker;
  /** The result of a call that has ended. */
  readonly resultOf: (record: RunRecord, outcome: OutcomeJson) => CallToolResult;
  readonly listed: ListedTasks;
}

export function createTasks({ door, speakerOf, resultOf, listed }: TasksOptions): Tasks {
  const { keptMs } = door.runs;
  const modern = (state: TaskState): object => ({ ...state, ttlMs: keptMs, pollIntervalMs: POLL_MS });
  const legacy = (state: TaskState): object => ({ ...state, ttl: keptMs, pollInterval: POLL_MS });
  const isOf = ({ caller: of }: RunRecord, context: ServerContext): boolean => {
    const { caller } = speakerOf(context);
    return caller === undefined || of === caller.id;
  };
  /** @throws {ProtocolError} for one that is not there, or is another's. */
  const find = (taskId: string, context: ServerContext): RunRecord => {
    const record = door.runs.get(taskId);
    if (record !== undefined && isOf(record, context)) return record;
    throw invalid(`Cannot find task ${taskId.slice(0, 80)}: unknown, or ended too long ago`);
  };
  const get: Answer = ({ taskId = '' }, context) => {
    const record = find(taskId, context);
    const state = stateOf(record);
    if (!isModern(context)) return legacy(state);
    const { ended } = record;
    if (ended === undefined || state.status === 'cancelled') return modern(state);
    return state.status === 'failed'
      ? {
          ...modern(state),
          error: { code: ProtocolErrorCode.InternalError, message: ended.error?.message ?? '' },
        }
      : { ...modern(state), result: resultOf(record, ended) };
  };
  const cancel: Answer = async ({ taskId = '' }, context) => {
    const record = find(taskId, context);
    if (isModern(context)) {
      record.cancel();
      return {};
    }
    if (record.ended !== undefined) throw invalid('Cannot cancel the task: it has ended');
    record.cancel();
    await record.outcome;
    return legacy(stateOf(record));
  };
  const update: Answer = ({ taskId = '' }, context) => {
    find(taskId, context);
    return {}; // a task asks nothing while it runs, so no answer is of a question that stands open
  };
  /** Of 2025-11-25: waits for the end. */
  const result: Answer = async ({ taskId = '' }, context) => {
    const record = find(taskId, context);
    const given = resultOf(record, await record.outcome);
    return { ...given, _meta: { ...given._meta, 'io.modelcontextprotocol/related-task': { taskId } } };
  };
  const list: Answer = ({ cursor }, context) => {
    const own = door.runs.list().filter((record) => listed.get(record.id) === true && isOf(record, context));
    const from = cursor === undefined ? 0 : own.findIndex(({ id }) => id === cursor) + 1;
    if (cursor !== undefined && from === 0)
      throw invalid('Cannot list tasks: the cursor is not one that a page gave');
    const page = own.slice(from, from + PAGE);
    const last = page.at(-1);
    const more = from + PAGE < own.length && last !== undefined;
    return { tasks: page.map((record) => legacy(stateOf(record))), ...(more ? { nextCursor: last.id } : {}) };
  };
  return {
    waitMs(context, asked, mayAsk) {
      if (isModern(context)) return knowsTasks(context) ? (door.taskAfterMs ?? AFTER_MS) : undefined;
      return asked ? (mayAsk ? AFTER_MS : 0) : undefined;
    },
    begin(record, context) {
      listed.set(record.id, true);
      const state = stateOf(record);
      const answer = isModern(context)
        ? { resultType: 'task', ...modern(state) }
        : { task: legacy(state), content: [] };
      return answer as unknown as CallToolResult; // a task in place of a result is of the wire, not of the types of the SDK
    },
    serve(server) {
      const needs = { params: strings(['taskId']) };
      const serve = (method: string, answer: Answer, era?: Era, params = needs): void =>
        server.setRequestHandler(method, params, async (given, context) => {
          const modernClient = isModern(context);
          if (era !== undefined && (era === '2026-07-28') !== modernClient)
            throw new ProtocolError(ProtocolErrorCode.MethodNotFound, `${method} is of the revision ${era}`);
          if (modernClient && !knowsTasks(context)) throw withoutTasks();
          return { ...(await answer(given, context)) };
        });
      serve('tasks/get', get);
      serve('tasks/cancel', cancel);
      serve('tasks/update', update, '2026-07-28');
      serve('tasks/result', result, '2025-11-25');
      serve('tasks/list', list, '2025-11-25', { params: strings([]) });
    },
  };
}

/** The revision that has a method. */
type Era = '2025-11-25' | '2026-07-28';

type Answer = (params: Readonly<Record<string, string>>, context: ServerContext) => object | Promise<object>;

/** Tasks of all connections of one door. */
export type ListedTasks = Recent<true>;
export const createListedTasks = (): ListedTasks => new Recent<true>(MOST_LISTED);

const isModern = ({ mcpReq }: ServerContext): boolean => mcpReq.envelope !== undefined;

function knowsTasks({ mcpReq }: ServerContext): boolean {
  // The SDK has checked it; its type has no keys.
  const envelope = mcpReq.envelope as
    | { readonly [CLIENT_CAPABILITIES_META_KEY]?: ClientCapabilities }
    | undefined;
  return envelope?.[CLIENT_CAPABILITIES_META_KEY]?.extensions?.[TASKS_EXTENSION] !== undefined;
}

const withoutTasks = (): ProtocolError =>
  new MissingRequiredClientCapabilityError({
    requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } },
  });

const invalid = (message: string): ProtocolError =>
  new ProtocolError(ProtocolErrorCode.InvalidParams, message);

function stateOf({ id, state, askedAt, endedAt, ended }: RunRecord): TaskState {
  const message = ended?.error?.message;
  return {
    taskId: id,
    status: statusOf(ended),
    ...(ended === undefined ? { statusMessage: state === 'queued' ? 'waits for its turn' : 'runs' } : {}),
    ...(message === undefined ? {} : { statusMessage: message.slice(0, 1_000) }),
    createdAt: new Date(askedAt).toISOString(),
    lastUpdatedAt: new Date(endedAt ?? askedAt).toISOString(),
  };
}

function statusOf(ended: OutcomeJson | undefined): TaskState['status'] {
  if (ended === undefined) return 'working';
  if (ended.error?.code === 'CANCELLED') return 'cancelled';
  // A tool that fails has a result that says so; only what broke here is a failure of the task.
  return ended.error?.code === 'INTERNAL' ? 'failed' : 'completed';
}

/** Parameters that are texts: those named must be there. */
const strings = (needed: readonly string[]): StandardSchemaV1<unknown, Readonly<Record<string, string>>> => ({
  '~standard': {
    version: 1,
    vendor: 'sandglass',
    validate(value) {
      const given = Object.entries(Object(value)).filter(
        (entry): entry is [string, string] => typeof entry[1] === 'string',
      );
      const texts = Object.fromEntries(given);
      const missing = needed.find((name) => texts[name] === undefined);
      return missing === undefined
        ? { value: texts }
        : { issues: [{ message: `${missing} must be a text` }] };
    },
  },
});
