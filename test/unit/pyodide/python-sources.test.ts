import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { preparingSources } from '../../../runtime/engines/pyodide/python/sources.ts';

const FOLDER = new URL('../../../runtime/engines/pyodide/python/', import.meta.url);

describe('preparingSources()', () => {
  test('reads every Python file of its folder once, and calls what prepares by its arguments', () => {
    const read: string[] = [];
    const sources = preparingSources((path) => {
      read.push(path);
      return `# ${path}\n`;
    });
    const importing = sources.importPackages(['numpy', 'it"s']);
    const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('.py'),
    );
    expect(read.toSorted()).toEqual(files.toSorted());
    expect(importing).toContain('import_packages(["numpy","it\\"s"])\ndel import_packages\n');
    expect(sources.setUp).toContain('["_sandglass_host","# _sandglass_host.py\\n"]');
    expect(sources.setUp).toContain('settle()\ndel settle\n');
  });
});
