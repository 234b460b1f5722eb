import type { ArgumentFault, ToolOutcome } from '../../contracts/api/tool-call.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import { isJsonObject, type JsonObject } from '../../vocabulary/json.ts';
import { faultText } from '../check/faults.ts';
import { plainArguments } from '../check/plain-arguments.ts';
import type { Stage } from '../pipeline.ts';
import type { Tool } from '../tool.ts';
import { toolOf } from '../tool-call.ts';

/** Checks a copy of the arguments, coerces it and fills in defaults. */
export const validateStage = (): Stage<ToolOutcome> => ({
  name: 'validate',
  when: 'before',
  handle: async (call, next) => {
    const checked = checkArguments(toolOf(call), call.given, call.options.coerce ?? true);
    if (Array.isArray(checked)) throw inputInvalid(call.shownName, checked);
    call.args = checked as JsonObject; // not the list
    return next();
  },
});

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

export const inputInvalid = (shown: string, faults: readonly ArgumentFault[]): SandglassError =>
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
