import { readFileSync } from 'node:fs';
import { type PreparingSources, preparingSources } from '../../engines/pyodide/python/sources.ts';

/** The Python files of the engine: beside its code both in the sources and once built. */
const FOLDER = new URL('../../engines/pyodide/python/', import.meta.url);

/** Read anew each time: a snapshot is made once a version. */
export const readPythonSources = (): PreparingSources =>
  preparingSources((path) => readFileSync(new URL(path, FOLDER), 'utf8'));
