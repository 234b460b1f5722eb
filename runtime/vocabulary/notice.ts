/** What a person who waits would like to know, and no outcome tells. */
export interface Notice {
  /**
   * `preparing`: something is made that is kept for later runs and processes. `not-kept`: it could not be kept, so that every process makes it
   * anew; told once. `policy-read`: the policy file has changed. `policy-refused`: so it has, and cannot be read; the policy before stays.
   * `tools-read`: files of a watched folder of tools have changed, and what they bring is in force. `tools-refused`: one of them has changed and is
   * not a tool any more, and the one before stays; or a component was registered of whose functions some are no tools. `folder-missing`: the
   * policy names a folder that is not there, which no run can be granted. `server-changed`: a server tells of other tools than were confirmed.
   * `server-failed`: one could not be reached, and is tried again with the next call.
   */
  readonly kind:
    | 'preparing'
    | 'not-kept'
    | 'policy-read'
    | 'policy-refused'
    | 'tools-read'
    | 'tools-refused'
    | 'folder-missing'
    | 'server-changed'
    | 'server-failed';
  /** One sentence without a full stop. */
  readonly message: string;
}

export type TellNotice = (notice: Notice) => void;
