import type { ToolOutcome } from '../../contracts/api/tool-call.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import { toJsonForm } from '../../vocabulary/json-form.ts';
import { faultText } from '../check/faults.ts';
import type { Validator } from '../check/validator.ts';
import type { Settled, Stage } from '../pipeline.ts';
import { type ToolCall, toolOf } from '../tool-call.ts';

/** Holds a value to the output schema of its tool; what hooks put in its place, too. */
export const checkOutputStage = (): Stage<ToolOutcome> => ({
  name: 'check',
  when: 'after',
  handle: (call, next) => {
    const { outputValidator } = toolOf(call).manifest;
    return outputValidator === undefined
      ? next()
      : next().then((settled) => checked(call, settled, outputValidator));
  },
});

function checked(call: ToolCall, settled: Settled<ToolOutcome>, validator: Validator): Settled<ToolOutcome> {
  const { result } = settled;
  if (!result.ok) return settled;
  const found = validator.check(toJsonForm(result.value) ?? null, { coerce: false });
  if (found.ok) return settled;
  throw new SandglassError(
    'OUTPUT_INVALID',
    `Cannot take what ${call.shownName} answered: ${faultText(found.faults)}`,
    { details: { errors: found.faults }, hint: 'The tool does not keep to its output schema' },
  );
}
