import type { ToolsPort } from '../contracts/operations/tools.ts';

/** The port that is handed out before there are tools behind it. */
export function lateTools(): { readonly tools: ToolsPort; bind(port: ToolsPort): void } {
  let bound: ToolsPort | undefined;
  const there = (): ToolsPort => {
    if (bound === undefined) throw new TypeError('Cannot call tools: the runtime is not ready');
    return bound;
  };
  return {
    tools: {
      call: (...call) => there().call(...call),
      search: (...search) => there().search(...search),
      describe: (...asked) => there().describe(...asked),
    },
    bind: (port) => {
      bound = port;
    },
  };
}
