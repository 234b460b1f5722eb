import type { ArgumentFault, ToolOutcome } from '../../contracts/api/tool-call.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import { isJsonObject, type JsonObject } from '../../vocabulary/json.ts';
import { faultText } from '../check/faults.ts';
import { plainArguments } from '../check/plain-arguments.ts';
import type { Refusal, ToolValidators } from '../check/tool-validators.ts';
import type { Stage } from '../pipeline.ts';
import type { Tool } from '../tool.ts';
import { type ToolCall, toolOf } from '../tool-call.ts';

export interface ValidateOptions {
  readonly validators: ToolValidators;
  readonly onDenied: (call: ToolCall, error: SandglassError) => void;
  readonly onFault: (error: unknown, call: ToolCall) => void;
}

/** Checks a copy of the arguments, coerces it, fills in defaults, and asks the embedder's own rules. */
export const validateStage = (options: ValidateOptions): Stage<ToolOutcome> => ({
  name: 'validate',
  when: 'before',
  handle: (call, next) => {
    call.args = checkedArguments(call, call.given, call.options.coerce ?? true, options);
    return next();
  },
});

/** @throws {SandglassError} INPUT_INVALID, CAPABILITY_DENIED, INTERNAL */
export function checkedArguments(
  call: ToolCall,
  given: unknown,
  coerce: boolean,
  { validators, onDenied, onFault }: ValidateOptions,
): JsonObject {
  const tool = toolOf(call);
  const checked = checkArguments(tool, given, coerce);
  if (Array.isArray(checked)) throw inputInvalid(call.shownName, checked);
  const args = checked as JsonObject; // not the list
  const refusals = validators.refusals(tool, args, call.caller, (error) => onFault(error, call));
  if (refusals.length === 0) return args;
  const error = refusedBy(call.shownName, refusals);
  onDenied(call, error);
  throw error;
}

/** Arguments as a run would get them, or all that is wrong with them. */
export function checkArguments(
  tool: Tool,
  given: unknown,
  coerce: boolean,
): JsonObject | readonly ArgumentFault[] {
  const { pipe } = tool.manifest;
  // A text by itself is what is piped in.
  const plain = plainArguments(typeof given === 'string' && pipe !== undefined ? { [pipe]: given } : given);
  if (Array.isArray(plain)) return plain as readonly ArgumentFault[];
  const checked = tool.manifest.inputValidator.check(plain as JsonObject, { coerce });
  if (!checked.ok) return checked.faults;
  return isJsonObject(checked.value) ? checked.value : [];
}

/** What validators say, as `tools.validate` tells it. */
export const faultsOfRefusals = (refusals: readonly Refusal[]): readonly ArgumentFault[] =>
  refusals.map(({ validator, path, reason }) => ({
    path,
    message: `${validator}: ${reason}`,
    rule: 'validator',
  }));

const refusedBy = (shown: string, refusals: readonly Refusal[]): SandglassError =>
  new SandglassError(
    'CAPABILITY_DENIED',
    `Cannot call ${shown}: ${refusals.map(({ validator, path, reason }) => `${path === '' ? '' : `${path}: `}${reason} (${validator})`).join('; ')}`,
    {
      details: { capability: 'tools.call', requested: shown, missing: ['tools.call'], refusals },
      hint: 'A rule of the host refuses these arguments; do not retry with the same',
    },
  );

const inputInvalid = (shown: string, faults: readonly ArgumentFault[]): SandglassError =>
  new SandglassError('INPUT_INVALID', `Cannot call ${shown}: ${faultText(faults)}`, {
    details: { errors: faults },
    hint: hintOf(faults),
  });

/** What to change, in one sentence. */
function hintOf(faults: readonly ArgumentFault[]): string {
  const [first] = faults;
  if (first?.nearest !== undefined) return `Did you mean ${JSON.stringify(first.nearest)}?`;
  if (first?.rule === 'enum' && first.allowed !== undefined)
    return `Use one of ${first.allowed.map((value) => JSON.stringify(value)).join(', ')} for ${first.path}`;
  return 'Mend the arguments that are named and call again';
}
