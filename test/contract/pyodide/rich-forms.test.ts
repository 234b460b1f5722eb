import { beforeAll, describe, expect, test } from 'vitest';
import { openPython, type PythonBench } from '../../support/pyodide-parts.ts';

const RICH = `class Chart:
  def _repr_png_(self): return b'\\x89PNG'
  def _repr_html_(self): return '<b>é</b>'
  def _repr_svg_(self): return None
  def _repr_latex_(self): return ('$x$', {'k': 1})
  def __repr__(self): return 'Chart()'
open('/tmp/own.png', 'wb').write(b'own')
`;

describe('rich forms of a value, and figures', () => {
  let python: PythonBench;
  beforeAll(async () => {
    python = await openPython();
  });
  const collected = async (
    code: string,
    collect: readonly string[],
    modules: Readonly<Record<string, string>> = {},
  ): Promise<Record<string, string>> => {
    const { result, host } = await python.run(code, { spec: { collect }, modules });
    if (result.kind !== 'value') throw new Error(`${JSON.stringify(result)} ${host.stderr()}`);
    const { files = [] } = result;
    return Object.fromEntries(files.map(({ path, bytes }) => [path, Buffer.from(bytes).toString('latin1')]));
  };

  test('are files of the scratch folder where a pattern names them', async () => {
    expect(await collected(`${RICH}Chart()`, ['value.*'])).toEqual({
      'value.png': '\x89PNG',
      'value.html': '<b>\xc3\xa9</b>',
      'value.tex': '$x$',
    });
    expect(await collected(`${RICH}Chart()`, ['value.png'])).toEqual({ 'value.png': '\x89PNG' });
  });

  test.each([[['*.png']], [['**']], [['own.png', 'figure-*.svg']]])(
    'are none where %j names files of the program',
    async (collect) => {
      expect(await collected(`${RICH}Chart()`, collect)).toEqual({ 'own.png': 'own' });
    },
  );

  test('come from a bundle, or from text of base64; classes and plain values have none', async () => {
    const bundle = `class B:
  def _repr_mimebundle_(self, include=None, exclude=None): return {'image/png': 'iVBORw==', 'text/plain': 'b'}
`;
    expect(await collected(`${bundle}B()`, ['value.*'])).toEqual({ 'value.png': '\x89PNG' });
    expect(await collected(`${bundle}B`, ['value.*'])).toEqual({});
    expect(await collected('[1]', ['value.*'])).toEqual({});
    expect(await collected('print(1)', ['value.*'])).toEqual({});
  });

  test('a form that fails is an error of the program', async () => {
    const { result } = await python.run(
      'class C:\n  def _repr_html_(self): raise ValueError("no form")\nC()',
      { spec: { collect: ['value.html'] } },
    );
    expect(result).toMatchObject({ kind: 'threw', error: { name: 'ValueError', message: 'no form' } });
  });

  test('figures that are open in the end are numbered', async () => {
    const modules = {
      'matplotlib/__init__.py': '',
      'matplotlib/pyplot.py': `class Figure:
  def __init__(self, number): self.number = number
  def savefig(self, path, format): open(path, 'w').write(f'{format} of {self.number}')
def get_fignums(): return [1, 3]
figure = Figure`,
    };
    const code = 'import matplotlib.pyplot as plt\n1';
    expect(await collected(code, ['figure-*.png'], modules)).toEqual({
      'figure-1.png': 'png of 1',
      'figure-3.png': 'png of 3',
    });
    expect(await collected(code, ['figure-3.svg'], modules)).toEqual({ 'figure-3.svg': 'svg of 3' });
    expect(await collected(code, ['value.png'], modules)).toEqual({});
  });
});
