import { createFsHostFunction } from '../../host-functions/fs/fs.ts';
import { createNodeBackend } from '../../host-functions/fs/node-backend.ts';
import { createToolsHostFunction } from '../../host-functions/tools/tools.ts';
import type { ToolOutcome } from '../../runtime/contracts/api/tool-call.ts';
import type { ToolsPort } from '../../runtime/contracts/operations/tools.ts';
import type { Grant, JsonObject, Outcome, Runtime, RuntimeOptions } from '../../runtime/index.ts';
import { nodePlatform } from '../../runtime/platform/node.ts';
import { createNodePyodideEngine } from '../../runtime/platform/python/pyodide-engine.ts';
import { createRuntimeOn } from '../../runtime/runtime.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import { quickjsEngine } from './quickjs-for-tests.ts';

export interface TestTool {
  /** Code of a JavaScript guest that finds its arguments in `input`. */
  readonly code: string;
  readonly grant?: Grant;
}

/** A runtime whose guests call tools through the host function alone: a tool is a run that is nested in the one that calls. */
export function runtimeWithTools(
  tools: Readonly<Record<string, TestTool>>,
  options: RuntimeOptions = {},
): Runtime & { readonly called: readonly string[] } {
  const called: string[] = [];
  const port: ToolsPort = {
    call: async (name, args, { run, signal }) => {
      called.push(name);
      const tool = tools[name] ?? { code: "throw new Error('no such tool')" };
      const outcome: Outcome = await runtime.run({
        language: 'javascript',
        code: tool.code,
        inputs: { input: args as JsonObject }, // the host function has read them
        parent: run,
        signal,
        ...defined({ grant: tool.grant }),
      });
      return { ...outcome, tool: name, callId: `call-${called.length}`, text: '', trace: [] } as ToolOutcome;
    },
    search: (query) =>
      Object.keys(tools)
        .filter((name) => name.includes(query))
        .map((name) => ({ name, description: `does ${name}`, score: 1 })),
    describe: (name, { language }) =>
      tools[name] === undefined
        ? undefined
        : {
            name,
            description: `does ${name}`,
            input: { type: 'object' },
            output: null,
            examples: [],
            signature: `${language} ${name}`,
          },
  };
  const runtime = createRuntimeOn(
    {
      ...nodePlatform,
      engines: [quickjsEngine(), createNodePyodideEngine({})],
      hostFunctions: [createFsHostFunction({ backend: createNodeBackend() }), createToolsHostFunction(port)],
    },
    options,
  );
  return Object.assign(runtime, { called });
}
