import { describe, expect, test } from 'vitest';
import { saysNativeIsOptional } from '../../../runtime/platform/python/packages/optional-native.ts';

const CAUGHT = `class own_build_ext(build_ext):
    def run(self):
        build_ext.run(self)

    def build_extension(self, ext):
        try:
            build_ext.build_extension(self, ext)
        except Exception as error:
            print(error)

setup(cmdclass={'build_ext': own_build_ext})
`;

describe('saysNativeIsOptional()', () => {
  test.each([
    ['each extension is marked', "setup(ext_modules=[Extension('a', ['a.c'], optional=True)])", true],
    ['by a condition', "Extension('a', [f('a.c')], optional=os.environ.get('X') != '1')", true],
    ['one of two is not', "Extension('a', [], optional=True), Extension('b', [])", false],
    ['marked as needed', "Extension('a', [], optional=False)", false],
    ['said of something else', "Extension('a', []), other(optional=True)", false],
    ['a failed build is caught', CAUGHT, true],
    ['caught, and thrown again', CAUGHT.replace('print(error)', 'raise error'), false],
    ['caught, and built anew without it', CAUGHT.replace('print(error)', 'raise BuildFailed()'), true],
    [
      'a build of its own that catches nothing',
      'class own_build_ext(build_ext):\n    def run(self):\n        pass\n',
      false,
    ],
    ['nothing', '', false],
  ])('%s', (_name, setup, expected) => {
    expect(saysNativeIsOptional(setup)).toBe(expected);
  });

  test('no file is looked through for long', () => {
    expect(saysNativeIsOptional('Extension('.repeat(1_000_000))).toBe(false);
  });
});
