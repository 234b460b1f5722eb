/**
 * Regular expressions that look as if they could backtrack, by file, each with the reason why it takes linear time over what it meets, or why what
 * it meets is nobody's to choose. All others are anchored with one repetition, or have none.
 */
export const LINEAR_PATTERNS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'host-functions/fs/fs-grant.ts': {
    [String.raw`\.[^.]*$`]: 'a run ends at the next dot; a name has 255 bytes at most',
  },
  'host-functions/http/http-fault.ts': {
    [String.raw`^(ENOTFOUND|EAI_\w+|ENODATA|ESERVFAIL)$`]:
      'codes of errors of Node and of libraries, never a text of a server',
  },
  'host-functions/http/origin-pattern.ts': {
    [String.raw`^(https?|wss?):\/\/(\*\.)?([^*/?#@\\\s]+)\/?$`]:
      'a run of one set of characters with one way to match, over an origin or a host',
    [String.raw`^[\d.]+$|^\[`]:
      'a run of one set of characters with one way to match, over an origin or a host',
    [String.raw`^\[|^\d+(\.\d+){3}$`]:
      'a run of one set of characters with one way to match, over an origin or a host',
  },
  'host-functions/http/response-body.ts': {
    [String.raw`^(Z_|ERR_+(BROTLI|ERROR_FORMAT|ZLIB))`]:
      'codes of errors of Node and of libraries, never a text of a server',
  },
  'runtime/auth/bearer-tokens.ts': {
    [String.raw`^[\w-]+\.[\w-]+\.[\w-]+$`]:
      'a run ends at the next dot; the text has 8,192 characters at most',
  },
  'runtime/catalog/needs.ts': {
    [String.raw`^wasi:filesystem\/|^sandglass:[^/]*\/fs\b|^sandglass:fs\/`]:
      'a run ends at the character that follows it; names of interfaces, which the guard has checked',
    [String.raw`^sandglass:[^/]*\/http\b|^sandglass:http\/`]:
      'a run ends at the character that follows it; names of interfaces, which the guard has checked',
  },
  'runtime/cell/worker-network.ts': {
    [String.raw`^(open|bind6?|connect6?|listen|send6?|query.*|getHostByAddr)$`]: 'names of functions of Node',
    [String.raw`^(lookup|lookupService|resolve.*|reverse)$`]: 'names of functions of Node',
  },
  'runtime/doors/http/access.ts': {
    [String.raw`^Bearer +(.+)$`]:
      'one header, where only a line break could fail the last part, and no header has one',
  },
  'runtime/engines/component/glue/harden-glue.ts': {
    [String.raw`^export function instantiate\(getCoreModule, imports, instantiateCore = [^\n]*\{$`]:
      'runs end with their line; glue of our generator, whose names the guard has checked',
    [String.raw`const _debugLog = \(\.\.\.args\) => \{\n[^\n]*\n\s*console\.debug\(\.\.\.args\);\n\s*\};`]:
      'runs end with their line; glue of our generator, whose names the guard has checked',
    [String.raw`^(\s*)_debugLog\(`]:
      'runs end with their line; glue of our generator, whose names the guard has checked',
    [String.raw`\b(memory\d+)\.buffer\.slice\(`]:
      'runs end with their line; glue of our generator, whose names the guard has checked',
    [String.raw`^(\s*)for \(let i = 0; i < (len\d+); i\+\+\) \{$`]:
      'runs end with their line; glue of our generator, whose names the guard has checked',
    [String.raw`^[ \t]*const _trampoline\d+ = (?:async )?function\([\w, ]*\) \{$`]:
      'runs end with their line; glue of our generator, whose names the guard has checked',
    [String.raw`^const _trampoline\d+ = `]:
      'runs end with their line; glue of our generator, whose names the guard has checked',
    [String.raw`^[ \t]+(?:\/\/.*)?`]:
      'runs end with their line; glue of our generator, whose names the guard has checked',
    [String.raw`'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|(\.|^(?:(?:static|async|get|set) )*)#(?=\w)`]:
      'runs end with their line; glue of our generator, whose names the guard has checked',
    [String.raw`^const (_\w+) = (new WebAssembly\.Module\(new Uint8Array\(\[[\s\da-fx,]*\]\)\));$`]:
      'runs end with their line; glue of our generator, whose names the guard has checked',
  },
  'runtime/engines/component/interfaces/check-imports.ts': {
    [String.raw`\$([^$]+)\$`]:
      'a run ends at the character that follows it; names of interfaces, which the guard has checked',
  },
  'runtime/engines/pyodide/builtin-names.ts': {
    [String.raw`\s+`]: 'text of our own or of Pyodide, never of a guest',
  },
  'runtime/engines/pyodide/execute.ts': {
    [String.raw`(?<=.)\/+$`]: 'the working folder, which whoever starts the run names',
    [String.raw`\/+$`]: 'the working folder, which whoever starts the run names',
  },
  'runtime/engines/pyodide/find-imports.ts': {
    [String.raw`^import\s+(.+)$`]:
      'one statement of a program; the last part takes whatever is there, so nothing is tried twice',
    [String.raw`^from\s+(.+)$`]:
      'one statement of a program; the last part takes whatever is there, so nothing is tried twice',
    [String.raw`^\s*([\p{L}_][\p{L}\p{N}_.]*)`]:
      'one statement of a program; the last part takes whatever is there, so nothing is tried twice',
  },
  'runtime/engines/pyodide/glue.ts': {
    [String.raw`export default _createPyodideModule;\s*$`]: 'text of our own or of Pyodide, never of a guest',
    [String.raw`\bimport\s*\(`]: 'text of our own or of Pyodide, never of a guest',
    [String.raw`(?<![.\w$])import\s*(?:\(|\.|\/\*)`]: 'text of our own or of Pyodide, never of a guest',
    [String.raw`^(_[\w$]+)=Module\["_[\w$]+"\]=wasmExports\["([\w$.]+)"\](?:\.value>>>0)?$`]:
      'one statement of Pyodide, never a text of a guest',
    [String.raw`(?<=[;}])Module\["([\w$]+)"\]=[\w$]+;`]: 'text of our own or of Pyodide, never of a guest',
    [String.raw`\.\s*([\w$]+)|["']([\w$]+)["']`]: 'text of our own or of Pyodide, never of a guest',
    [String.raw`[\w$]+`]: 'text of our own or of Pyodide, never of a guest',
    [String.raw`wasmExports(?:\??\.|\[")([\w$]+)`]: 'text of our own or of Pyodide, never of a guest',
  },
  'runtime/engines/pyodide/options.ts': {
    [String.raw`^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$`]:
      'names of packages in the options of a run; parts are parted by a character that is in none of them',
  },
  'runtime/engines/pyodide/package-snapshots.ts': {
    [String.raw`^([A-Za-z]\w*)(?:\.py|\/__init__\.py)$`]: 'text of our own or of Pyodide, never of a guest',
  },
  'runtime/engines/pyodide/preloaded.ts': {
    [String.raw`\s+`]: 'text of our own or of Pyodide, never of a guest',
  },
  'runtime/engines/pyodide/python/sources.ts': {
    [String.raw`^.*\/|\.py$`]: 'text of our own or of Pyodide, never of a guest',
  },
  'runtime/engines/quickjs/guest-error.ts': {
    [String.raw`:(\d+)(\)?)$`]: 'digits that begin behind a colon: each is looked at once',
  },
  'runtime/engines/quickjs/strip-types.ts': {
    [String.raw` \(\d+:\d+\)$`]: 'digits that begin behind a bracket: each is looked at once',
  },
  'runtime/engines/quickjs/wants-library.ts': {
    [String.raw`\b(?:import|export|require|module|exports|process|Buffer|global|__filename|__dirname|eval|Function|Intl|toLocale\w*|localeCompare|unref|hasRef|refresh|subtle|TextDecoder|formData|\w*Stream|SuppressedError|any|AsyncDisposableStack|Console|pipeT\w+|fromAsync|\w*[Bb]ase64|\w*[Hh]ex|sumPrecise|toBuffer|DisposableStack|asyncDispose|dispose|using|Temporal|Atomics|blob|createObjectURL|navigator|BroadcastChannel|MessageChannel|MessagePort|MessageEvent|ErrorEvent|URLPattern|Storage|localStorage|PerformanceObserver|reportError|scheduler|getEntries\w*|measure|clearMarks|(?:context|ctx)\.source|JSON\.rawJSON)\b`]:
      'begins at the beginning of a word only, and looks through that word a fixed number of times',
  },
  'runtime/platform/python/packages/marker.ts': {
    [String.raw`\s*(?:([()])|("[^"]*"|'[^']*')|(===|~=|==|!=|<=|>=|<|>)|([A-Za-z_][\w.]*))`]:
      'read in the killable worker of a package job, each text capped before',
  },
  'runtime/platform/python/packages/requirement.ts': {
    [String.raw`^\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[([^\]]*)\])?\s*(?:\(([^)]*)\)|((?:===|~=|==|!=|<=|>=|<|>)[^;@]*))?\s*(?:;(.*))?$`]:
      'read in the killable worker of a package job, each text capped before',
    [String.raw`[-_.]+`]: 'read in the killable worker of a package job, each text capped before',
    [String.raw`\s+`]: 'read in the killable worker of a package job, each text capped before',
  },
  'runtime/platform/python/packages/resolve-packages.ts': {
    [String.raw`"([^"]*)"|'([^']*)'`]:
      'read in the killable worker of a package job, each text capped before',
  },
  'runtime/platform/python/packages/unpack-wheel.ts': {
    [String.raw`^[^/]+\.data\/(?:pure|plat)lib\/`]:
      'read in the killable worker of a package job, each text capped before',
    [String.raw`\r?\n[ \t]+`]: 'read in the killable worker of a package job, each text capped before',
  },
  'runtime/platform/python/packages/wheel-name.ts': {
    [String.raw`^(cp|py)3(\d*)$`]: 'read in the killable worker of a package job, each text capped before',
  },
  'runtime/platform/python/pyodide-snapshot.ts': {
    [String.raw`^\w[\w.]*(?:Error|Exception|Exit)\b`]: 'text of our own or of Pyodide, never of a guest',
  },
  'runtime/vocabulary/caller.ts': {
    [String.raw`^(?:\*|[A-Za-z][\w-]*(?:\.[\w-]+)*(?:\.\*)?)$`]:
      'parts are parted by a dot, which is in none of them',
  },
  'runtime/vocabulary/merge-grants.ts': {
    [String.raw`[/\\]+$`]: "paths and origins of the embedder's own configuration",
    [String.raw`\/+$`]: "paths and origins of the embedder's own configuration",
  },
  'runtime/engines/component/tool-exports.ts': {
    [String.raw`@[^#]*`]:
      'a run ends at the character that follows it; names that the world of a component can have',
  },
  'runtime/tools/check/formats.ts': {
    [String.raw`^[a-zA-Z][a-zA-Z\d+.-]*:[^\s]*$`]:
      'the first run ends at the colon, which it has not; at most 8,192 characters',
  },
  'runtime/tools/manifest/head-manifest.ts': {
    [String.raw`^\s*\*+ ?`]: 'anchored, and runs of different characters',
    [String.raw`^\s*(?:\/\/|#) ?(.*)$`]:
      'anchored, and what follows the blanks is none; the last run takes whatever there is',
  },
  'runtime/tools/result/markup-attributes.ts': {
    [String.raw`^(?:https?:\/\/|mailto:)[^\p{Cc}\s]*$`]: 'anchored, then one run of one set',
    [String.raw`^data:image\/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*$`]:
      'anchored, then one run of one set',
  },
  'runtime/tools/result/markup-names.ts': { [String.raw`\s+`]: 'splits lists of our own' },
  'runtime/tools/result/formats.ts': {
    [String.raw`^\s*(?:click|href|link|links|callback)\b`]: 'anchored at one run, which a letter ends',
    [String.raw`\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])?`]:
      'begins at an escape only, and no run goes over the next one',
  },
  'runtime/tools/result/shorten-code.ts': {
    [String.raw`^\s*(?:(?:export|default|async|public|private|protected|static|pub|final|override|abstract) )*(?:function\*?|def|fn|func|class|interface|impl|struct|trait|enum|type) ?[\w$<(]`]:
      'anchored, one way to match; at most 400 characters of a line',
    [String.raw`^\s*[}\])]+[;,)]*\s*$`]: 'anchored; at most 400 characters of a line',
  },
  'runtime/tools/select/schema-parts.ts': {
    [String.raw`[\s\p{Cc}]+`]: 'replaced everywhere: a run always matches and is gone over once',
  },
  'runtime/tools/select/search.ts': {
    [String.raw`[^\p{L}\p{N}]+`]: 'split at: a run always matches and is gone over once',
  },
};
