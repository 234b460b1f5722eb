import type { GuestHost, HostAnswer, RunSpec } from '../../contracts/engine.ts';
import { builtInSource, isBuiltIn, missingBuiltIn } from './built-in.ts';
import type { GuestFailure } from './machine-host.ts';
import { commonJsSource, isCommonJs } from './module-text.ts';
import { rulesOf } from './options.ts';
import type { Program } from './program.ts';

/** Removes types; given only where the program is TypeScript. */
export type StripTypes = (code: string, filename: string) => string | GuestFailure;

/** Finds and reads what a program imports. */
export interface Loader {
  /** Always a name: QuickJS has no way to fail here, so what cannot be found gets a name that cannot be loaded. */
  normalize(base: string, specifier: string): string;
  load(name: string): string | GuestFailure;
  /** Characters put before a module's first line. */
  readonly shifts: Map<string, number>;
  /** What `require` finds: a module of the library, or a file with its text. `base` is the file that asks, empty for the program. */
  require(base: string, specifier: string): { readonly builtin: string } | SourceFile | GuestFailure;
  /** Files that the static graph needs and that have to be waited for. */
  takeMissing(): readonly string[];
  /** The text under a name that stack frames show, if it is at hand. */
  readonly sourceOf: (name: string) => string | undefined;
  /** Whether a specifier leads to what needs no file. */
  readonly isAtHand: (specifier: string) => boolean;
  /** Files read so far, with what the gate answered. */
  readonly files: Map<string, HostAnswer>;
  fetch(name: string): Promise<void>;
  /** From now on a file that is not at hand is asked for at once, or refused. */
  endLinking(): void;
}

const BUILT_IN_PREFIX = 'sandglass:';
/** Before the reason in the name of a module that cannot be found; the NUL-free reason itself is the rest. */
const MISSING_PREFIX = 'sandglass-missing:';

export interface SourceFile {
  readonly name: string;
  readonly text: string;
}

export interface LoaderOptions {
  readonly program: Program;
  /** The name under which the program itself is evaluated when it is a module. */
  readonly main: string;
  readonly run: RunSpec;
  readonly host: GuestHost;
  readonly stripTypes: StripTypes | undefined;
  /** Modules of the library → names that they export. */
  readonly library: Readonly<Record<string, readonly string[]>>;
}

/**
 * Specifiers are tried in this order: built in, passed with the run (as written, or relative to the module that imports), a file under the
 * grant. A file is named by its absolute guest path.
 */
export function createLoader({ program, main, run, host, stripTypes, library }: LoaderOptions): Loader {
  const modules = new Map(Object.entries(program.modules));
  const files = new Map<string, HostAnswer>();
  const missing = new Set<string>();
  const shifts = new Map<string, number>();
  const allowed = allowedImports(run);
  let linking = true;
  /** QuickJS asks for a name and then at once for its text. */
  let importer = main;

  const fail = (specifier: string, reason: string): GuestFailure => ({
    failure: `Cannot import ${JSON.stringify(specifier)} from ${JSON.stringify(importer)}: ${reason}`,
  });

  const readFile = (path: string): HostAnswer | undefined => {
    const known = files.get(path);
    if (known !== undefined) return known;
    if (linking && !host.canBlock) {
      missing.add(path);
      return undefined;
    }
    return host.callSync('fs.readFile', { path }); // QuickJS itself keeps what was loaded
  };

  const source = (name: string): string | GuestFailure => {
    if (name.startsWith(BUILT_IN_PREFIX)) {
      const builtIn = name.slice(BUILT_IN_PREFIX.length);
      return builtInSource(builtIn, library[builtIn] ?? []);
    }
    if (name === main) return program.code;
    if (name.startsWith('data:'))
      return dataModule(name) ?? fail(name, 'its URL holds no JavaScript and no JSON');
    const passed = modules.get(name);
    if (passed !== undefined) return passed;
    if (name.startsWith(MISSING_PREFIX)) return { failure: name.slice(MISSING_PREFIX.length) };
    const answer = readFile(name);
    if (answer === undefined) return fail(name, 'not read yet');
    if (!answer.ok) return { ...fail(name, answer.refusal.message), refusal: answer.refusal };
    let text: string;
    try {
      text = new TextDecoder('utf-8', { fatal: true }).decode(answer.bytes ?? new Uint8Array());
    } catch {
      return fail(name, 'the file is not UTF-8 text');
    }
    if (!/\.[mc]?tsx?$/.test(name)) return text;
    if (stripTypes === undefined) return fail(name, 'a TypeScript file needs a program in TypeScript');
    return stripTypes(text, name);
  };

  return {
    shifts,
    files,
    normalize: (base, specifier) => {
      importer = base.startsWith('<') ? main : base;
      if (base.startsWith('<') && specifier === main) return main;
      const found = resolve(specifier);
      return typeof found === 'string' ? found : MISSING_PREFIX + found.failure;
    },
    load: (name) => {
      const found = source(name);
      if (typeof found !== 'string') return found;
      if (name !== main && !name.startsWith(BUILT_IN_PREFIX) && isCommonJs(name, found)) {
        return commonJsSource(name, found);
      }
      return asModule(name, found, name === main, shifts);
    },
    require: (base, specifier) => {
      importer = base === '' ? main : base;
      const found = resolve(specifier);
      if (typeof found !== 'string') return found;
      if (found.startsWith(BUILT_IN_PREFIX)) return { builtin: found.slice(BUILT_IN_PREFIX.length) };
      let failure: GuestFailure | undefined;
      for (const name of candidates(found)) {
        const text = source(name);
        if (typeof text === 'string') return { name, text: withoutHead(text) };
        // What a file leaves unsaid is tried in turn; a denial is told at once.
        if (text.refusal !== undefined && text.refusal.details?.reason !== 'not-found') return text;
        failure ??= text;
      }
      return failure ?? fail(specifier, 'no such file');
    },
    sourceOf: (name) => {
      if (name === main) return program.code;
      const file = files.get(name);
      return (
        modules.get(name) ?? (file?.ok ? new TextDecoder().decode(file.bytes ?? new Uint8Array()) : undefined)
      );
    },
    isAtHand: (specifier) => {
      importer = main;
      const found = resolve(specifier);
      return typeof found !== 'string' || found.startsWith(BUILT_IN_PREFIX) || modules.has(found);
    },
    takeMissing: () => {
      const names = [...missing];
      missing.clear();
      return names;
    },
    fetch: async (name) => {
      files.set(name, await host.call('fs.readFile', { path: name }));
    },
    endLinking: () => {
      linking = false;
    },
  };

  function resolve(specifier: string): string | GuestFailure {
    if (allowed !== undefined && !allowed.has(specifier) && !isRelative(specifier)) {
      return fail(specifier, `options.imports allows ${[...allowed].join(', ') || 'nothing'}`);
    }
    if (modules.has(specifier)) return specifier;
    const plain = specifier.replace(/^node:/, '');
    if (isBuiltIn(library, plain)) return BUILT_IN_PREFIX + plain;
    const advice = missingBuiltIn(plain, specifier !== plain);
    if (advice !== undefined) return fail(specifier, advice);
    if (isRelative(specifier)) {
      const joined = joinRelative(importer, specifier);
      return passedAs(joined) ?? absolute(joined, run.cwd);
    }
    if (specifier.startsWith('data:')) return specifier;
    if (specifier.startsWith('/')) return absolute(specifier, run.cwd);
    if (specifier.startsWith('file:///')) return absolute(decodePath(specifier.slice(7)), run.cwd);
    const known = modules.keys().take(20).toArray().join(', ');
    return fail(
      specifier,
      `no such module; ${known === '' ? 'none was passed with the run' : `passed with the run: ${known}`}`,
    );
  }
  /** TypeScript writes the name of what a module becomes, or no ending at all. */
  function passedAs(joined: string): string | undefined {
    const names = [joined, joined.replace(/\.js$/, '.ts'), ...candidates(joined)];
    return names.flatMap((name) => [name, `./${name}`]).find((name) => modules.has(name));
  }
}

/** Gives a module what its name and its text ask for: JSON as a default export, `import.meta` filled in. Lines stay where they are. */
function asModule(name: string, code: string, isMain: boolean, shifts: Map<string, number>): string {
  const text = code.charCodeAt(0) === 0xfeff ? code.slice(1) : code;
  if (name.endsWith('.json')) return `export default JSON.parse(${JSON.stringify(text)});`;
  const plain = withoutHead(text);
  if (!plain.includes('import.meta')) return plain;
  const url = name.startsWith('/') ? `file://${encodeURI(name)}` : `file:///${encodeURI(name)}`;
  const folder = name.slice(0, Math.max(0, name.lastIndexOf('/'))) || '/';
  const prefix =
    `import.meta.url=${JSON.stringify(url)};import.meta.main=${isMain};import.meta.resolve=${RESOLVE};` +
    `import.meta.filename=${JSON.stringify(name)};import.meta.dirname=${JSON.stringify(folder)};`;
  shifts.set(name, prefix.length);
  return prefix + plain;
}

/** `import.meta.resolve`: the URL that a specifier stands for; packages are not looked up, as everywhere. */
const RESOLVE =
  '(s)=>/^[.]{0,2}[/]/.test(s)?new URL(s,import.meta.url).href:/^[a-z][a-z0-9+.-]*:/i.test(s)?new URL(s).href:"node:"+s';

/** The text of a module that its own URL holds. */
function dataModule(url: string): string | undefined {
  const comma = url.indexOf(',');
  const type = url.slice('data:'.length, comma);
  const body = decodePath(url.slice(comma + 1));
  const text = type.endsWith(';base64') ? fromBase64Text(body) : body;
  if (/^(?:text|application)\/(?:javascript|ecmascript)\b/.test(type)) return text;
  return type.startsWith('application/json')
    ? `export default JSON.parse(${JSON.stringify(text)});`
    : undefined;
}

const fromBase64Text = (body: string): string => {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(body), (letter) => letter.charCodeAt(0)));
  } catch {
    return ''; // no base64: an empty module, as an empty URL is
  }
};

/** The same text without a byte order mark, and with a comment for a first line that names an interpreter. */
const withoutHead = (code: string): string => {
  const text = code.charCodeAt(0) === 0xfeff ? code.slice(1) : code;
  return text.startsWith('#!') ? `//${text.slice(2)}` : text;
};

/** Names under which `require` looks for a file. */
const candidates = (name: string): readonly string[] =>
  /\.(?:[mc]?[jt]sx?|json)$/.test(name)
    ? [name]
    : [
        name,
        `${name}.js`,
        `${name}.json`,
        `${name}.cjs`,
        `${name}.ts`,
        `${name}/index.js`,
        `${name}/index.cjs`,
      ];

const isRelative = (specifier: string): boolean => specifier.startsWith('./') || specifier.startsWith('../');

/** A relative specifier against the name of its importer, `.` and `..` resolved; never above the root. */
function joinRelative(importer: string, specifier: string): string {
  const rooted = importer.startsWith('/');
  const steps = importer.split('/').slice(0, -1);
  return (rooted ? '/' : '') + resolveSteps([...steps, ...specifier.split('/')]);
}

function absolute(path: string, cwd: string): string {
  return `/${resolveSteps((path.startsWith('/') ? path : `${cwd}/${path}`).split('/'))}`;
}

function resolveSteps(steps: readonly string[]): string {
  const kept: string[] = [];
  for (const step of steps) {
    if (step === '' || step === '.') continue;
    if (step === '..') kept.pop();
    else kept.push(step);
  }
  return kept.join('/');
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path; // not an encoded path: the file will simply not be there
  }
}

/** `options.imports`: what the program may import beside its own relative files. */
function allowedImports(run: RunSpec): ReadonlySet<string> | undefined {
  const { imports } = rulesOf(run.options);
  return imports === undefined ? undefined : new Set(imports);
}
