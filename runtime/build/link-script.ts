import { defined } from '../vocabulary/defined.ts';
import { transform } from 'sucrase';
import { SandglassError } from '../vocabulary/errors.ts';

/** A source file that was found: its id is its path, as messages and further imports have it. */
export interface FoundSource {
  readonly id: string;
  readonly text: string;
}

export interface LinkOptions {
  /** Finds what a file imports by a relative specifier; `undefined` when there is nothing. */
  readonly find: (specifier: string, from: string) => Promise<FoundSource | undefined>;
  /** Bundles a package, its exports as CommonJS; absent where nothing can. */
  readonly bundlePackage?: ((specifier: string) => Promise<string>) | undefined;
}

const MOST_FILES = 1_000;
const HOST = /^sandglass:host\/(fs|http|log)(?:@[\d.]+)?$/;

/**
 * One expression out of a tool's files: JavaScript or TypeScript that import each other. Called with the interfaces of the host it answers the
 * function `run`. Runs nothing.
 * @throws {SandglassError} INPUT_INVALID naming the file and the reason.
 */
export async function linkScript(entry: FoundSource, options: LinkOptions): Promise<string> {
  const numbers = new Map<string, number>([[entry.id, 0]]);
  const queue: FoundSource[] = [entry];
  const modules: string[] = [];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { id } = next;
    const { code, specifiers } = id.endsWith('.json')
      ? { code: `module.exports = ${JSON.stringify(JSON.parse(next.text))};`, specifiers: [] }
      : compile(next);
    const links: [string, number][] = [];
    for (const specifier of specifiers) {
      if (HOST.test(specifier)) continue;
      const found = await findModule(specifier, id, options);
      const number = numbers.get(found.id) ?? numbers.size;
      if (!numbers.has(found.id)) {
        if (numbers.size >= MOST_FILES) throw cannotBuild(id, `the tool has over ${MOST_FILES} files`);
        numbers.set(found.id, number);
        queue.push(found);
      }
      links.push([specifier, number]);
    }
    const end =
      id === entry.id ? '\n;if (exports.run === undefined && typeof run === "function") exports.run = run;' : '';
    modules.push(
      `[${JSON.stringify(Object.fromEntries(links))}, function (require, exports, module) {${code}${end}\n}]`,
    );
  }
  return `(function (host) {
const modules = [${modules.join(',\n')}];
const loaded = [];
const load = (number) => {
  if (loaded[number] === undefined) {
    const [links, body] = modules[number];
    const module = (loaded[number] = { exports: {} });
    body((name) => {
      const own = /^sandglass:host\\/(\\w+)/.exec(name);
      if (own === null) return load(links[name]);
      if (host[own[1]] === undefined) throw new Error('the manifest asks for no capability of ' + own[1]);
      return host[own[1]];
    }, module.exports, module);
  }
  return loaded[number].exports;
};
const tool = load(0);
return tool.run ?? tool.default?.run ?? tool.default;
})`;
}

function compile({ id, text }: FoundSource): {
  readonly code: string;
  readonly specifiers: readonly string[];
} {
  try {
    const { code } = transform(text, {
      transforms: /\.[cm]?tsx?$/.test(id) ? ['typescript', 'imports'] : ['imports'],
      filePath: id,
      preserveDynamicImport: false,
      disableESTransforms: true,
      production: true,
    });
    // What sucrase makes of imports, and nothing else has this form in front of a text.
    const found = [...code.matchAll(/\brequire\((['"])([^'"\n]{1,1000})\1\)/g)].map(([, , name = '']) => name);
    return { code, specifiers: [...new Set(found)] };
  } catch (error) {
    throw cannotBuild(id, error instanceof Error ? error.message : 'it cannot be read');
  }
}

async function findModule(specifier: string, from: string, options: LinkOptions): Promise<FoundSource> {
  if (/^\.{1,2}\//.test(specifier)) {
    const found = await options.find(specifier, from);
    if (found === undefined) throw cannotBuild(from, `there is no ${JSON.stringify(specifier)}`);
    return found;
  }
  if (specifier.startsWith('node:') || NODE_NAMES.has(specifier.split('/')[0] ?? ''))
    throw cannotBuild(
      from,
      `it imports ${JSON.stringify(specifier)}, and a built tool has no modules of Node`,
      'Files come from "sandglass:host/fs", requests from "sandglass:host/http"',
    );
  if (options.bundlePackage === undefined)
    throw cannotBuild(
      from,
      `it imports the package ${JSON.stringify(specifier)}, and what bundles packages is not installed`,
      'npm install --save-dev esbuild',
    );
  return { id: `${specifier}.bundled.js`, text: await options.bundlePackage(specifier) };
}

const NODE_NAMES: ReadonlySet<string> = new Set(
  ('assert buffer child_process cluster crypto dns events fs http http2 https module net os path ' +
'process querystring readline stream timers tls tty url util vm worker_threads zlib').split(
    ' ',
  ),
);

const cannotBuild = (file: string, reason: string, hint?: string): SandglassError =>
  new SandglassError('INPUT_INVALID', `Cannot build ${file}: ${reason}`, {
    details: { file },
    ...defined({ hint }),
  });
