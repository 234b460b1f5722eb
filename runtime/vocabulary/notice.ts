/** What a person who waits would like to know, and no outcome tells. */
export interface Notice {
  /**
   * `preparing`: something is made that is kept for later runs and processes. `not-kept`: it could not be kept, so that every process makes it
   * anew; told once. `policy-read`: the policy file has changed. `policy-refused`: so it has, and cannot be read; the policy before stays.
   */
  readonly kind: 'preparing' | 'not-kept' | 'policy-read' | 'policy-refused';
  /** One sentence without a full stop. */
  readonly message: string;
}

export type TellNotice = (notice: Notice) => void;
