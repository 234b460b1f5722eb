import type { RunOptions } from '../contracts/api/run.ts';
import { defined } from '../vocabulary/defined.ts';
import type { JsonObject, JsonValue } from '../vocabulary/json.ts';
import { toJsonForm } from '../vocabulary/json-form.ts';

/** What a queued run is as plain data. */
export interface RunPayload extends JsonObject {
  readonly runId: string;
  /** The options that are JSON. */
  readonly options: JsonObject;
  /** The options that are bytes, as base64. */
  readonly bytes: JsonObject;
}

/** Where what is not data of the run itself is found again. */
export interface RunPlaces {
  /** Hash of its module. */
  readonly module?: string | undefined;
  /** Key of its session. */
  readonly session?: string | undefined;
}

/** What a run is asked for with, but for what cannot be data: its module is named by its hash, its session by a key. */
export type QueuedRun = Omit<RunOptions, 'module' | 'signal' | 'onOutput' | 'runId' | 'parent'>;

export function toPayload(runId: string, run: QueuedRun, { module, session }: RunPlaces): RunPayload {
  const { stdin, files = {}, ...options } = run as QueuedRun & Pick<RunOptions, 'files'>;
  const isBytes = stdin instanceof Uint8Array;
  const texts: [string, string][] = [];
  const bytes: [string, string][] = [];
  for (const [path, content] of Object.entries(files)) {
    if (typeof content === 'string') texts.push([path, content]);
    else bytes.push([path, encode(content)]);
  }
  return {
    runId,
    // JSON, as the options of runs are that are neither bytes nor functions; the queue checks it when it takes its copy.
    options: {
      ...(options as unknown as JsonObject),
      ...(stdin === undefined || isBytes ? {} : { stdin: stdin as JsonValue }),
      ...(texts.length === 0 ? {} : { files: Object.fromEntries(texts) }),
    },
    bytes: {
      ...(isBytes ? { stdin: encode(stdin) } : {}),
      ...(bytes.length === 0 ? {} : { files: Object.fromEntries(bytes) }),
    },
    ...defined({ module, session }),
  };
}

/** @throws {TypeError} for what `toPayload` has not made. */
export function fromPayload(
  payload: JsonValue,
): { readonly runId: string; readonly run: QueuedRun } & RunPlaces {
  const { runId, options, bytes, module, session } = object(payload);
  if (typeof runId !== 'string') throw new TypeError('Cannot read a queued run: it has no id');
  const { stdin, files } = object(bytes);
  const given = object(options);
  const contents = [
    ...Object.entries(given.files === undefined ? {} : object(given.files)),
    ...Object.entries(files === undefined ? {} : object(files)).map(
      ([path, text]) => [path, decode(text)] as const,
    ),
  ];
  return {
    runId,
    // What it is made of has been checked as options of a run, and will be again.
    run: {
      ...given,
      ...(stdin === undefined ? {} : { stdin: decode(stdin) }),
      ...(contents.length === 0 ? {} : { files: Object.fromEntries(contents) }),
    } as unknown as QueuedRun,
    module: typeof module === 'string' ? module : undefined,
    session: typeof session === 'string' ? session : undefined,
  };
}

function object(value: JsonValue | undefined): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new TypeError('Cannot read a queued run: expected an object');
}

const encode = (bytes: Uint8Array): string => String(object(toJsonForm(bytes)).$bytes);

const decode = (text: JsonValue): Uint8Array =>
  Uint8Array.from(atob(String(text)), (character) => character.charCodeAt(0));
