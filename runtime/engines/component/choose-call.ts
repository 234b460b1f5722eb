import type { GuestEnd, RunSpec } from '../../contracts/engine.ts';
import { defined } from '../../vocabulary/defined.ts';
import type { GuestValue } from '../../vocabulary/guest-value.ts';
import type { ComponentData, ExportedFunction } from './component-data.ts';
import { exportLines, findExport } from './find-export.ts';
import type { KeptResources } from './resources.ts';
import { fromJson } from './values/from-json.ts';
import { MisfitError } from './values/misfit.ts';

/** The one call that a run makes into its guest. */
export interface Call {
  readonly exported: ExportedFunction;
  /** As the glue wants them. */
  readonly args: readonly unknown[];
  /** `command`: the result is a status. `tool`: the answer is JSON text. `plain`: the value by its type. */
  readonly answer: 'command' | 'tool' | 'plain';
}

export type Misuse = GuestEnd & { readonly kind: 'invalid' };

/**
 * Decides what a run calls: the export it names, a command's `run`, or a tool's `invoke`.
 * @param resources What a component that is kept has given away; absent: a run has no handles.
 */
export function chooseCall(data: ComponentData, spec: RunSpec, resources?: KeptResources): Call | Misuse {
  if (spec.invoke !== undefined) return invoked(data, spec.invoke, spec.args, resources);
  const command = data.exports.find(({ interface: name }) => name !== undefined && name === data.command);
  if (command !== undefined) return { exported: command, args: [], answer: 'command' };
  const invoke = data.tool ? data.exports.find(({ name }) => name === 'invoke') : undefined;
  if (invoke !== undefined) {
    const input = spec.args.length > 0 ? spec.args[0] : spec.inputs;
    return { exported: invoke, args: [toolInput(input)], answer: 'tool' };
  }
  return misuse('Cannot run the component: it is not a command, so name a function to invoke', data);
}

function invoked(
  data: ComponentData,
  name: string,
  args: readonly GuestValue[],
  resources: KeptResources | undefined,
): Call | Misuse {
  const exported = findExport(data, name);
  if (exported === undefined)
    return misuse(`Cannot invoke "${name}": the component exports no such function`, data);
  if (resources === undefined && exported.function.startsWith('[')) {
    return {
      kind: 'invalid',
      code: 'INPUT_INVALID',
      message: `Cannot invoke "${name}": a resource ends with the run that made it`,
      hint: 'Open a session of the component, whose calls hand on its handles: sessions.open({ module })',
    };
  }
  const { params } = exported.type;
  if (args.length > params.length) {
    return misuse(`Cannot invoke "${name}": it takes ${params.length} arguments, got ${args.length}`, data);
  }
  try {
    const converted = params.map(({ name: param, type }, index) =>
      fromJson(args[index], type, `argument ${index + 1} (${param})`, resources),
    );
    return { exported, args: converted, answer: 'plain' };
  } catch (error) {
    if (!(error instanceof MisfitError)) throw error;
    return {
      kind: 'invalid',
      code: 'INPUT_INVALID',
      message: `Cannot invoke "${name}": ${error.message}`,
      details: { place: error.path, wanted: error.wanted },
      ...defined({ hint: error.hint }),
    };
  }
}

/** A tool's input is JSON text; bytes and 64-bit numbers, which JSON does not know, become arrays and text. */
const toolInput = (input: GuestValue): string =>
  JSON.stringify(input ?? {}, (_, part: unknown) => {
    if (typeof part === 'bigint') return part.toString();
    return part instanceof Uint8Array ? [...part] : part;
  });

const misuse = (message: string, data: ComponentData): Misuse => ({
  kind: 'invalid',
  code: 'INPUT_INVALID',
  message,
  details: { exports: exportLines(data) },
  hint: `It exports ${data.exports.length === 0 ? 'nothing that can be called' : data.exports.map(({ name }) => name).join(', ')}`,
});
