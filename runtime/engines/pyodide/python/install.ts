import { API_SOURCE } from './api.ts';
import { FILES_SOURCE } from './files.ts';
import { HOST_SOURCE } from './host.ts';
import { HTTP_INSTALLED, HTTP_MODULES } from './http/modules.ts';
import { POLICY_SOURCE } from './policy.ts';
import { PROGRAM_SOURCE } from './program.ts';
import { RUNNER_SOURCE } from './runner.ts';
import { SURROUNDINGS_SOURCE } from './surroundings.ts';
import { VALUES_SOURCE } from './values.ts';

/** Module name → source, in the order in which they are loaded. */
const MODULES: readonly (readonly [name: string, source: string])[] = [
  ['_sandglass_host', HOST_SOURCE],
  ['_sandglass_files', FILES_SOURCE],
  ...HTTP_MODULES,
  ['_sandglass_policy', POLICY_SOURCE],
  ['_sandglass_program', PROGRAM_SOURCE],
  ['_sandglass_values', VALUES_SOURCE],
  ['_sandglass_surroundings', SURROUNDINGS_SOURCE],
  ['sandglass', API_SOURCE],
  ['_sandglass', RUNNER_SOURCE],
];

/** Imported before the snapshot is taken, so that programs get them at no cost. */
const PRELOADED = [
  'argparse',
  'array',
  'asyncio',
  'base64',
  'bisect',
  'calendar',
  'cmath',
  'codecs',
  'collections',
  'configparser',
  'contextlib',
  'copy',
  'csv',
  'dataclasses',
  'datetime',
  'decimal',
  'difflib',
  'enum',
  'fractions',
  'functools',
  'glob',
  'gzip',
  'hashlib',
  'heapq',
  'hmac',
  'html',
  'html.parser',
  'http.client',
  'importlib.machinery',
  'inspect',
  'io',
  'itertools',
  'json',
  'linecache',
  'logging',
  'math',
  'numbers',
  'operator',
  'os',
  'pathlib',
  'pprint',
  'queue',
  'random',
  're',
  'secrets',
  'shutil',
  'statistics',
  'string',
  'struct',
  'tempfile',
  'textwrap',
  'threading',
  'time',
  'traceback',
  'types',
  'typing',
  'unicodedata',
  'urllib.error',
  'urllib.parse',
  'urllib.request',
  'uuid',
  'zipfile',
  'zlib',
];

/**
 * Ends what is run before a snapshot is taken. A cache of functools remembers hashes, which are others in each interpreter that starts from
 * the snapshot.
 */
export const SETTLE_SOURCE = `
def settle():
    import functools, gc
    for cache in [found for found in gc.get_objects() if type(found) is functools._lru_cache_wrapper]:
        cache.cache_clear()
    gc.collect()

settle()
del settle
`;

/** The set-up code that is run once, before the snapshot is taken. */
export const INSTALL_SOURCE = `
import importlib, sys, types
for name in ${JSON.stringify(PRELOADED)}:
    try:
        importlib.import_module(name)
    except ImportError:
        pass  # not in this build of the standard library
for name, source in ${JSON.stringify(MODULES)}:
    module = types.ModuleType(name)
    sys.modules[name] = module
    exec(compile(source, f"<{name}>", "exec"), module.__dict__)
sys.modules['_sandglass_surroundings'].install()
sys.modules['_sandglass_files'].install()
for name in ${JSON.stringify(HTTP_INSTALLED)}:
    sys.modules[name].install()
${SETTLE_SOURCE}`;
