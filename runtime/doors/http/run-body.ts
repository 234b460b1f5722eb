import { Ajv } from 'ajv';
import type { LooseRunOptions } from '../../contracts/api/run.ts';
import type { SessionOptions } from '../../contracts/api/session.ts';
import { isJsonObject, type JsonValue } from '../../vocabulary/json.ts';
import type { Priority } from '../../vocabulary/priority.ts';
import { holdsMore } from '../../vocabulary/size-of-json.ts';
import { explainFirst, invalid } from './explain-body.ts';
import { RUN_SCHEMA, SESSION_SCHEMA } from './run-schema.ts';

/** A checked body of `POST /v1/runs`. */
export interface RunBody {
  /** SHA-256 of an uploaded module. */
  readonly module: string | undefined;
  readonly priority: Priority;
  /** Everything else, as the runtime takes it. */
  readonly options: Omit<LooseRunOptions, 'module' | 'signal' | 'onOutput'>;
}

export type ReadRunBody = (body: unknown) => RunBody;

/** Compiles the schema once; the answered function throws INPUT_INVALID naming the first path that is wrong and what it allows. */
export function createRunBodyReader(): ReadRunBody {
  const ajv = new Ajv({ strict: true, strictTypes: false, allErrors: false });
  const validate = ajv.compile(RUN_SCHEMA);
  return (body) => {
    refuseMany(body);
    if (!validate(body)) throw explainFirst(validate.errors, RUN_SCHEMA);
    const { module, priority, stdin, files, ...options } = body as CheckedBody; // the schema has just said so
    checkKind(options, module);
    if (options.code !== undefined && options.language === undefined && options.session === undefined) {
      throw invalid('/language', '"code" needs it, e.g. "javascript"');
    }
    return {
      module,
      priority: priority ?? 'normal',
      options: {
        ...options,
        ...(stdin === undefined ? {} : { stdin: readStdin(stdin) }),
        ...(files === undefined ? {} : { files: readFiles(files) }),
      },
    };
  };
}

/** Code, a module, or a function of the module that its session keeps. */
function checkKind({ code, session, invoke }: RunBody['options'], module: string | undefined): void {
  if (session !== undefined && module !== undefined)
    throw invalid('/module', 'a session has the module that it was opened with; give "invoke" alone');
  const calls = session !== undefined && invoke !== undefined;
  if ([code !== undefined, module !== undefined, calls].filter(Boolean).length === 1) return;
  throw invalid(
    '',
    'give either "code" with its "language", or "module" with the hash of an uploaded module, or "session" and "invoke"',
  );
}

/** Values in a body beside its inputs: grants, arguments, modules and files are looked at one by one, in one go. */
const MOST_VALUES = 100_000;

function refuseMany(body: unknown): void {
  if (typeof body !== 'object' || body === null) return;
  const { inputs: _, ...others } = body as { readonly inputs?: unknown };
  if (holdsMore(others, MOST_VALUES))
    throw invalid(
      '',
      `more than ${MOST_VALUES} values beside its inputs; put data into inputs, stdin or files`,
    );
}

/** A checked body of `POST /v1/sessions`: a language, or the hash of an uploaded module. */
export type SessionBody =
  | (SessionOptions & { readonly module?: undefined })
  | (Omit<SessionOptions, 'language'> & { readonly language?: undefined; readonly module: string });

/** Reads a body of `POST /v1/sessions`; throws as the reader of runs does. */
export function createSessionBodyReader(): (body: unknown) => SessionBody {
  const ajv = new Ajv({ strict: true, strictTypes: false, allErrors: false });
  const validate = ajv.compile(SESSION_SCHEMA);
  return (body) => {
    if (!validate(body)) throw explainFirst(validate.errors, SESSION_SCHEMA);
    const { language, module } = body as { readonly language?: string; readonly module?: string };
    if ((language === undefined) === (module === undefined))
      throw invalid('', 'give either "language", or "module" with the hash of an uploaded module');
    return body as SessionBody; // the schema has just said so
  };
}

type CheckedBody = Omit<LooseRunOptions, 'module' | 'signal' | 'onOutput' | 'stdin' | 'files'> & {
  readonly module?: string;
  readonly priority?: Priority;
  readonly stdin?: JsonValue;
  readonly files?: Readonly<Record<string, string | { readonly $bytes: string }>>;
};

/** `{ "$bytes": base64 }` stands for bytes, as in the answers. */
function readStdin(stdin: JsonValue): JsonValue | Uint8Array {
  if (!isJsonObject(stdin)) return stdin;
  const { $bytes: encoded, ...rest } = stdin;
  if (encoded === undefined || Object.keys(rest).length > 0) return stdin;
  if (typeof encoded !== 'string') throw invalid('/stdin/$bytes', 'expected base64 text');
  return decodeBytes(encoded, '/stdin/$bytes');
}

function readFiles(files: NonNullable<CheckedBody['files']>): Readonly<Record<string, string | Uint8Array>> {
  return Object.fromEntries(
    Object.entries(files).map(([path, content]) => [
      path,
      typeof content === 'string' ? content : decodeBytes(content.$bytes, `/files/${path}/$bytes`),
    ]),
  );
}

function decodeBytes(encoded: string, path: string): Uint8Array {
  try {
    return Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
  } catch {
    throw invalid(path, 'expected base64 text'); // atob tells no more than that
  }
}
