/** One import or export. */
export interface Port {
  /** Core modules import from a module by a name; a component's names are whole. */
  readonly module?: string;
  readonly name: string;
  /** How it is called or what it is, e.g. `func (i32, i32) -> i32`; absent where the binary does not tell simply. */
  readonly type?: string;
}
