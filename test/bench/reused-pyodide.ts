import { loadPyodide } from 'pyodide';
import type { Load } from '../../scripts/bench/throughput/load.ts';

/** One interpreter of Pyodide for all runs, as its package has it: each finds what the others left, and has all of the process's power. */
export async function reusedPyodide(code: string): Promise<Load> {
  const python = await loadPyodide();
  return { run: async () => python.runPython(code) };
}
