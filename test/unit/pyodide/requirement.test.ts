import { describe, expect, test } from 'vitest';
import { evaluateMarker } from '../../../runtime/platform/python/packages/marker.ts';
import { readRequirement } from '../../../runtime/platform/python/packages/requirement.ts';
import { readWheelName } from '../../../runtime/platform/python/packages/wheel-name.ts';

describe('readRequirement()', () => {
  test.each([
    ['numpy', { name: 'numpy', extras: [], specifier: '' }],
    ['Foo.Bar_baz', { name: 'foo-bar-baz', extras: [], specifier: '' }],
    ['attrs>=23,<24', { name: 'attrs', extras: [], specifier: '>=23,<24' }],
    ['typing_extensions (>=4.6)', { name: 'typing-extensions', extras: [], specifier: '>=4.6' }],
    [
      'requests[socks, Use_Chardet]==2.*',
      { name: 'requests', extras: ['socks', 'use-chardet'], specifier: '==2.*' },
    ],
    ['a; python_version >= "3.9"', { name: 'a', extras: [], specifier: '' }],
  ])('reads %s', (text, expected) => {
    expect(readRequirement(text)).toMatchObject(expected);
  });

  test.each(['a; sys_platform == "win32"', 'a; extra == "test"', "tzdata; platform_system != 'Emscripten'"])(
    'leaves out %s',
    (text) => {
      expect(readRequirement(text)).toBeUndefined();
    },
  );

  test('takes what an extra needs when it was asked for', () => {
    expect(readRequirement('a; extra == "test"', ['test'])).toMatchObject({ name: 'a' });
  });

  test.each([
    '',
    'a @ https://example.com/a.whl',
    '../a',
    'a b',
    'a>=1 @ x',
    `a${'a'.repeat(2000)}`,
    'a; os.system("x")',
  ])('refuses %j', (text) => {
    expect(() => readRequirement(text)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
  });
});

describe('evaluateMarker()', () => {
  test.each([
    ['python_version < "3.9"', false],
    ['python_version >= "3.9"', true], // as versions: as text "3.14" would be less
    ['python_full_version >= "3.14.1" and python_full_version < "3.15"', true],
    ['os_name == "nt" or (sys_platform == "emscripten" and platform_machine == "wasm32")', true],
    ['implementation_name in "cpython, pypy"', true],
    ['platform_python_implementation not in "PyPy"', true],
    ["'emscripten' == sys.platform", true],
    ['python_version == "3.*"', true],
  ])('%s is %s', (text, expected) => {
    expect(evaluateMarker(text, [])).toBe(expected);
  });

  test.each([
    'python_version',
    'python_version >=',
    '(os_name == "posix"',
    'nonsense == "x"',
    '('.repeat(60),
    'a == "b" c',
  ])('refuses %s', (text) => {
    expect(() => evaluateMarker(text, [])).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
  });
});

describe('readWheelName()', () => {
  test.each([
    ['numpy-2.4.6-cp314-cp314-pyemscripten_2026_0_wasm32.whl', 0],
    ['x-1.0-cp39-abi3-pyemscripten_2026_0_wasm32.whl', 1],
    ['x-1.0-py3-none-any.whl', 4],
    ['x-1.0-py2.py3-none-any.whl', 4],
    ['x-1.0-1-py3-none-any.whl', 4],
  ])('%s fits with rank %i', (file, rank) => {
    expect(readWheelName(file)).toMatchObject({ file, rank });
  });

  test.each([
    'x-1.0-cp314-cp314-manylinux_2_17_x86_64.whl',
    'x-1.0-cp313-cp313-pyemscripten_2026_0_wasm32.whl',
    'x-1.0-cp314-cp314-pyemscripten_2025_0_wasm32.whl',
    'x-1.0-cp315-abi3-pyemscripten_2026_0_wasm32.whl',
    'x-1.0-py2-none-any.whl',
    'x-1.0.tar.gz',
    '../x-1.0-py3-none-any.whl',
    'x.whl',
  ])('%s does not', (file) => {
    expect(readWheelName(file)).toBeUndefined();
  });
});
