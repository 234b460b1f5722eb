/** Names that programs of other places expect, with what to use in a guest. */
const NAMES: Readonly<Record<string, string>> = Object.assign(Object.create(null), {
  window: 'a guest has no window; use globalThis',
  document: 'a guest has no page; build text yourself, or parse HTML with a library passed in modules',
  XMLHttpRequest: 'use fetch',
  localStorage: 'keep values in variables, or in files under a grant',
  sessionStorage: 'keep values in variables, or in files under a grant',
  indexedDB: 'keep values in variables, or in files under a grant',
  Worker: 'a guest is one thread; do the work in it, or start several runs',
  WebAssembly: 'a guest starts no wasm; give the module to the run instead',
  Deno: 'use the fs global and fetch',
  Bun: 'use the fs global and fetch',
  importScripts: 'use import or require',
  alert: 'use console.log',
  prompt: 'read input with readline() or from stdin',
  confirm: 'read input with readline() or from stdin',
  $: 'parse HTML with a library passed in modules, e.g. cheerio',
  jQuery: 'parse HTML with a library passed in modules, e.g. cheerio',
  describe: "import { describe } from 'node:test'",
  it: "import { it } from 'node:test'",
  expect: "there is none; import assert from 'node:assert'",
  React: 'pass react in modules, or define React.createElement',
  print: 'use console.log',
  tools: 'Grant `tools` to the run: the name is there only with it',
});

const TYPES =
  /\b(?:interface|enum|namespace|declare|type)\s{1,9}\w|:\s{0,9}(?:string|number|boolean|any|unknown)\b|\bas\s{1,9}(?:const|any|unknown|string|number)\b|@\w{1,60}\s{0,9}(?:\(|\n|class|\w{1,60}\()/;

/** What a person or a model can do about an uncaught error; `undefined` where nothing is known. */
export function hintFor(
  name: string,
  message: string,
  code: string,
  typescript: boolean,
): string | undefined {
  if (name === 'ReferenceError') {
    const missing = /^'?([\w$]+)'? is not defined/.exec(message)?.[1];
    return missing === undefined ? undefined : NAMES[missing];
  }
  if (message.startsWith('Cannot import "') && message.includes(': no such module; '))
    return 'Pass its source in modules, or bundle it into the program: a guest has no packages of npm';
  if (name === 'SyntaxError' && !typescript) {
    if (/(?:^|[=(,?:\s]|return)\s{0,9}<[A-Za-z>]/.test(code) && /<\/|\/>/.test(code)) {
      return 'It looks like JSX: run it as typescript with a filename that ends in .tsx';
    }
    if (TYPES.test(code)) return 'It looks like TypeScript: run it as typescript';
  }
  return undefined;
}
