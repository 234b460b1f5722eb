import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Programs that the tools give to Python guests on every platform, where no file can be read: constants of a module, by the names of their files. */
export const PYTHON_PROGRAMS = 'runtime/tools/python/programs.ts';
const NAMES = ['analysis', 'call', 'decorated'];

/** The module as it has to be: each program word by word. */
export function pythonPrograms(root: string): string {
  const constants = NAMES.map((name) => {
    const file = `${name}.py`;
    const text = readFileSync(join(root, PYTHON_PROGRAMS, '..', file), 'utf8');
    if (/`|\$\{|\\$/.test(text)) throw new Error(`Cannot embed ${file}: it has a backtick, or "\${"`);
    return `/** \`${file}\` */\nexport const ${name.toUpperCase()} = String.raw\`${text}\`;\n`;
  });
  return `// Made of the .py files beside it by \`npm run format\`; \`npm run check\` holds them together.\n\n${constants.join('\n')}`;
}
