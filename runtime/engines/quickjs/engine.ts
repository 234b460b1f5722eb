import type {
  CompiledModule,
  Engine,
  Executor,
  PreparedGuest,
  ScriptSource,
} from '../../contracts/engine.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import { ownUrl } from '../../vocabulary/own-url.ts';
import { MIB } from '../../vocabulary/units.ts';
import type { GuestFailure } from './machine-host.ts';
import { checkQuickjsOptions, QUICKJS_OPTIONS } from './options.ts';
import { ENGINE_MODULE, type Program } from './program.ts';

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
  let loading: Promise<CompiledModule> | undefined;
  let typescript = false;
  let executor: Executor | undefined;
  const compiled = (): Promise<CompiledModule> => {
    loading ??= loadModule().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
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
    prepare: async (source, { options = {} }) => {
      if (source.kind !== 'script') {
        throw new SandglassError('INPUT_INVALID', 'Cannot run as JavaScript: it is not source text');
      }
      checkQuickjsOptions(options);
      typescript ||= source.language === 'typescript';
      return prepared(
        source.language === 'typescript' || source.filename.endsWith('.jsx')
          ? await fromTypescript(source)
          : fromJavascript(source),
      );
    },
    // A cell that is started for TypeScript, or after it, brings the type remover along.
    shared: () => prepared({ code: '', filename: 'main.js', form: 'script', modules: {}, typescript }),
  };
}

const fromJavascript = ({ code, filename, form, modules }: ScriptSource): Program => ({
  code,
  filename,
  form,
  modules,
  typescript: false,
});

/** Whether a text may have namespaces with values in them, which the type remover drops. */
const hasNamespaces = (text: string): boolean =>
  /\bnamespace\s{1,20}[\w$.]{1,100}\s{0,20}\{/.test(text) && !/\bdeclare\s{1,20}namespace\b/.test(text);

/**
 * Whether a text decorates as TypeScript did before there was a standard: nothing else has decorators of parameters, descriptors and metadata.
 * One that names a context is the standard's.
 */
const hasLegacyDecorators = (text: string): boolean =>
  /@[\w$]/.test(text) &&
  !/\b\w{1,40}DecoratorContext\b|\bcontext\s{0,4}[:.]|\baddInitializer\b/.test(text) &&
  /\b(?:Typed)?PropertyDescriptor\b|\b(?:Class|Method|Property|Parameter)Decorator\b|\breflect-metadata\b|\bReflect\.(?:metadata|\w{3,9}Metadata)\b|\bparameterIndex\b|\btarget\b[^,()\n]{0,60},\s{0,20}(?:property\w{0,20}|key|methodName|name|member)\b|[(,]\s{0,40}@[\w$]{1,60}(?:\([^()\n]{0,100}\))?\s{1,20}(?:(?:public|private|protected|readonly)\s{1,20}){0,2}[\w$]{1,60}\??\s{0,20}:/.test(
    text,
  );

async function fromTypescript({ code, filename, form, modules }: ScriptSource): Promise<Program> {
  const { stripTypes } = await import('./strip-types.ts');
  const { stripNamespaces } = [code, ...Object.values(modules)].some(hasNamespaces)
    ? await import('./lower.ts')
    : { stripNamespaces: () => undefined };
  const { joinNamespaces } = [code, ...Object.values(modules)].some(hasNamespaces)
    ? await import('./namespaces.ts')
    : { joinNamespaces: (text: string) => text };
  const { applyLegacyDecorators } = [code, ...Object.values(modules)].some(hasLegacyDecorators)
    ? await import('./legacy-decorators.ts')
    : { applyLegacyDecorators: () => undefined };
  const stripped = (given: string, name: string): string => {
    const text = (hasLegacyDecorators(given) ? applyLegacyDecorators(given, name) : undefined) ?? given;
    const whole = hasNamespaces(text) ? stripNamespaces(joinNamespaces(text, name), name) : undefined;
    if (whole !== undefined) return whole;
    const result: string | GuestFailure = stripTypes(text, name);
    if (typeof result === 'string') return result;
    throw new SandglassError('INPUT_INVALID', result.failure, { details: { file: name } });
  };
  return {
    code: stripped(code, filename),
    filename,
    form,
    modules: Object.fromEntries(
      Object.entries(modules).map(([name, text]) => [
        name,
        /\.(?:json|[mc]?js)$/.test(name) ? text : stripped(text, name),
      ]),
    ),
    typescript: true,
  };
}
