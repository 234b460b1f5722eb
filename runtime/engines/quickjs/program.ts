import type { CellGuest } from '../../contracts/engine.ts';

/** What `prepare` hands to `execute`: plain data. */
export interface Program {
  readonly code: string;
  readonly filename: string;
  readonly form: 'auto' | 'script' | 'module';
  /** Specifier → source, types already removed. */
  readonly modules: Readonly<Record<string, string>>;
  /** Imported files that end in `.ts` or `.mts` have their types removed; only programs in TypeScript pay for that. */
  readonly typescript: boolean;
  /** What the engine does not know is written in what it knows already. @default false: the cell does it */
  readonly lowered?: boolean;
}

/** Name of the compiled engine in `PreparedGuest.modules`. */
export const ENGINE_MODULE = 'quickjs';

export const programOf = (guest: CellGuest): Program => guest.data as Program; // made by this engine's own prepare
