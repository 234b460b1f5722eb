import type { ToolValidator } from '../../contracts/api/tool-validator.ts';
import type { Caller } from '../../vocabulary/caller.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import type { JsonObject } from '../../vocabulary/json.ts';
import { shownText } from '../../vocabulary/nearest.ts';
import { refuseUnknown } from '../../vocabulary/read-options.ts';
import { type Matches, namesMatcher } from '../name-rules.ts';
import type { Tool } from '../tool.ts';

/** What a validator says against a call. */
export interface Refusal {
  readonly validator: string;
  readonly path: string;
  readonly reason: string;
}

export interface ToolValidators {
  /** All that they say. @throws {SandglassError} INTERNAL naming one that failed; `onFault` hears why. */
  refusals(
    tool: Tool,
    args: JsonObject,
    caller: Caller | undefined,
    onFault: (error: unknown) => void,
  ): readonly Refusal[];
}

/** Told at once; whoever mends these will hear of the rest. */
const MOST_REFUSALS = 50;
const MOST_CHARACTERS = 1_000;

const KNOWN: Readonly<Record<keyof ToolValidator, true>> = { name: true, tools: true, check: true };
const WHERE = 'create a runtime: tools.validators';

interface Entry {
  readonly validator: ToolValidator;
  readonly matches: Matches;
}

/** @throws {TypeError} naming what is wrong with one of them. */
export function createToolValidators(given: unknown = []): ToolValidators {
  if (!Array.isArray(given) || given.length > 1_000)
    throw new TypeError(`Cannot ${WHERE}: expected a list of at most 1,000`);
  const entries = given.map(readValidator);
  const names = entries.map(({ validator }) => validator.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new TypeError(`Cannot ${WHERE}: two are named ${shownText(twice)}`);
  return {
    refusals: (tool, args, caller, onFault) =>
      entries
        .filter(({ matches }) => matches(tool))
        .flatMap(({ validator }) => ask(validator, tool, args, caller, onFault))
        .slice(0, MOST_REFUSALS),
  };
}

function readValidator(given: unknown): Entry {
  if (typeof given !== 'object' || given === null)
    throw new TypeError(`Cannot ${WHERE}: expected objects with name and check`);
  refuseUnknown(given, KNOWN, WHERE);
  const { name, tools, check } = given as Readonly<Record<keyof ToolValidator, unknown>>; // looked at below
  if (typeof name !== 'string' || name === '' || name.length > 128)
    throw new TypeError(`Cannot ${WHERE}: name is not a text of 1 to 128 characters`);
  if (typeof check !== 'function')
    throw new TypeError(`Cannot ${WHERE}: check of ${shownText(name)} is not a function`);
  return {
    validator: given as ToolValidator, // each field was looked at
    matches:
      tools === undefined ? () => true : namesMatcher(tools, `the validator ${shownText(name)}: tools`),
  };
}

function ask(
  { name, check }: ToolValidator,
  { manifest }: Tool,
  args: JsonObject,
  caller: Caller | undefined,
  onFault: (error: unknown) => void,
): readonly Refusal[] {
  try {
    const answer: unknown = check(
      Object.freeze({ tool: manifest.name, args: structuredClone(args), caller: caller ?? null }),
    );
    return refusalsOf(name, answer);
  } catch (error) {
    onFault(error);
    throw new SandglassError(
      'INTERNAL',
      `Cannot call ${shownText(manifest.name)}: the validator ${shownText(name)} failed`,
      { details: { validator: name }, cause: error },
    );
  }
}

/** @throws {TypeError} on what is no answer: taking it for "nothing" would let the call through. */
function refusalsOf(validator: string, answer: unknown): readonly Refusal[] {
  if (answer === undefined) return [];
  if (typeof answer === 'string') return [{ validator, path: '', reason: answer.slice(0, MOST_CHARACTERS) }];
  if (answer instanceof Promise) {
    answer.catch(() => undefined); // nobody waits for it
    throw new TypeError('it answered a promise: validators answer at once');
  }
  if (!Array.isArray(answer)) throw new TypeError('it answered neither nothing, nor a text, nor a list');
  return answer.slice(0, MOST_REFUSALS).map((fault: unknown) => {
    const { path, reason } = (fault ?? {}) as { readonly path?: unknown; readonly reason?: unknown }; // looked at below
    if (typeof path !== 'string' || typeof reason !== 'string')
      throw new TypeError('a fault in its answer has not both path and reason');
    return { validator, path: path.slice(0, MOST_CHARACTERS), reason: reason.slice(0, MOST_CHARACTERS) };
  });
}
