/** Characters of a `setup.py` that are looked at. */
const MAX_SETUP = 200_000;
/** Begins a build of extensions of the project's own, as those have that go on when one of them fails. */
const OWN_BUILD = '(build_ext):';

/**
 * Whether a `setup.py` says that the package does without its native parts: each extension is marked `optional`, or a failed build of one is
 * caught. It is read, never run.
 * @param setup Its text, if there is one.
 */
export function saysNativeIsOptional(setup = ''): boolean {
  const text = setup.slice(0, MAX_SETUP);
  return everyExtensionIsOptional(text) || failureIsCaught(text);
}

function everyExtensionIsOptional(text: string): boolean {
  const [, ...calls] = text.split(/\bExtension\(/);
  return calls.length > 0 && calls.every((call) => /\boptional=(?!False\b)/.test(argumentsOf(call)));
}

/** Up to the bracket that closes the call. Brackets in texts and comments are counted with the others: the worst of it is a refusal. */
function argumentsOf(call: string): string {
  let depth = 1;
  for (let at = 0; at < call.length; at += 1) {
    if (call[at] === '(') depth += 1;
    else if (call[at] === ')') depth -= 1;
    if (depth === 0) return call.slice(0, at);
  }
  return call;
}

function failureIsCaught(text: string): boolean {
  const start = text.indexOf(OWN_BUILD);
  if (start < 0) return false;
  const [, method] = text.slice(start).split(/\n {4}def build_extension\(/, 2);
  const body = method?.split(/\n {4}def |\n\S/, 1)[0] ?? '';
  return (
    /\n {8}except\b/.test(body) &&
    !/\n {12}raise (?!BuildFailed\b)/.test(
      body
        .split(/\n {8}except\b/)
        .slice(1)
        .join('\n'),
    )
  );
}
