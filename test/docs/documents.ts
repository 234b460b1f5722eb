import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

const TOP = [
  'README.md',
  'ARCHITECTURE.md',
  'THREAT_MODEL.md',
  'BENCHMARKS.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'examples/README.md',
];

/** Every page, by its path from the root: those at the top, then all of docs/. */
export const DOCUMENTS: readonly string[] = [
  ...TOP,
  ...readdirSync(join(ROOT, 'docs'), { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => `docs/${name}`),
];

/** Pages for people who use the package: held to the register of docs/STYLE.md. */
export const GUIDES: readonly string[] = DOCUMENTS.filter(
  (page) => page === 'README.md' || /^docs\/(?!STYLE)/.test(page),
);

export const readDocument = (page: string): string => readFileSync(join(ROOT, page), 'utf8');

export const exists = (path: string): boolean => existsSync(join(ROOT, path));
