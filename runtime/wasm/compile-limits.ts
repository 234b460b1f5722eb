import { invalid } from './invalid.ts';

/**
 * What one module may cost the engine that compiles it. Optimising compilers take time that grows with products (loops × loops, joins ×
 * locals), on threads that all guests of a process share and that nothing can interrupt: these bounds keep one function to about a second.
 * Behind each stands the most that was found among real programs: CPython, QuickJS, StarlingMonkey, GCC's cc1plus, Yosys, nextpnr, esbuild.
 */
export const COMPILE_LIMITS = Object.freeze({
  /** Functions with bodies. Found: 46,473. */
  functions: 200_000,
  /** Bytes of one body. Found: 442,480. */
  bodyBytes: 1_048_576,
  /** Blocks within blocks. Found: 3,289. */
  depth: 10_000,
  /** Loops within loops. Found: 25. */
  loopDepth: 48,
  /** Loops of one function, wherever they stand. Found: 392. */
  loops: 512,
  /** Targets of all branch tables of one function. Found: 15,849. */
  tableTargets: 65_536,
  /** Places where control joins (blocks, branches, targets of tables) × locals, each of which may need a merge there. Found: 6,899,094. */
  merges: 10_000_000,
});

/** @throws {SandglassError} MODULE_INVALID when a module has more bodies than any engine should be given. */
export function checkFunctionCount(count: number, at?: number): void {
  if (count > COMPILE_LIMITS.functions) throw tooMuch(`${count} functions`, COMPILE_LIMITS.functions, at);
}

/** Counts what compiling one function will cost, and refuses it before anything compiles it. */
export class CompileCost {
  readonly #name: string;
  #locals = 0;
  #depth = 0;
  #loopDepth = 0;
  #loops = 0;
  #joins = 0;
  #tableTargets = 0;

  constructor(index: number) {
    this.#name = `function ${index} has`;
  }

  /** @throws {SandglassError} MODULE_INVALID, as all of these. */
  begin(bytes: number, locals: number, at: number): void {
    if (bytes > COMPILE_LIMITS.bodyBytes)
      throw tooMuch(`${this.#name} ${bytes} bytes`, COMPILE_LIMITS.bodyBytes, at);
    this.#locals = Math.max(1, locals);
  }

  opened(isLoop: boolean, at: number): void {
    this.#depth += 1;
    if (this.#depth > COMPILE_LIMITS.depth)
      throw tooMuch(`${this.#name} blocks nested ${this.#depth} deep`, COMPILE_LIMITS.depth, at);
    this.#joined(at);
    if (!isLoop) return;
    this.#loops += 1;
    this.#loopDepth += 1;
    if (this.#loops > COMPILE_LIMITS.loops)
      throw tooMuch(`${this.#name} ${this.#loops} loops`, COMPILE_LIMITS.loops, at);
    if (this.#loopDepth > COMPILE_LIMITS.loopDepth)
      throw tooMuch(`${this.#name} loops nested ${this.#loopDepth} deep`, COMPILE_LIMITS.loopDepth, at);
  }

  closed(isLoop: boolean): void {
    this.#depth -= 1;
    if (isLoop) this.#loopDepth -= 1;
  }

  /** Something branches to a label; `ofTable`: it is one of the targets of a branch table. */
  branched(ofTable: boolean, at: number): void {
    if (ofTable) {
      this.#tableTargets += 1;
      if (this.#tableTargets > COMPILE_LIMITS.tableTargets)
        throw tooMuch(
          `${this.#name} branch tables of over ${this.#tableTargets - 1} targets`,
          COMPILE_LIMITS.tableTargets,
          at,
        );
    }
    this.#joined(at);
  }

  #joined(at: number): void {
    this.#joins += 1;
    if (this.#joins * this.#locals > COMPILE_LIMITS.merges)
      throw tooMuch(
        `${this.#name} ${this.#joins} joins of ${this.#locals} locals`,
        COMPILE_LIMITS.merges,
        at,
      );
  }
}

const tooMuch = (what: string, cap: number, at: number | undefined): Error =>
  invalid(`${what}: compiling that would hold up others, ${cap} are allowed`, at);
