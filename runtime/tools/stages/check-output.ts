import type { ToolOutcome } from '../../contracts/api/tool-call.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import { toJsonForm } from '../../vocabulary/json-form.ts';
import { faultText } from '../check/faults.ts';
import type { Stage } from '../pipeline.ts';
import { toolOf } from '../tool-call.ts';

/** Holds a value to the output schema of its tool; what hooks put in its place, too. */
export const checkOutputStage = (): Stage<ToolOutcome> => ({
  name: 'check',
  when: 'after',
  handle: async (call, next) => {
    const settled = await next();
    const { outputValidator } = toolOf(call).manifest;
    const { result } = settled;
    if (!result.ok || outputValidator === undefined) return settled;
    const checked = outputValidator.check(toJsonForm(result.value) ?? null, { coerce: false });
    if (checked.ok) return settled;
    throw new SandglassError(
      'OUTPUT_INVALID',
      `Cannot take what ${call.shownName} answered: ${faultText(checked.faults)}`,
      { details: { errors: checked.faults }, hint: 'The tool does not keep to its output schema' },
    );
  },
});
