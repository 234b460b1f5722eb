import { promising, suspending } from '../../../wasm/suspending.ts';
import { GLUE_IMPORT, type WaitMode } from '../component-data.ts';
import { after, type Eventually } from '../component-run.ts';
import type { InstantiateGlue } from '../glue/load-glue.ts';
import { camelCase, classNameOf, partsOfName } from '../glue/names.ts';
import type { CoreValue } from './core-values.ts';
import { createHandles, type Handles } from './handles.ts';
import type { CoreItem, HostFunction, Lifted, LinkPlan, LoweredFunction, PassOptions } from './link-plan.ts';
import type { Pass } from './pass.ts';
import { giveParams, giveResult, takeParams, takeResult } from './pass-values.ts';

/** What `implementImports` gives to whoever links: see there. */
export interface LinkHelpers {
  readonly charge: Pass['charge'];
  readonly chargeItems: Pass['chargeItems'];
  readonly decode: Pass['decode'];
  /** Bills a call that leaves the guest. */
  readonly enter: () => void;
  /** Before the guest goes on after such a call, in which its own allocator may have worked. */
  readonly leave: () => void;
  /** Before the guest holds so many resources. */
  readonly hold: (count: number) => void;
  /** Throws once the run has ended: a guest that was left may have something still to say. */
  readonly alive: () => void;
}

export interface LinkParts {
  readonly plan: LinkPlan;
  readonly mode: WaitMode;
  /** Name of a module by its place in the plan. */
  readonly nameOf: (place: number) => string;
  /** `interface#function` of what may have to wait. */
  readonly waiting: readonly string[];
}

type Core = (...args: readonly CoreValue[]) => unknown;

/**
 * Puts a component together as its plan says, and passes values between it and the host: what generated glue does, by code that is ours. So
 * nothing that a binary says is ever JavaScript, and a realm in which it ran is as it was.
 */
export const createLinker =
  (parts: LinkParts): InstantiateGlue =>
  (getCore, imports, instantiateCore) => {
    const linked = new Linked(parts, imports as HostInterfaces); // `implementImports` made them
    for (const instance of parts.plan.instances) {
      if (instance.kind === 'parts') linked.add(linked.partsOf(instance.parts));
      else {
        const core = getCore(parts.nameOf(instance.module));
        linked.add(instantiateCore(core, linked.importsOf(instance.args)).exports);
      }
    }
    return linked.exports();
  };

type HostInterfaces = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** One instance of a component while it is made. */
class Linked {
  readonly #plan: LinkPlan;
  readonly #suspends: boolean;
  readonly #waiting: ReadonlySet<string>;
  readonly #host: HostInterfaces;
  readonly #helpers: LinkHelpers;
  readonly #handles: Handles;
  readonly #instances: WebAssembly.Exports[] = [];

  constructor({ plan, mode, waiting }: LinkParts, host: HostInterfaces) {
    this.#plan = plan;
    this.#suspends = mode === 'jspi';
    this.#waiting = new Set(waiting);
    this.#host = host;
    this.#helpers = host[GLUE_IMPORT] as unknown as LinkHelpers; // as above
    this.#handles = createHandles(this.#helpers.hold);
  }

  add(exports: WebAssembly.Exports): void {
    this.#instances.push(exports);
  }

  partsOf(parts: readonly (readonly [string, CoreItem])[]): WebAssembly.Exports {
    const made: WebAssembly.Exports = Object.create(null);
    for (const [name, item] of parts) made[name] = this.#find(item) as WebAssembly.ExportValue; // or what is imported as one
    return made;
  }

  importsOf(args: readonly (readonly [string, number])[]): WebAssembly.Imports {
    const made: WebAssembly.Imports = Object.create(null);
    for (const [name, place] of args) made[name] = this.#instances[place] ?? {};
    return made;
  }

  exports(): unknown {
    const made: Record<string, unknown> = Object.create(null);
    for (const exported of this.#plan.exports) {
      const { interface: name, function: functionName } = exported;
      if (name !== undefined) made[name] ??= Object.create(null);
      const holder = name === undefined ? made : (made[name] as typeof made); // no function is called as an interface
      holder[camelCase(functionName)] = this.#called(exported);
    }
    return made;
  }

  #find(item: CoreItem): unknown {
    switch (item.kind) {
      case 'export':
        return this.#instances[item.instance]?.[item.name];
      case 'import': {
        const lowered = this.#plan.imports[item.place];
        if (lowered === undefined) break;
        const call = this.#lowered(lowered);
        return this.#waits(lowered) ? suspending(call) : call;
      }
      case 'drop':
        return (handle: number): void => {
          this.#helpers.alive();
          const object = this.#handles.remove(item.resource, handle) as Partial<Disposable>; // of a class of ours
          object[Symbol.dispose]?.();
        };
    }
    throw new TypeError('Cannot link the component: its plan names what is not there');
  }

  #waits(lowered: LoweredFunction): boolean {
    return (
      this.#suspends &&
      (lowered.kind === 'inner' || this.#waiting.has(`${lowered.interface}#${lowered.function}`))
    );
  }

  #passOf({ encoding, memory, realloc }: PassOptions): Pass {
    const shared = memory === undefined ? undefined : (this.#find(memory) as WebAssembly.Memory); // the plan was checked
    let view: DataView<ArrayBuffer> | undefined;
    return {
      encoding,
      handles: this.#handles,
      charge: this.#helpers.charge,
      chargeItems: this.#helpers.chargeItems,
      decode: this.#helpers.decode,
      realloc: realloc === undefined ? noRoom : (this.#find(realloc) as Pass['realloc']), // as above
      view: () => {
        const buffer = shared?.buffer ?? NO_MEMORY;
        if (view?.buffer !== buffer) view = new DataView(buffer);
        return view;
      },
    };
  }

  /** A function of a component as core code calls it. */
  #lowered(lowered: LoweredFunction): Core {
    const { type, options } = lowered;
    const pass = this.#passOf(options);
    const call = lowered.kind === 'host' ? hostFunction(this.#host, lowered) : this.#entered(lowered.target);
    return (...given) => {
      this.#helpers.alive();
      this.#helpers.enter();
      return after(call(takeParams(pass, type, given)), (value) => {
        const result = giveResult(pass, type, value, given);
        this.#helpers.leave();
        return result;
      });
    };
  }

  /** A guest's function as components call it. */
  #entered({ type, core, options }: Lifted): (args: readonly unknown[]) => unknown {
    const pass = this.#passOf(options);
    const callee = this.#entry(core);
    const postReturn = options.postReturn === undefined ? undefined : this.#entry(options.postReturn);
    return (args) =>
      after(callee(...giveParams(pass, type, args)) as Eventually<unknown>, (answer) => {
        const value = takeResult(pass, type, answer as CoreValue); // a number, or none
        if (postReturn === undefined) return value;
        const left = postReturn(...(answer === undefined ? [] : [answer as CoreValue]));
        return after(left as Eventually<unknown>, () => value);
      });
  }

  /** A function of core code, entered so that it can be suspended where that is possible. */
  #entry(item: CoreItem): Core {
    const core = this.#find(item) as Core; // the plan was checked
    return this.#suspends ? promising(core as never) : core;
  }

  /** As the glue exposes it: a declared error is thrown as it is, and nothing else that is no `Error`. */
  #called(lifted: Lifted): (...args: readonly unknown[]) => unknown {
    const call = this.#entered(lifted);
    if (lifted.type.result?.kind !== 'result') return (...args) => call(args);
    return (...args) =>
      after(call(args) as Eventually<Answer>, ({ tag, val }) => {
        if (tag === 'err') throw val;
        return val;
      });
  }
}

interface Answer {
  readonly tag: string;
  readonly val?: unknown;
}

const NO_MEMORY = new ArrayBuffer(0);

const noRoom = (): number => {
  throw new TypeError('Cannot pass a value: the component names no allocator');
};

/** What implements a function of an interface. Both names were checked against the table of all that there are. */
function hostFunction(
  host: HostInterfaces,
  lowered: HostFunction,
): (args: readonly unknown[]) => Eventually<unknown> {
  const functions = host[lowered.interface] ?? {};
  const { kind, resource, name } = partsOfName(lowered.function);
  const isResult = lowered.type.result?.kind === 'result';
  const classOf = () =>
    ownFunction(functions, classNameOf(resource)) as unknown as new (
      ...args: readonly unknown[]
    ) => object; // of a resource, by the table
  // Looked up when it is called: of the functions that a world imports, some are not there to be called.
  const call = (args: readonly unknown[]): unknown => {
    switch (kind) {
      case undefined:
        return ownFunction(functions, camelCase(name))(...args);
      case 'constructor':
        return new (classOf())(...args);
      case 'static':
        return Reflect.apply(ownFunction(classOf(), camelCase(name)), classOf(), args);
      default: {
        const [self, ...rest] = args;
        return Reflect.apply(ownFunction(classOf().prototype, camelCase(name)), self, rest);
      }
    }
  };
  if (!isResult) return call;
  return (args) => after(call(args), (value) => (isAnswer(value) ? value : { tag: 'ok', val: value }));
}

/** Never one that every object has. */
function ownFunction(holder: object, name: string): (...args: readonly unknown[]) => unknown {
  const found: unknown = Object.getOwnPropertyDescriptor(holder, name)?.value;
  if (typeof found !== 'function' || name === 'constructor')
    throw new TypeError(`Cannot link the component: nothing implements ${name}`);
  return found as (...args: readonly unknown[]) => unknown; // whatever it is, its own code checks what it is given
}

const isAnswer = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  'tag' in value &&
  (value.tag === 'ok' || value.tag === 'err');
