import type { Engine, PrepareContext, ScriptSource } from '../../contracts/engine.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import type { JsonObject, JsonValue } from '../../vocabulary/json.ts';
import { ownUrl } from '../../vocabulary/own-url.ts';
import { Recent } from '../../vocabulary/recent.ts';
import { MIB } from '../../vocabulary/units.ts';
import { createPreview1Engine, type OwnModule } from './engine.ts';
import type { Instrumented } from './instrument-job.ts';
import type { ScriptData } from './module-data.ts';
import type { ModuleCaches, PreparedModule } from './prepare.ts';

export interface ShellEngineOptions {
  readonly module: OwnModule;
  /** What it was made of, for `engines()`: asked for when somebody lists them. */
  readonly version: () => string;
}

const MEMORY_BYTES = 128 * MIB;
/** A script is run by a recursive interpreter: each nested call of a function takes some 8 KiB of the thread's stack. */
const STACK_MB = 16;
const MOST_COMMANDS = 1_000;

/**
 * Shell scripts: an interpreter of ours that runs as a preview 1 module, in the cells of those, over the granted folders. The option `commands`
 * names the commands that a script may use; one that uses another is refused before any of it runs.
 */
export function createShellEngine({ module, version }: ShellEngineOptions): Engine {
  const modules = createPreview1Engine();
  const caches: ModuleCaches = {
    instrumented: new Recent<Promise<Instrumented>>(1),
    compiled: new Recent<Promise<PreparedModule>>(4),
    jobUrl: ownUrl(import.meta.url, './instrument-job').href,
  };
  return {
    ...modules,
    name: 'shell',
    get version() {
      return version();
    },
    languageVersion: 'bash 5',
    setup: 'the first run compiles it, about a second',
    options: ['commands'],
    languages: ['shell'],
    memoryBytes: MEMORY_BYTES,
    stackSizeMb: STACK_MB,
    prepare: async (source, context) => {
      if (source.kind !== 'script')
        throw new SandglassError('UNSUPPORTED', 'Cannot run a .wasm: this engine runs shell scripts only');
      const script = scriptOf(source, context);
      const { prepareModule } = await import('./prepare.ts');
      const own = { hash: module.hash, name: 'shell', bytes: module.load };
      const guest = await prepareModule('shell', own, { ...context, options: {} }, caches);
      const data = { ...(guest.data as JsonObject), script }; // the facts that `prepareModule` made
      return { ...guest, data, wantsFolders: true };
    },
  };
}

/** @throws {SandglassError} INPUT_INVALID for an option that is not known: it might have been meant to restrict. */
function scriptOf(source: ScriptSource, { options = {} }: PrepareContext): ScriptData {
  const unknown = Object.keys(options).find((name) => name !== 'commands');
  if (unknown !== undefined)
    throw new SandglassError(
      'INPUT_INVALID',
      `Cannot run the script: unknown option "${unknown}", known is commands`,
    );
  if (Object.keys(source.modules).length > 0)
    throw new SandglassError(
      'INPUT_INVALID',
      'Cannot run the script: modules are for JavaScript and Python',
      {
        hint: 'Give other scripts as files, and source them',
      },
    );
  const { commands } = options;
  return {
    script: source.code,
    name: source.filename,
    ...(commands === undefined ? {} : { commands: readCommands(commands) }),
  };
}

function readCommands(value: JsonValue): readonly string[] {
  const isName = (item: JsonValue): item is string =>
    typeof item === 'string' && item !== '' && item.length <= 100 && !item.includes('/');
  if (Array.isArray(value) && value.length <= MOST_COMMANDS && value.every(isName)) return value;
  throw new SandglassError(
    'INPUT_INVALID',
    `Cannot run the script: option commands must be a list of up to ${MOST_COMMANDS} names, without folders`,
  );
}
