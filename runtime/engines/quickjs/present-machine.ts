import type { Machine } from './machine.ts';
import type { LentMachine } from './machine-pool.ts';

/**
 * The instance that a guest lives in at present, as one object: another stands behind it after each rest. While there is none, only its
 * size is told.
 */
export class PresentMachine implements Machine {
  readonly #lent: LentMachine;
  constructor(lent: LentMachine) {
    this.#lent = lent;
  }
  get memoryBytes() {
    return this.#lent.memoryBytes;
  }
  get growthRefused() {
    return this.#lent.growthRefused;
  }
  get readText() {
    return this.#lent.machine.readText;
  }
  get readUtf8() {
    return this.#lent.machine.readUtf8;
  }
  get textAt() {
    return this.#lent.machine.textAt;
  }
  get readNumber() {
    return this.#lent.machine.readNumber;
  }
  get isTrue() {
    return this.#lent.machine.isTrue;
  }
  get readBytes() {
    return this.#lent.machine.readBytes;
  }
  get lookAt() {
    return this.#lent.machine.lookAt;
  }
  get bytesLength() {
    return this.#lent.machine.bytesLength;
  }
  get kind() {
    return this.#lent.machine.kind;
  }
  get newText() {
    return this.#lent.machine.newText;
  }
  get newNumber() {
    return this.#lent.machine.newNumber;
  }
  get newBytes() {
    return this.#lent.machine.newBytes;
  }
  get takeBytes() {
    return this.#lent.machine.takeBytes;
  }
  get newFunction() {
    return this.#lent.machine.newFunction;
  }
  get promiseState() {
    return this.#lent.machine.promiseState;
  }
  get promiseResult() {
    return this.#lent.machine.promiseResult;
  }
  get exports() {
    return this.#lent.machine.exports;
  }
  get context() {
    return this.#lent.machine.context;
  }
  get runtime() {
    return this.#lent.machine.runtime;
  }
  get serve() {
    return this.#lent.machine.serve;
  }
  get leave() {
    return this.#lent.machine.leave;
  }
  get collectSoon() {
    return this.#lent.machine.collectSoon;
  }
  get at() {
    return this.#lent.machine.at;
  }
  get hasRoom() {
    return this.#lent.machine.hasRoom;
  }
  get aborted() {
    return this.#lent.machine.aborted;
  }
  get memory() {
    return this.#lent.machine.memory;
  }
  get duplicate() {
    return this.#lent.machine.duplicate;
  }
  get call() {
    return this.#lent.machine.call;
  }
  get evaluate() {
    return this.#lent.machine.evaluate;
  }
  get runJobs() {
    return this.#lent.machine.runJobs;
  }
  get suspendable() {
    return this.#lent.machine.suspendable;
  }
  get free() {
    return this.#lent.machine.free;
  }
  get setStack() {
    return this.#lent.machine.setStack;
  }
}
