import type { RunOptions } from '../contracts/api/run.ts';
import type { ScriptHandler } from '../contracts/api/tool-handler.ts';
import type { Caller } from '../vocabulary/caller.ts';
import { copyJson } from '../vocabulary/copy-json.ts';
import { defined } from '../vocabulary/defined.ts';
import type { JsonObject, JsonValue } from '../vocabulary/json.ts';
import { languageName } from '../vocabulary/languages.ts';
import type { Outcome } from '../vocabulary/outcome.ts';
import { CALL } from './python/programs.ts';
import type { Body } from './tool.ts';
import { type ToolCall, toolOf } from './tool-call.ts';

/** The embedder itself, where a run has to be held to the capabilities of its tool. */
const EMBEDDER = 'embedder';

/** The run of a call: one fresh guest, with what manifest, caller and policy have in common. */
export function guestRunOf(
  call: ToolCall,
  body: Exclude<Body, { readonly kind: 'trusted' | 'own' | 'remote' }>,
): RunOptions {
  const base = {
    grant: call.grant,
    limits: call.limits,
    level: call.level,
    signal: call.signal,
    runId: call.runId,
    caller: callerOf(call),
    ...defined({ parent: call.parent, traceparent: call.options.traceparent }),
    ...(call.options.observe === true ? { observe: true } : {}),
    ...(call.options.trace === true ? { trace: true } : {}),
    ...defined({ onOutput: call.options.onOutput }),
  };
  if (body.kind === 'script')
    return { ...base, ...scriptRun(body.script, call.args, toolOf(call).manifest.name) };
  const { exported } = body.kind === 'component' ? body : { exported: undefined };
  if (exported === undefined) return { ...base, module: body.module, inputs: call.args, stdin: call.args };
  return {
    ...base,
    module: body.module,
    invoke: exported.invoke,
    args: exported.params.map((name) => call.args[name]),
  };
}

/**
 * No capability beyond those of the tool, on every host call: also those that one part of a grant cannot tell apart. What the caller may be
 * granted at most holds as well.
 */
function callerOf(call: ToolCall): Caller {
  const { capabilities } = toolOf(call).manifest;
  const { caller } = call;
  return {
    id: caller?.id ?? EMBEDDER,
    ...defined({ agent: caller?.agent, grants: caller?.grants }),
    permissions: capabilities,
  };
}

/** What calls the tool's own module. */
const MAIN = '__call.js';

/** Global by which a script finds its arguments. */
const INPUT = 'sandglass_input';

function scriptRun(
  { language, code, filename, modules, packages }: ScriptHandler,
  args: JsonObject,
  name: string,
) {
  const common = { language, inputs: { [INPUT]: args }, ...defined({ modules }) };
  if (languageName(language) === 'python')
    return {
      ...common,
      code: `${code}\n${PYTHON_END}`,
      filename: filename ?? `${name}.py`,
      ...defined({ packages }),
    };
  if (languageName(language) === 'shell')
    return { language, code, filename: filename ?? `${name}.sh`, inputs: variablesOf(args), stdin: args };
  const file = filename ?? `${name}.${languageName(language) === 'typescript' ? 'ts' : 'js'}`;
  // A second module would cost a guest as much fuel as many a tool takes.
  if (modules === undefined && showsRun(code, file))
    return { ...common, code: `${code}\n${OWN_END}`, form: 'module' as const, filename: file };
  return {
    ...common,
    code: `import * as tool from ${JSON.stringify(file)};\n${JAVASCRIPT_END}`,
    form: 'module' as const,
    filename: MAIN,
    modules: { ...modules, [file]: `${code}\n${isCommonJs(code) ? COMMONJS_EXPORT : JAVASCRIPT_EXPORT}` },
  };
}

/** A shell script finds each argument as a variable of its name, but none that could be one the shell itself looks at, and all as JSON on stdin. */
const variablesOf = (args: JsonObject): JsonObject => ({
  [INPUT]: args,
  ...Object.fromEntries(Object.entries(args).filter(([name]) => /^[a-z][A-Za-z0-9_]*$/.test(name))),
});

/** A `run` that is not exported is found, too. */
const JAVASCRIPT_EXPORT = `;export const __sandglassRun = typeof run === 'function' ? run : undefined;`;

const COMMONJS_EXPORT = `;if (typeof run === 'function') module.exports.__sandglassRun = run;`;

/** Whether a script gives what it has by `module.exports`: an export of ours would make it a module of the other kind. */
const isCommonJs = (code: string): boolean =>
  /\b(?:module\.exports|exports\.[A-Za-z_$])/.test(code) &&
  !code.split('\n').some((line) => /^(?:import|export)\b/.test(line.trimStart()));

/** How a line begins that says which function a tool is. */
const RUN_LINES: readonly string[] = ['function run(', 'async function run(', 'const run = '].flatMap(
  (line) => [line, `export ${line}`],
);

/** What else could be meant; and what tells a script whether, and by what name, it was imported. */
const OTHERWISE =
  /\bdefault\b|\bexports\b|\bexport\b(?! (?:async|class|const|enum|function|interface|let|type) )|\bmeta\b|\bargv\b|\bimport ?\(/;

/** Whether a script says by one such line what it is, and gives nothing else that could be meant. */
const showsRun = (code: string, file: string): boolean =>
  !OTHERWISE.test(code) &&
  !code.includes(INPUT) &&
  !code.includes(file) &&
  code.split('\n').some((line) => RUN_LINES.some((known) => line.startsWith(known)));

const NOTHING_TO_CALL = `throw new TypeError('the tool has neither a function run(args) nor a default export that is one');`;

const OWN_END = `;if (typeof run !== 'function') ${NOTHING_TO_CALL}
export default await run(${INPUT});`;

const JAVASCRIPT_END = `const run = [tool.run, tool.default?.run, tool.default, tool.__sandglassRun].find((one) => typeof one === 'function');
if (run === undefined) ${NOTHING_TO_CALL}
export default await run(${INPUT});`;

const PYTHON_END = `${CALL}\nawait __sandglass_run()`;

/** What a command printed is what it answers: JSON, else the text. */
export function answerOf(outcome: Outcome): Outcome {
  if (!outcome.ok || outcome.exitCode === undefined || outcome.value !== undefined) return outcome;
  const text = outcome.stdout.trim();
  if (text === '') return outcome;
  return { ...outcome, value: parsed(text) };
}

function parsed(text: string): JsonValue {
  try {
    return copyJson(JSON.parse(text), 'what the command printed', { maxDepth: 1_000 });
  } catch {
    return text; // it prints for people
  }
}
