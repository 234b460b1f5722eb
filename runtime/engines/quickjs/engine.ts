import type { CompiledModule, Engine, Executor, PreparedGuest } from '../../contracts/engine.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import { madeOnce } from '../../vocabulary/made-once.ts';
import { ownUrl } from '../../vocabulary/own-url.ts';
import { MIB } from '../../vocabulary/units.ts';
import { checkQuickjsOptions, QUICKJS_OPTIONS } from './options.ts';
import { ENGINE_MODULE, type Program } from './program.ts';
import { createSourceReader } from './read-source.ts';

export interface QuickjsEngineOptions {
  /** The compiled engine, `quickjs.wasm` of the build. Called once, on first use; after a failure again. */
  readonly loadModule: () => Promise<CompiledModule>;
}

/** The release of QuickJS inside, by the date its author gives it. */
const QUICKJS_RELEASE = '2025-09-13';

/**
 * JavaScript and TypeScript guests on QuickJS: scripts (the value is the last expression) and ES modules (the value is the default
 * export), top-level await in both. One instance a run, which starts from a snapshot with runtime and prelude in it.
 *
 * `options` of a run: `imports`, the specifiers it may import beside its own relative files; `block`, global names taken away; `preset: 'safe'`.
 */
export function createQuickjsEngine({ loadModule }: QuickjsEngineOptions): Engine {
  let typescript = false;
  let executor: Executor | undefined;
  const readSource = createSourceReader();
  const compiled = madeOnce(loadModule);
  const prepared = async (program: Program): Promise<PreparedGuest> => ({
    engine: 'quickjs',
    data: program,
    modules: { [ENGINE_MODULE]: await compiled() },
    likeness: program.code,
  });
  return {
    name: 'quickjs',
    version: QUICKJS_RELEASE,
    languageVersion: 'ES2024 and later; TypeScript 5 without its types',
    languages: ['javascript', 'typescript'],
    options: QUICKJS_OPTIONS,
    realm: 'sealed',
    memoryBytes: 64 * MIB,
    stackSizeMb: 16,
    sharesThread: true,
    inline: true,
    // A compiled build has `.js` where the sources have `.ts`. Told when asked: a module in workerd has no URL, and no worker to tell it.
    get executorUrl() {
      return ownUrl(import.meta.url, './execute', './execute.cell').href;
    },
    // Brought in by the first run in this thread; cells import it by its URL.
    execute: async (...run) => {
      executor ??= await import('./execute.ts');
      return executor.execute(...run);
    },
    open: async () => (await import('./execute.ts')).open(),
    prepare: async (source, context) => {
      const { options = {} } = context;
      if (source.kind !== 'script') {
        throw new SandglassError('INPUT_INVALID', 'Cannot run as JavaScript: it is not source text');
      }
      checkQuickjsOptions(options);
      typescript ||= source.language === 'typescript';
      return prepared(await readSource(source, context));
    },
    // A cell that is started for TypeScript, or after it, brings the type remover along.
    shared: () => prepared({ code: '', filename: 'main.js', form: 'script', modules: {}, typescript }),
  };
}
