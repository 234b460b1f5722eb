import type { ToolOutcome } from '../../contracts/api/tool-call.ts';
import { defined } from '../../vocabulary/defined.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import { nearest } from '../../vocabulary/nearest.ts';
import type { Stage } from '../pipeline.ts';
import type { ToolStore } from '../registry.ts';
import { nameFromModel } from '../select/model-name.ts';

/**
 * Finds the tool by name or alias.
 * @param reread Looks whether a server that is held was confirmed meanwhile.
 */
export const findStage = (
  store: ToolStore,
  reread: (server: string) => Promise<void>,
): Stage<ToolOutcome> => ({
  name: 'find',
  when: 'before',
  handle: (call, next) => {
    call.tool = store.find(call.name) ?? store.find(nameFromModel(call.name));
    if (call.tool === undefined) throw notFound(call.name, call.shownName, store);
    const { body } = call.tool;
    return body.kind === 'remote' && body.remote.held() !== undefined
      ? reread(body.remote.server).then(next)
      : next();
  },
});

export function notFound(name: string, shown: string, store: ToolStore): SandglassError {
  const names = store.names();
  const near = nearest(name, names) ?? names.find((known) => known.includes(name) || name.includes(known));
  return new SandglassError('TOOL_NOT_FOUND', `Cannot call ${shown}: there is no such tool`, {
    details: { tool: name.slice(0, 200), ...defined({ nearest: near }) },
    hint: near === undefined ? 'Look for one with tools.search or tools.list' : `Did you mean "${near}"?`,
  });
}
