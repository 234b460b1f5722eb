import type {
  CallToolResult,
  ClientCapabilities,
  InputRequiredResult,
  Server,
  ServerContext,
} from '@modelcontextprotocol/server';
import { CLIENT_CAPABILITIES_META_KEY, ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import { type ContentPart, contentPartsOf } from '../../vocabulary/content-parts.ts';
import { defined } from '../../vocabulary/defined.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import type { OutcomeJson } from '../../vocabulary/outcome-json.ts';
import { isTraceparent } from '../../vocabulary/traceparent.ts';
import { within } from '../../vocabulary/within.ts';
import type { RunRecord } from '../../work/run-records.ts';
import { codeText } from '../ai/code-text.ts';
import { RUN_CODE, readProgram, SEARCH_TOOLS, searchTools } from './code-tools.ts';
import { type Confirmations, wantsConfirmation } from './confirm.ts';
import { type McpDoor, type Speaker, usableTools } from './door.ts';
import { tellProgress } from './progress.ts';
import { artifactLink } from './resources.ts';
import type { Tasks } from './tasks.ts';

export interface CallContext {
  readonly door: McpDoor;
  readonly confirmations: Confirmations;
  /** The server that was asked. */
  readonly server: Server;
  readonly context: ServerContext;
  readonly speaker: Speaker;
  readonly tasks: Tasks;
  /** The client asked for a task, as clients of 2025-11-25 do. */
  readonly asksForTask: boolean;
}

/** Of the name of a tool, as the HTTP door takes them. */
const MOST_NAME = 200;
/** How often a call that may ask is looked at while it waits in the queue. */
const QUEUE_LOOK_MS = 100;

/**
 * Calls a tool by the same pipeline as every other door. What fails is a result with the outcome; only an unknown name is an error of the
 * protocol.
 */
export async function callTool(
  name: string,
  args: Readonly<Record<string, unknown>>,
  call: CallContext,
): Promise<CallToolResult | InputRequiredResult> {
  const { door, speaker } = call;
  if (door.code !== undefined) return await callCodeTool(name, args, call);
  if (name.length > MOST_NAME)
    throw new ProtocolError(
      ProtocolErrorCode.InvalidParams,
      `Cannot call ${name.slice(0, 80)}…: unknown tool`,
    );
  const info = door.tools.info(name);
  if (info !== undefined && !speaker.may(info.name)) return failed(notFor(info.name));
  if (info === undefined) throw unknownTool(await (await submit(call, name, args)).outcome);
  const answered = await call.confirmations.answerOf({ tool: name, args }, call.context);
  const record = await submit(call, name, args, answered);
  const mayAsk = info.dangerous && answered === undefined;
  const outcome = await settle(record, call, mayAsk);
  if (outcome !== undefined && mayAsk && wantsConfirmation(outcome) && canAsk(call))
    return call.confirmations.ask({ tool: name, args }, call.context);
  return answer(record, outcome, call);
}

/** The result of a call that has ended; a task for one that goes on, and for a client that asked for one. */
async function answer(
  record: RunRecord,
  outcome: OutcomeJson | undefined,
  { door, speaker, tasks, context, asksForTask }: CallContext,
): Promise<CallToolResult> {
  const note = (ended: OutcomeJson): void => door.artifacts.note(ended, speaker.caller?.id);
  if (outcome !== undefined) note(outcome);
  else void record.outcome.then(note);
  if (outcome === undefined || (asksForTask && tasks.waitMs(context, true, false) === 0))
    return tasks.begin(record, context);
  return resultOf(record, outcome);
}

function submit(
  { door, context, speaker: { caller } }: CallContext,
  tool: string,
  args: unknown,
  answered?: boolean,
): Promise<RunRecord> {
  const { grant, confirmed } = door;
  const confirm = confirmed === true ? true : answered === true ? true : undefined;
  const declined = answered === false ? (true as const) : undefined;
  return door.runs.call({
    tool,
    args,
    options: defined({ caller, grant, confirm, declined, traceparent: traceparentOf(context) }),
  });
}

/** The span that a request says it belongs to. */
function traceparentOf({ mcpReq }: ServerContext): string | undefined {
  const traceparent = mcpReq._meta?.traceparent;
  return isTraceparent(traceparent) ? traceparent : undefined;
}

/** Code mode: two tools of the door's own. */
async function callCodeTool(
  name: string,
  args: Readonly<Record<string, unknown>>,
  call: CallContext,
): Promise<CallToolResult> {
  const { door, speaker } = call;
  const { caller } = speaker;
  try {
    if (name === SEARCH_TOOLS) return searchTools(door, speaker, args);
    if (name !== RUN_CODE)
      throw new ProtocolError(
        ProtocolErrorCode.InvalidParams,
        `Cannot call ${name.slice(0, 80)}: in code mode there are ${RUN_CODE} and ${SEARCH_TOOLS}, and programs call the tools`,
      );
    const program = readProgram(args);
    const record = await door.runs.submit({
      ...program,
      grant: { ...door.code?.grant, tools: usableTools(door, speaker) },
      ...defined({ caller, traceparent: traceparentOf(call.context) }),
    });
    return await answer(record, await settle(record, call, false), call);
  } catch (error) {
    if (error instanceof SandglassError) return failed(error);
    throw error;
  }
}

/**
 * Waits for the end, or until the call becomes a task: then there is no outcome, and it goes on without its client. What the run tells meanwhile
 * goes to the client; one that gives up ends it.
 */
async function settle(
  record: RunRecord,
  { context, tasks, asksForTask }: CallContext,
  mayAsk: boolean,
): Promise<OutcomeJson | undefined> {
  const { signal } = context.mcpReq;
  const leave = (): void => record.cancel();
  if (signal.aborted) leave();
  signal.addEventListener('abort', leave, { once: true });
  const progress = tellProgress(record, context);
  try {
    let ended = false;
    // A question comes when the call begins, so one that may ask is waited for until then.
    while (mayAsk && record.state === 'queued' && !ended) ended = await within(record.outcome, QUEUE_LOOK_MS);
    const waitMs = tasks.waitMs(context, asksForTask, mayAsk);
    ended ||= waitMs === undefined || (await within(record.outcome, waitMs));
    const outcome = ended ? await record.outcome : undefined;
    await progress.end();
    return outcome;
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

/** What a call gave, as a client of MCP is told: in code mode its text is that of the program. */
export function resultOf({ tool }: Pick<RunRecord, 'tool'>, outcome: OutcomeJson): CallToolResult {
  const result = resultOfTool(outcome);
  return tool === undefined ? { ...result, content: [{ type: 'text', text: codeText(outcome) }] } : result;
}

function resultOfTool(outcome: OutcomeJson): CallToolResult {
  const {
    text = '',
    artifact,
    tool,
  } = outcome as {
    readonly text?: string;
    readonly artifact?: string;
    readonly tool?: string;
  };
  return {
    content: [
      { type: 'text', text },
      ...partsOf(outcome),
      ...(artifact === undefined ? [] : [artifactLink({ id: artifact, tool: tool ?? '' })]),
    ],
    structuredContent: { ...outcome },
    ...(outcome.ok ? {} : { isError: true }),
  };
}

/**
 * Pictures and sound, and what else a tool answers in parts: its texts stand in the text already. Where that was cut, so does a resource of
 * text, whose rest is in the artifact. Any other file stays a resource.
 */
function partsOf(outcome: OutcomeJson): readonly ContentPart[] {
  const { value, truncated } = outcome as OutcomeJson & { readonly truncated?: true };
  const isTold = (part: ContentPart): boolean =>
    part.type === 'text' || (truncated === true && part.type === 'resource' && 'text' in part.resource);
  const parts = contentPartsOf(value);
  if (parts !== undefined) return parts.filter((part) => !isTold(part));
  const { mime, base64 } = (value ?? {}) as { readonly mime?: unknown; readonly base64?: unknown }; // whatever it is has no harm in it
  if (typeof mime !== 'string' || typeof base64 !== 'string') return [];
  const type = PICTURES.has(mime) ? 'image' : SOUNDS.has(mime) ? 'audio' : undefined;
  return type === undefined ? [] : [{ type, data: base64, mimeType: mime }];
}

const PICTURES: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);
const SOUNDS: ReadonlySet<string> = new Set([
  'audio/wav',
  'audio/mpeg',
  'audio/ogg',
  'audio/webm',
  'audio/flac',
]);

/** What was refused before there was a call: a full queue, arguments that are none. */
export function failed(error: SandglassError): CallToolResult {
  const { code, message, hint } = error;
  return {
    content: [{ type: 'text', text: `${code}: ${message}${hint === undefined ? '' : `\n${hint}`}` }],
    structuredContent: { ok: false, error: error.toJSON() },
    isError: true,
  };
}

const notFor = (tool: string): SandglassError =>
  new SandglassError('CAPABILITY_DENIED', `Cannot call ${tool}: this key is not for it`, {
    details: { tool },
  });

function unknownTool({ error }: OutcomeJson): ProtocolError {
  const text = [error?.message, error?.hint].filter((part) => part !== undefined).join('. ');
  return new ProtocolError(ProtocolErrorCode.InvalidParams, text, error);
}

/** Whether the client can show its person a question. */
function canAsk({ context, server }: CallContext): boolean {
  // The SDK has checked it; its type has no keys.
  const envelope = context.mcpReq.envelope as
    | { readonly [CLIENT_CAPABILITIES_META_KEY]?: ClientCapabilities }
    | undefined;
  const { elicitation } = envelope?.[CLIENT_CAPABILITIES_META_KEY] ?? server.getClientCapabilities() ?? {};
  // An empty object stands for forms, as it did before there were other kinds.
  return elicitation !== undefined && (elicitation.form !== undefined || elicitation.url === undefined);
}
