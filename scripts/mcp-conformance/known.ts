const QUESTIONS =
  'tools ask no questions of their own; a dangerous one is confirmed, which the tests of the door show';
const MODEL = 'no tool asks the model or the folders of a client: a guest has no way back to it';

/** Scenarios that fail, and why; of both revisions, or of the one that is named first. */
export const KNOWN_FAILURES: Readonly<Record<string, string>> = {
  'elicitation-sep1034-defaults': QUESTIONS,
  'elicitation-sep1330-enums': QUESTIONS,
  'tools-call-elicitation': QUESTIONS,
  'input-required-result-basic-elicitation': QUESTIONS,
  'input-required-result-capability-check': QUESTIONS,
  'input-required-result-multi-round': QUESTIONS,
  'input-required-result-multiple-input-requests': QUESTIONS,
  'input-required-result-request-state': QUESTIONS,
  'input-required-result-result-type': QUESTIONS,
  'input-required-result-tampered-state': QUESTIONS,
  'input-required-result-non-tool-request': 'prompts ask no questions: what they need are their arguments',
  'input-required-result-basic-list-roots': MODEL,
  'input-required-result-basic-sampling': MODEL,
  'tools-call-sampling': MODEL,
  'server-stateless': `its check of a capability that a tool wants of the client: ${MODEL}`,
  'http-custom-header-server-validation': 'no schema of a tool asks for headers of its own',
  'tasks-dispatch-and-envelope': `its check of a task that asks: ${QUESTIONS}; the others pass`,
  'tasks-lifecycle':
    'its check of a task that fails by the protocol: what fails in a tool is its result; the others pass',
  'tasks-required-task-error': 'no tool needs a task: a client without tasks waits for its result',
  'tasks-mrtr-composition': QUESTIONS,
  'tasks-mrtr-input': QUESTIONS,
};

const NO_QUESTIONS = 'a mounted server cannot ask the person: its tools run without one';

/** The same of the client. */
export const KNOWN_CLIENT_FAILURES: Readonly<Record<string, string>> = {
  'elicitation-sep1034-client-defaults': NO_QUESTIONS,
  'sep-2322-client-request-state': NO_QUESTIONS,
  'http-custom-headers':
    'its check of null for a field that is a boolean: the arguments do not fit the schema, so nothing is sent',
};
