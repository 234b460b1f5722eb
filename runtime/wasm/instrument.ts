import { type FunctionHints, writeBranchHints } from './branch-hints.ts';
import { refuseNestedExceptions } from './collected-heap.ts';
import { ConstExpressions } from './const-expression.ts';
import { copyNamesButGlobals, survives } from './custom-sections.ts';
import { type AddedIndices, emitFunction } from './function-emitter.ts';
import { createPlan } from './function-plan.ts';
import { hex, invalid } from './invalid.ts';
import { boundedFlags, readLimits, type SizeLimits, shareCap } from './limits-type.ts';
import { EXTERNAL_KINDS, type ModuleShape } from './module-shape.ts';
import { OP } from './opcodes.ts';
import { planFunction } from './plan-function.ts';
import { PREAMBLE_BYTES } from './preamble.ts';
import { readShape, readTablePrefix } from './read-shape.ts';
import { Reader } from './reader.ts';
import { REFILL, REFILL_SLOT, REFILL_SLOTS, RESERVED, SHARED_FUEL_IMPORT } from './reserved.ts';
import { SECTION, SECTION_ORDER, type Section, splitSections } from './sections.ts';
import { EMPTY_BLOCK, FUNCREF, I32, I64, skipReferenceType, skipValueType } from './value-types.ts';
import { Writer } from './writer.ts';

export interface InstrumentOptions {
  /** Pages of 64 KiB that all memories the module defines may have together; its declared maximums become at most this. */
  readonly maxMemoryPages: number;
  /** The same for the elements of its tables. @default 1_000_000 */
  readonly maxTableElements?: number;
  /** Count fuel. `false`: only the caps, the deferred start, and the recording of refused growth. @default true */
  readonly fuel?: boolean;
  /** Import the fuel counter instead of defining one, for modules that share one budget exactly (`Meter.sharedFuel`). @default false */
  readonly sharedFuel?: boolean;
  /**
   * Allow structs, arrays and exceptions that hold exceptions, which live on the host's own heap. All that a module ever allocates there
   * counts against what the meter gives (`MeterOptions.heapBytes`), exceptions that are large or kept also without this; `true`: nothing
   * counts it. @default false
   */
  readonly collectedHeap?: boolean | 'counted';
  /**
   * Fuel that an instance has before a meter is attached. Without, it traps at its first check. Only for engines of ours whose start-up
   * runs before there is a meter. @default -1
   */
  readonly initialFuel?: number;
}

/**
 * Size of the out-of-fuel function from which V8 never inlines it. Once a refill has happened it would, into every check there is,
 * which made loops 10 to 20 % slower.
 */
const NOT_INLINED_BYTES = 600;

/** To keep results under. Raised by every change of what `instrument` writes, also where costs stay: see `FUEL_SCHEDULE` for those. */
export const INSTRUMENT_VERSION = 3;

/** Tables of guests may hold this many elements unless an engine says otherwise. */
export const DEFAULT_MAX_TABLE_ELEMENTS = 1_000_000;

/**
 * Rewrites a core module in one pass, so that it can only run under a meter and within its caps: every path through it pays for what
 * it executes by the fuel schedule, and checks on every cycle stop it when the meter says so (`createMeter`).
 *
 * Only adds: one or two functions, one table, two globals, two types, a branch hint section; nothing is renumbered, but for globals where
 * `sharedFuel` adds an import. The start section becomes an export for `Meter.start`. Custom sections that point into code are dropped.
 *
 * Does not validate: a module that no engine accepts stays one that no engine accepts, so the engine's own validation decides.
 *
 * @throws {SandglassError} MODULE_INVALID on anything it does not know in full, on shared memory, on memories or tables that start
 *   beyond their cap, on allocation outside of linear memory (see `collectedHeap`), and on the use of a reserved name.
 */
export function instrument(bytes: Uint8Array, options: InstrumentOptions): Uint8Array<ArrayBuffer> {
  const sections = splitSections(bytes);
  const shape = readShape(bytes, sections);
  return new ModuleRewriter(bytes, sections, shape, options).rewrite();
}

class ModuleRewriter {
  readonly #bytes: Uint8Array;
  readonly #sections: readonly Section[];
  readonly #shape: ModuleShape;
  readonly #options: InstrumentOptions;
  readonly #writer: Writer;
  readonly #expressions: ConstExpressions;
  /** Structs and arrays are allowed. */
  readonly #collects: boolean;
  readonly #counting: boolean;
  readonly #shared: boolean;
  readonly #added: AddedIndices;
  /** Index of the table that holds the refill callback. */
  readonly #refillTable: number;
  /** Functions that are added, in the order of their indices; all of type `() -> ()`. */
  readonly #ownFunctions: readonly ((code: Writer) => void)[];

  constructor(
    bytes: Uint8Array,
    sections: readonly Section[],
    shape: ModuleShape,
    options: InstrumentOptions,
  ) {
    this.#bytes = bytes;
    this.#sections = sections;
    this.#shape = shape;
    this.#options = options;
    this.#writer = new Writer(bytes.length + (bytes.length >> 1) + 4096);
    const { collectedHeap = false } = options;
    this.#collects = collectedHeap !== false;
    this.#expressions = new ConstExpressions(shape, this.#collects);
    if (!this.#collects) refuseNestedExceptions(bytes, shape);
    const counted = collectedHeap !== true && shape.holdsHeap;
    this.#counting = options.fuel !== false;
    this.#shared = this.#counting && options.sharedFuel === true;
    const { total, imported } = shape;
    const defined = total.global + (this.#shared ? 1 : 0);
    this.#added = {
      fuel: this.#shared ? imported.global : defined,
      growthRefused: defined + (this.#counting && !this.#shared ? 1 : 0),
      heapLeft: counted ? defined + (this.#counting && !this.#shared ? 2 : 1) : undefined,
      heapBytes: shape.types.bytes,
      elementBytes: shape.types.elementBytes,
      outOfFuel: total.function,
      globalsMoveFrom: this.#shared ? imported.global : undefined,
    };
    this.#refillTable = total.table;
    const { start } = shape;
    this.#ownFunctions = [
      ...(this.#counting ? [(code: Writer) => this.#writeOutOfFuel(code)] : []),
      ...(start === undefined ? [] : [(code: Writer) => writeCall(code, start)]),
    ];
  }

  rewrite(): Uint8Array<ArrayBuffer> {
    const writer = this.#writer;
    writer.copy(this.#bytes, 0, PREAMBLE_BYTES);
    let place = 0;
    /** Sections that we add to and the module does not have, in their place. */
    const addMissingBefore = (id: number | undefined): void => {
      for (; place < SECTION_ORDER.length && SECTION_ORDER[place] !== id; place += 1) {
        const missing = SECTION_ORDER[place];
        if (missing !== undefined && this.#isNeeded(missing)) this.#writeSection(missing, undefined);
      }
    };
    for (const section of this.#sections) {
      if (section.id === SECTION.custom) {
        this.#copyCustom(section);
        continue;
      }
      addMissingBefore(section.id);
      place += 1;
      if (section.id !== SECTION.start) this.#writeSection(section.id, section);
    }
    addMissingBefore(undefined);
    return writer.finish();
  }

  #isNeeded(id: number): boolean {
    if (id === SECTION.global || id === SECTION.export) return true;
    if (id === SECTION.import) return this.#shared;
    if (id === SECTION.table) return this.#counting;
    const holdsFunctions = ([SECTION.type, SECTION.function, SECTION.code] as number[]).includes(id);
    return holdsFunctions && this.#ownFunctions.length > 0;
  }

  #writeSection(id: number, section: Section | undefined): void {
    const reader = section === undefined ? undefined : new Reader(this.#bytes, section.start, section.end);
    const write = this.#sectionWriters[id];
    if (id === SECTION.code) this.#writeCode(reader);
    else if (write !== undefined) this.#writer.section(id, () => write(reader));
    else if (section !== undefined) {
      this.#writer.section(id, () => this.#writer.copy(this.#bytes, section.start, section.end));
    }
  }

  /** By section id. What is not here is copied, the code section is apart. */
  readonly #sectionWriters: Readonly<Record<number, (reader: Reader | undefined) => void>> = {
    [SECTION.type]: (reader) => this.#writeTypes(reader),
    [SECTION.import]: (reader) => this.#writeImports(reader),
    [SECTION.function]: (reader) => {
      this.#copyVector(reader, this.#ownFunctions.length);
      for (const _ of this.#ownFunctions) this.#writer.u32(this.#shape.types.parameters.length);
    },
    [SECTION.table]: (reader) => this.#writeTables(reader),
    [SECTION.memory]: (reader) => this.#writeMemories(reader),
    [SECTION.global]: (reader) => this.#writeGlobals(reader),
    [SECTION.export]: () => this.#writeExports(),
    [SECTION.element]: (reader) => this.#writeElements(reader),
    [SECTION.data]: (reader) => this.#writeData(reader),
  };

  /** Copies a vector that `more` elements will follow. */
  #copyVector(reader: Reader | undefined, more: number): void {
    this.#writer.u32((reader?.u32() ?? 0) + more);
    if (reader !== undefined) this.#writer.copy(this.#bytes, reader.at, reader.end);
  }

  #copyCustom(section: Section): void {
    const writer = this.#writer;
    const reader = new Reader(this.#bytes, section.start, section.end);
    const name = reader.name();
    if (!survives(name)) return;
    writer.section(SECTION.custom, () => {
      if (this.#shared && name === 'name') {
        writer.name(name);
        copyNamesButGlobals(writer, this.#bytes, reader.at, reader.end);
      } else writer.copy(this.#bytes, section.start, section.end);
    });
  }

  /** Appends `() -> ()` for the functions that are added, and `() -> i32` for the callback. */
  #writeTypes(reader: Reader | undefined): void {
    const adds = this.#ownFunctions.length > 0;
    this.#copyVector(reader, (adds ? 1 : 0) + (this.#counting ? 1 : 0));
    if (adds) this.#writer.put(0x60, 0, 0);
    if (this.#counting) this.#writer.put(0x60, 0, 1, I32);
  }

  #writeImports(reader: Reader | undefined): void {
    const writer = this.#writer;
    const { imports } = this.#shape;
    const { maxMemoryPages } = this.#options;
    writer.u32(imports.length + (this.#shared ? 1 : 0));
    for (const { module, name, kind, start, end, limits } of imports) {
      writer.name(module);
      writer.name(name);
      if (limits === undefined || reader === undefined) {
        writer.copy(this.#bytes, start, end);
        continue;
      }
      // A maximum here makes linking fail unless the host gives a memory or table that keeps to the cap.
      const cap = kind === 'memory' ? maxMemoryPages : this.#maxTableElements;
      const what = kind === 'memory' ? 'memory' : 'table';
      const entry = new Reader(this.#bytes, start, end);
      writer.byte(entry.byte());
      if (what === 'table') this.#copyType(entry);
      this.#writeLimits(limits, shareCap([limits], cap, what)[0] ?? 0);
    }
    if (!this.#shared) return;
    writer.name(SHARED_FUEL_IMPORT.module);
    writer.name(SHARED_FUEL_IMPORT.name);
    writer.put(EXTERNAL_KINDS.indexOf('global'), I64, 1);
  }

  get #maxTableElements(): number {
    return this.#options.maxTableElements ?? DEFAULT_MAX_TABLE_ELEMENTS;
  }

  #copyType(reader: Reader): void {
    const start = reader.at;
    skipReferenceType(reader, this.#shape.types.parameters.length);
    this.#writer.copy(this.#bytes, start, reader.at);
  }

  #writeLimits(limits: SizeLimits, maximum: number): void {
    this.#writer.byte(boundedFlags(limits));
    this.#writer.u32(limits.minimum);
    this.#writer.u32(maximum);
  }

  #writeTables(reader: Reader | undefined): void {
    const { imported, tables } = this.#shape;
    const defined = tables.slice(imported.table);
    const maximums = shareCap(defined, this.#maxTableElements, 'table');
    this.#writer.u32(defined.length + (this.#counting ? 1 : 0));
    reader?.u32();
    for (const [index, limits] of defined.entries()) {
      if (reader === undefined) break;
      const initialised = readTablePrefix(reader);
      if (initialised) this.#writer.put(0x40, 0);
      this.#copyType(reader);
      readLimits(reader, 'table');
      this.#writeLimits(limits, maximums[index] ?? 0);
      if (initialised) this.#copyExpression(reader);
    }
    if (this.#counting) this.#writer.put(FUNCREF, 1, REFILL_SLOTS, REFILL_SLOTS);
  }

  #writeMemories(reader: Reader | undefined): void {
    const { imported, memories } = this.#shape;
    const defined = memories.slice(imported.memory);
    const maximums = shareCap(defined, this.#options.maxMemoryPages, 'memory');
    reader?.u32();
    this.#writer.u32(defined.length);
    for (const [index, limits] of defined.entries()) this.#writeLimits(limits, maximums[index] ?? 0);
  }

  #writeGlobals(reader: Reader | undefined): void {
    const writer = this.#writer;
    const { total, imported } = this.#shape;
    const defined = total.global - imported.global;
    const ownFuel = this.#counting && !this.#shared;
    reader?.u32();
    writer.u32(defined + (ownFuel ? 2 : 1) + (this.#added.heapLeft === undefined ? 0 : 1));
    if (reader !== undefined) {
      for (let left = defined; left > 0; left -= 1) {
        const start = reader.at;
        skipValueType(reader, this.#shape.types.parameters.length);
        reader.flag();
        writer.copy(this.#bytes, start, reader.at);
        this.#copyExpression(reader);
      }
      reader.finish('the global section');
    }
    if (ownFuel) {
      writer.put(I64, 1, OP.i64Const);
      writer.signed(this.#options.initialFuel ?? -1);
      writer.byte(OP.end);
    }
    writer.put(I32, 1, OP.i32Const, 0, OP.end);
    if (this.#added.heapLeft !== undefined) writer.put(I64, 1, OP.i64Const, 0, OP.end);
  }

  #writeExports(): void {
    const { exports, start } = this.#shape;
    const own: (readonly [string, (typeof EXTERNAL_KINDS)[number], number])[] = [
      [RESERVED.growthRefused, 'global', this.#added.growthRefused],
    ];
    if (this.#added.heapLeft !== undefined) own.push([RESERVED.heapLeft, 'global', this.#added.heapLeft]);
    if (this.#counting) own.push([RESERVED.refill, 'table', this.#refillTable]);
    if (this.#counting && !this.#shared) own.push([RESERVED.fuel, 'global', this.#added.fuel]);
    // Not the start function itself: being exported would declare it, and code that refers to it without a declaration is invalid.
    if (start !== undefined)
      own.push([RESERVED.start, 'function', this.#shape.total.function + this.#ownFunctions.length - 1]);
    const writer = this.#writer;
    writer.u32(exports.length + own.length);
    for (const { name, kind, index } of exports) {
      writer.name(name);
      writer.byte(EXTERNAL_KINDS.indexOf(kind));
      writer.u32(kind === 'global' ? this.#moved(index) : index);
    }
    for (const [name, kind, index] of own) {
      writer.name(name);
      writer.byte(EXTERNAL_KINDS.indexOf(kind));
      writer.u32(index);
    }
  }

  /** The number that a global of the module has in the result. */
  #moved(global: number): number {
    const from = this.#added.globalsMoveFrom;
    return from === undefined || global < from ? global : global + 1;
  }

  #copyExpression(reader: Reader): void {
    const writer = this.#writer;
    let copied = reader.at;
    this.#expressions.skip(reader, (index, start, end) => {
      writer.copy(this.#bytes, copied, start);
      writer.byte(OP.globalGet);
      writer.u32(this.#moved(index));
      copied = end;
    });
    writer.copy(this.#bytes, copied, reader.at);
  }

  #copyIndex(reader: Reader, count: number, what: string): void {
    const index = reader.u32();
    if (index >= count) throw invalid(`${what} ${index} of a segment does not exist`, reader.at);
    this.#writer.u32(index);
  }

  /** Element segments have eight forms: passive or declared, with an explicit table, of expressions (bits 0, 1, 2). */
  #writeElements(reader: Reader | undefined): void {
    if (reader === undefined) return;
    const writer = this.#writer;
    const { total } = this.#shape;
    const segments = reader.count();
    writer.u32(segments);
    for (let left = segments; left > 0; left -= 1) {
      const form = reader.u32();
      if (form > 7) throw invalid(`element segment ${hex(form)} is not known`, reader.at);
      writer.u32(form);
      const active = (form & 1) === 0;
      const explicit = (form & 2) !== 0;
      const ofExpressions = (form & 4) !== 0;
      if (active && explicit) this.#copyIndex(reader, total.table, 'table');
      else if (active && total.table === 0) throw invalid('table 0 of a segment does not exist', reader.at);
      if (active) this.#copyExpression(reader);
      if (!active || explicit) {
        if (ofExpressions) this.#copyType(reader);
        else {
          if (reader.byte() !== 0) throw invalid('element kind is not known', reader.at - 1);
          writer.byte(0);
        }
      }
      const count = reader.count();
      writer.u32(count);
      for (let more = count; more > 0; more -= 1) {
        if (ofExpressions) this.#copyExpression(reader);
        else this.#copyIndex(reader, total.function, 'function');
      }
    }
    reader.finish('the element section');
  }

  #writeData(reader: Reader | undefined): void {
    if (reader === undefined) return;
    const writer = this.#writer;
    const segments = reader.count();
    writer.u32(segments);
    for (let left = segments; left > 0; left -= 1) {
      const form = reader.u32();
      if (form > 2) throw invalid(`data segment ${hex(form)} is not known`, reader.at);
      writer.u32(form);
      if (form === 2) this.#copyIndex(reader, this.#shape.total.memory, 'memory');
      if (form !== 1) this.#copyExpression(reader);
      const start = reader.at;
      reader.part();
      writer.copy(this.#bytes, start, reader.at);
    }
    reader.finish('the data section');
  }

  #writeCode(reader: Reader | undefined): void {
    const { total, imported } = this.#shape;
    const defined = total.function - imported.function;
    const count = reader?.u32() ?? 0;
    if (count !== defined) throw invalid(`it declares ${defined} functions and has bodies for ${count}`);
    const code = new Writer(this.#bytes.length);
    const plan = createPlan();
    const planOptions = {
      globalsMove: this.#shared,
      collectedHeap: this.#collects,
      heapCounted: this.#added.heapLeft !== undefined,
    };
    const hints: FunctionHints[] = [];
    for (let index = imported.function; reader !== undefined && index < total.function; index += 1) {
      planFunction(plan, this.#shape, index, reader.part(), planOptions);
      const offsets: number[] = [];
      const onHint = (offset: number): void => {
        offsets.push(offset);
      };
      code.sized(() => emitFunction(code, this.#bytes, plan, this.#added, this.#counting, onHint));
      if (offsets.length > 0) hints.push({ index, offsets });
    }
    reader?.finish('the code section');
    for (const write of this.#ownFunctions) code.sized(() => write(code));
    if (hints.length > 0) writeBranchHints(this.#writer, hints);
    this.#writer.section(SECTION.code, () => {
      this.#writer.u32(defined + this.#ownFunctions.length);
      this.#writer.append(code);
    });
  }

  /**
   * Asks the host, and traps unless it answers `REFILL.go`. A trap, unlike anything thrown, cannot be caught by the module. The second
   * slot may suspend the stack, so the host only sends us there when it wants to.
   */
  #writeOutOfFuel(code: Writer): void {
    const callback = this.#shape.types.parameters.length + 1;
    const answer = 0;
    const callSlot = (slot: number): void => {
      code.put(OP.i32Const, slot, OP.callIndirect);
      code.u32(callback);
      code.u32(this.#refillTable);
      code.put(OP.localTee, answer);
    };
    const trapUnless = (wanted: number): void => {
      code.put(
        OP.localGet,
        answer,
        OP.i32Const,
        wanted,
        OP.i32Ne,
        OP.if,
        EMPTY_BLOCK,
        OP.unreachable,
        OP.end,
      );
    };
    code.put(1, 1, I32);
    callSlot(REFILL_SLOT.ask);
    code.put(OP.if, EMPTY_BLOCK);
    trapUnless(REFILL.wait);
    callSlot(REFILL_SLOT.wait);
    code.put(OP.if, EMPTY_BLOCK, OP.unreachable, OP.end);
    code.put(OP.end);
    for (let left = NOT_INLINED_BYTES; left > 0; left -= 1) code.byte(OP.nop);
    code.put(OP.end);
  }
}

/** A function that calls another, which takes and gives nothing. */
function writeCall(code: Writer, callee: number): void {
  code.put(0, OP.call);
  code.u32(callee);
  code.put(OP.end);
}
