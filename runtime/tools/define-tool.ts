import type {
  ModuleHandler,
  ScriptHandler,
  ToolHandler,
  TrustedContext,
  TrustedHandler,
} from '../contracts/api/tool-handler.ts';
import type { ArgumentsOf } from '../contracts/arguments-of.ts';
import { checkField, checkFields, type FieldKind } from '../vocabulary/check-fields.ts';
import type { JsonSchema, ParameterMap, StandardSchema, ToolManifest } from '../vocabulary/manifest.ts';
import { createInterpretedValidators } from './check/interpreted-validators.ts';
import type { Validators } from './check/validator.ts';
import { readManifest } from './manifest/read-manifest.ts';

const WHERE = 'define a tool';

/** Fields of all kinds of handler; which go together, `register` says. */
const HANDLER: Readonly<Record<keyof TrustedHandler | keyof ScriptHandler | keyof ModuleHandler, FieldKind>> =
  {
    trusted: 'boolean',
    run: 'function',
    language: 'text',
    code: 'text',
    filename: 'text',
    modules: 'object',
    packages: 'list',
    module: 'any',
    invoke: 'text',
  };

let validators: Validators | undefined;

type Input = JsonSchema | ParameterMap | StandardSchema;

/** A manifest whose input says what `run` gets. */
export type TypedManifest<I extends Input> = Omit<ToolManifest, 'input'> & { readonly input: I };

/** A function of the host's, as `TrustedHandler`, whose arguments have the types of the schema. */
export interface TypedHandler<I extends Input> {
  readonly trusted: true;
  readonly run: (args: ArgumentsOf<I>, context: TrustedContext) => unknown;
}

/** A tool that runs in a guest; its source or binary is held to no types. */
type GuestHandler = ScriptHandler | ModuleHandler | Uint8Array;

/** What `register` takes. */
export type DefinedTool<H extends ToolHandler = TrustedHandler> = readonly [
  manifest: ToolManifest,
  handler: H,
];

/**
 * A tool as one value, for `register(...tool)`: a trusted one, whose function has the types of its input, so that a misuse of an argument does not
 * compile; or a guest, by its source or its `.wasm`. The manifest is checked as `register` does it, but for the names of capabilities, which a
 * runtime knows; calls are held to the schema as always.
 * @throws {TypeError} when one of them is missing or is not what it should be.
 * @throws {SandglassError} MANIFEST_INVALID naming all that is wrong with the manifest, with the nearest names; UNSUPPORTED for what nothing
 * enforces.
 * @example
 * runtime.tools.register(
 *   ...defineTool(
 *     { name: 'shout', description: 'Text in capitals', input: { text: { type: 'string' }, times: { type: 'integer', default: 1 } } },
 *     { trusted: true, run: ({ text, times }) => text.toUpperCase().repeat(times) },
 *   ),
 * );
 */
export function defineTool<const I extends Input>(
  manifest: TypedManifest<I>,
  handler: TypedHandler<I>,
): DefinedTool;
export function defineTool<H extends GuestHandler>(manifest: ToolManifest, handler: H): DefinedTool<H>;
export function defineTool(manifest: ToolManifest, handler: ToolHandler): DefinedTool<ToolHandler> {
  checkField(manifest, 'the manifest', 'object!', WHERE);
  if (!(handler instanceof Uint8Array) && typeof handler !== 'function') checkFields(handler, HANDLER, WHERE);
  validators ??= createInterpretedValidators();
  readManifest(manifest, { validators, capabilities: 'any', action: 'define' });
  // The pipeline passes on only arguments that fit the schema, which is what the types were made of.
  return [manifest, handler];
}
