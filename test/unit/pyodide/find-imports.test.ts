import { expect, test } from 'vitest';
import { findImportedNames, findImports } from '../../../runtime/engines/pyodide/find-imports.ts';

test.each([
  ['import a', ['a']],
  ['import a.b as c, d', ['a', 'd']],
  ['from x.y import (z,\n  w)', ['x']],
  ['from . import f\nfrom .g import h', []],
  ['if True: import e', ['e']],
  ['x = 1; import y', ['y']],
  ['try:\n    import g \\\n, h\nexcept ImportError:\n    pass', ['g', 'h']],
  ['async def q():\n    from k import l', ['k']],
  ['# import no', []],
  ["s = 'import no'\nt = '''\nimport no\n'''", []],
  ['s = r"""\\"""\nimport no\n"""', []],
  ["s = 'never closed\nimport yes", ['yes']],
  ['important = 1\nfrom_x = 2\nimporter.run()', []],
  ['d = {\n"a":\nimport_\n}', []],
  ['import a\nimport a\nfrom a import b', ['a']],
  ['import ünïcode', ['ünïcode']],
  ['from zoneinfo import ZoneInfo', ['zoneinfo']],
  ['', []],
])('findImports(%j)', (code, modules) => {
  expect(findImports(code)).toEqual(modules);
});

test.each([
  ['import a.b as c, d', ['a.b', 'd']],
  ['from x.y import (z,\n  w as v)', ['x.y', 'x.y.z', 'x.y.w']],
  ['from x import *', ['x']],
  ['from . import f\nfrom .g import h', []],
  ['from x', ['x']],
])('findImportedNames(%j)', (code, modules) => {
  expect(findImportedNames(code)).toEqual(modules);
});
