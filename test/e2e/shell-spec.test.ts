import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { specCases } from '../../scripts/shell-spec/spec-cases.ts';
import { verifies } from '../support/verifies.ts';

const SPEC = `## compare_shells: bash dash

#### words are split at blanks
x='a  b'
argv.py $x "$x"
## STDOUT:
['a', 'b', 'a  b']
## END

#### what bash does holds, also where others differ
echo -e 'a\\tb'
## stdout: -e a
## OK bash stdout-json: "a\\tb\\n"
## N-I dash status: 2

#### a status
f() { return 3; }
f
## status: 3

#### left out: another shell
$SH -c 'echo x'
## stdout: x

#### wrong on purpose
echo one
echo two
## STDOUT:
one
three
## END
`;

test('a spec file is read by its cases', () => {
  expect(specCases(SPEC).map(({ name, status, stdout }) => [name.split(' ')[0], status, stdout])).toEqual([
    ['words', 0, "['a', 'b', 'a  b']\n"],
    ['what', 0, 'a\tb\n'],
    ['a', 3, undefined],
    ['left', 0, 'x\n'],
    ['wrong', 0, 'one\nthree\n'],
  ]);
});

test('spec files of another shell are counted, each failure with its reason', verifies('EX-28'), async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sandglass-spec-'));
  try {
    await writeFile(join(folder, 'own.test.sh'), SPEC);
    const root = fileURLToPath(new URL('../../', import.meta.url));
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['scripts/shell-spec.ts', folder, '--only=own'],
      { cwd: root },
    );
    expect(stdout.trimEnd().split('\n')).toEqual([
      '  own:25 wrong on purpose: wanted "three", got "two"',
      'own: 3 passed, 1 failed',
      '3 passed, 1 failed; 1 left out: they start other shells or want files of their checkout',
    ]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
