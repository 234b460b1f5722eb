import type { ArgumentFault } from '../../contracts/api/tool-call.ts';
import { copyJson } from '../../vocabulary/copy-json.ts';
import { defined } from '../../vocabulary/defined.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import type { JsonObject, JsonValue } from '../../vocabulary/json.ts';
import type { Limits } from '../../vocabulary/limits.ts';
import type {
  JsonSchema,
  ScopedCapability,
  TextRules,
  ToolExample,
  ToolManifest,
} from '../../vocabulary/manifest.ts';
import { shownText } from '../../vocabulary/nearest.ts';
import { faultText } from '../check/faults.ts';
import { SchemaFault, type Validator, type Validators } from '../check/validator.ts';
import { type CapabilityNames, readCapabilities } from './capabilities.ts';
import { inputSchemaOf, jsonSchemaOf, NO_ARGUMENTS } from './json-schema-of.ts';
import { MANIFEST_SCHEMA } from './manifest-schema.ts';

/** A manifest after it was checked: everything is there, and everything is enforced. */
export interface CheckedManifest {
  readonly name: string;
  readonly description: string;
  readonly version: string;
  readonly aliases: readonly string[];
  readonly category: string | undefined;
  readonly tags: readonly string[];
  readonly keywords: readonly string[];
  readonly input: JsonSchema;
  readonly inputValidator: Validator;
  readonly output: JsonSchema | undefined;
  readonly outputValidator: Validator | undefined;
  readonly examples: readonly ToolExample[];
  /** By whole names: wildcards stand for what there is. */
  readonly capabilities: readonly string[];
  readonly scopes: readonly ScopedCapability[];
  readonly limits: Partial<Limits>;
  readonly dangerous: boolean;
  readonly cacheable: boolean;
  readonly idempotent: boolean;
  readonly requiresAuth: boolean;
  readonly settings: Readonly<Record<string, string>>;
  readonly pipe: string | undefined;
  readonly text: TextRules;
  readonly entry: string | undefined;
  readonly packages: readonly string[];
}

/** What the schema promises of a manifest that fits it. */
type Plain = Omit<ToolManifest, 'input' | 'output'>;

export interface ManifestContext {
  readonly validators: Validators;
  /** Those that there are; `any` where no runtime has told them. */
  readonly capabilities: CapabilityNames | 'any';
  /** What cannot be done without. @default 'register' */
  readonly action?: 'register' | 'define';
  /** The file it stands in, for messages. */
  readonly file?: string | undefined;
}

/**
 * Checks a manifest whole and says all that is wrong with it at once.
 * @throws {SandglassError} MANIFEST_INVALID naming file, path and nearest name; UNSUPPORTED for what nothing enforces yet.
 */
export function readManifest(given: unknown, context: ManifestContext): CheckedManifest {
  const { validators, file, action = 'register' } = context;
  const fail = (faults: readonly ArgumentFault[]): SandglassError => invalid(given, faults, action, file);
  const one = (path: string, error: unknown): SandglassError => fail(schemaFaults(path, error));
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw fail([{ path: '', message: 'expected an object', rule: 'type' }]);
  const { input: givenInput, output: givenOutput, ...rest } = given as Record<string, unknown>; // an object, as was just seen
  let plain: JsonValue;
  try {
    plain = copyJson(rest, 'the manifest', { maxBytes: 1_048_576, maxDepth: 100 });
  } catch (error) {
    throw one('', error);
  }
  const checked = validators.of(MANIFEST).check(plain, { coerce: false });
  const faults = checked.ok ? [] : [...checked.faults];
  const schema = <T>(path: string, read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      faults.push(...schemaFaults(path, error));
      return undefined;
    }
  };
  const input = schema('input', () => {
    const json = inputSchemaOf(givenInput);
    return { json, validator: validators.of(json) };
  });
  const output = schema('output', () => {
    if (givenOutput === undefined) return undefined;
    const json = jsonSchemaOf(givenOutput, 'output');
    return { json, validator: validators.of(json) };
  });
  const manifest = plain as unknown as Plain; // as the schema says, or it is thrown away below
  const capabilities = schema('capabilities', () =>
    readCapabilities(checked.ok ? (manifest.capabilities ?? []) : [], context.capabilities),
  );
  if (checked.ok && input !== undefined) faults.push(...exampleFaults(manifest, input.validator));
  if (checked.ok && input !== undefined) faults.push(...pipeFaults(manifest, input.json));
  if (checked.ok && capabilities !== undefined) faults.push(...settingFaults(manifest, capabilities));
  if (faults.length > 0 || input === undefined || capabilities === undefined) throw fail(faults);
  refuseUnenforced(manifest, action);
  return {
    ...rested(manifest),
    input: input.json ?? NO_ARGUMENTS,
    inputValidator: input.validator,
    output: output?.json,
    outputValidator: output?.validator,
    ...capabilities,
  };
}

/** Examples are in it too: they are of the manifest's own input. */
const MANIFEST = MANIFEST_SCHEMA as unknown as JsonObject; // JSON, whatever its literal type

const rested = (manifest: Plain) => ({
  name: manifest.name,
  description: manifest.description,
  version: manifest.version ?? '0.0.0',
  aliases: manifest.aliases ?? [],
  category: manifest.category,
  tags: manifest.tags ?? [],
  keywords: manifest.keywords ?? [],
  examples: manifest.examples ?? [],
  limits: manifest.limits ?? {},
  dangerous: manifest.dangerous ?? false,
  cacheable: manifest.cacheable ?? false,
  idempotent: manifest.idempotent ?? false,
  requiresAuth: manifest.requiresAuth ?? false,
  settings: manifest.settings ?? {},
  pipe: manifest.pipe,
  text: manifest.text ?? {},
  entry: manifest.entry,
  packages: manifest.packages ?? [],
});

function exampleFaults({ examples = [] }: Plain, validator: Validator): readonly ArgumentFault[] {
  return examples.flatMap(({ input }, index) => {
    const checked = validator.check(input, { coerce: false });
    return checked.ok ? [] : prefixed(`examples[${index}].input`, checked.faults);
  });
}

function settingFaults(
  { settings }: Plain,
  { capabilities }: { readonly capabilities: readonly string[] },
): readonly ArgumentFault[] {
  if (settings === undefined || Object.keys(settings).length === 0) return [];
  if (['env', '*'].some((name) => capabilities.includes(name))) return [];
  const message = 'are read from the environment: name the capability "env" too';
  return [{ path: 'settings', message, rule: 'settings', allowed: ['env'] }];
}

function pipeFaults({ pipe }: Plain, input: JsonSchema): readonly ArgumentFault[] {
  const known = Object.keys((input.properties ?? {}) as object); // the schema of schemas wants an object here
  if (pipe === undefined || known.includes(pipe)) return [];
  return [
    { path: 'pipe', message: `${shownText(pipe)} is not a field of the input`, rule: 'pipe', allowed: known },
  ];
}

function schemaFaults(path: string, error: unknown): readonly ArgumentFault[] {
  if (error instanceof SchemaFault) return prefixed(path, error.faults);
  const message = error instanceof Error ? error.message : 'cannot be read';
  return [{ path, message: message.replace(/^strict mode: /, ''), rule: 'schema' }];
}

const prefixed = (prefix: string, faults: readonly ArgumentFault[]): readonly ArgumentFault[] =>
  faults.map((fault) => ({
    ...fault,
    path: fault.path === '' ? prefix : `${prefix}${fault.path.startsWith('[') ? '' : '.'}${fault.path}`,
  }));

function refuseUnenforced({ name, source, sink }: Plain, action: string): void {
  const field = source === true ? 'source' : sink === true ? 'sink' : undefined;
  if (field === undefined) return;
  throw new SandglassError(
    'UNSUPPORTED',
    `Cannot ${action} the tool ${shownText(name)}: ${field} is not enforced by this version`,
    { details: { field }, hint: `Leave ${field} out of the manifest` },
  );
}

function invalid(
  given: unknown,
  faults: readonly ArgumentFault[],
  action: string,
  file: string | undefined,
): SandglassError {
  const name: unknown =
    typeof given === 'object' && given !== null ? (given as { name?: unknown }).name : undefined;
  const which = typeof name === 'string' ? ` ${shownText(name)}` : '';
  const where = file === undefined ? '' : `${file}: `;
  return new SandglassError(
    'MANIFEST_INVALID',
    `Cannot ${action} the tool${which}: ${where}${faultText(faults)}`,
    {
      details: { ...defined({ file }), errors: faults },
      hint: 'Mend the manifest; sandglass/manifest.schema.json says what it may hold',
    },
  );
}
