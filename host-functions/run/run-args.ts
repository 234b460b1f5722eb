import type { RunOperations, StartRun } from '../../runtime/contracts/operations/run.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import { SHARED_PARTS, type SharedPart } from '../../runtime/vocabulary/grants/run.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../runtime/vocabulary/json.ts';

const FIELDS: Readonly<Record<keyof StartRun, true>> = {
  language: true,
  code: true,
  filename: true,
  argv: true,
  stdin: true,
  inputs: true,
  packages: true,
  files: true,
  collect: true,
  limits: true,
  share: true,
  tag: true,
};

export type ReadStart = Omit<StartRun, 'files' | 'share'> & {
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  readonly share: readonly SharedPart[];
};

/** What is asked for, as far as its form goes: the run looks at the rest. @throws {SandglassError} INPUT_INVALID */
export function readStart(given: JsonObject): ReadStart {
  refuseOthers(given, Object.keys(FIELDS), 'start');
  const { language, code, files, share = [], tag, ...rest } = given;
  if (typeof language !== 'string' || language === '')
    throw complain('start', '"language" must be the name of a language, e.g. "python"');
  if (typeof code !== 'string') throw complain('start', '"code" must be a text');
  const isPart = (one: JsonValue): one is SharedPart => SHARED_PARTS.some((part) => part === one);
  if (!Array.isArray(share) || !share.every(isPart))
    throw complain('start', `"share" must be a list of ${SHARED_PARTS.join(', ')}`);
  if (tag !== undefined && !(typeof tag === 'string' && /^\w{1,16}$/.test(tag)))
    throw complain('start', '"tag" must be 1 to 16 letters, digits and _');
  return { ...rest, language, code, files: filesOf(files), share, ...defined({ tag }) };
}

/** @throws {SandglassError} INPUT_INVALID */
export function readCancel(given: JsonObject): RunOperations['run.cancel'] {
  refuseOthers(given, ['runId'], 'cancel');
  const { runId } = given;
  if (typeof runId === 'string' && /^[\w-]{1,64}$/.test(runId)) return { runId };
  throw complain('cancel', '"runId" must be the id of a run');
}

function filesOf(files: JsonValue | undefined): Readonly<Record<string, string | Uint8Array>> {
  if (files === undefined) return {};
  if (!isJsonObject(files)) throw complain('start', '"files" must be an object of path and content');
  return Object.fromEntries(Object.entries(files).map(([path, content]) => [path, contentOf(path, content)]));
}

function contentOf(path: string, content: JsonValue): string | Uint8Array {
  if (typeof content === 'string') return content;
  const base64 = isJsonObject(content) && Object.keys(content).length === 1 ? content.base64 : undefined;
  if (typeof base64 === 'string' && /^[A-Za-z0-9+/]*={0,2}$/.test(base64) && base64.length % 4 === 0)
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  throw complain('start', `files[${JSON.stringify(path.slice(0, 80))}] must be a text, or { base64 }`);
}

function refuseOthers(given: JsonObject, known: readonly string[], operation: string): void {
  const unknown = Object.keys(given).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw complain(operation, `unknown argument ${JSON.stringify(unknown.slice(0, 64))}`);
}

export const complain = (operation: string, reason: string): SandglassError =>
  new SandglassError('INPUT_INVALID', `Cannot call run.${operation}: ${reason}`, {
    details: { reason: 'invalid' },
  });
