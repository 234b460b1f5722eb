/** Programs that are sent into a page as their text: each stands by itself. What they answer comes from a page, and is believed no more than it. */

/** Texts in the order of the document; where the selector ends in `[href]` or `[src]`, the absolute addresses. */
export function textsBy(selector: string, most: number): string[] {
  const attribute = ['href', 'src'].find((name) => selector.trimEnd().endsWith(`[${name}]`));
  return [...document.querySelectorAll(selector)].slice(0, most).map((element) => {
    if (attribute === undefined) return (element.textContent ?? '').trim();
    const value = element.getAttribute(attribute) ?? '';
    return URL.canParse(value, document.baseURI) ? new URL(value, document.baseURI).href : value;
  });
}

/** Fills a field as a person would leave it: its value, then the events that tell of it. */
export function fillElement(element: Element, value: string | number | boolean): void {
  const field = element as HTMLInputElement;
  field.focus();
  if (field.type === 'checkbox' || field.type === 'radio')
    field.checked = value === true || value === 'true' || value === 'on';
  else if (element instanceof HTMLSelectElement) {
    const wanted = String(value);
    const option = [...element.options].find((one) => one.value === wanted || one.label === wanted);
    if (option !== undefined) element.value = option.value;
  } else if (field.isContentEditable) field.textContent = String(value);
  else {
    // A page that watches `value` by a setter of its own is told by the events, as of a person who types.
    const proto = element instanceof HTMLTextAreaElement ? HTMLTextAreaElement : HTMLInputElement;
    Object.getOwnPropertyDescriptor(proto.prototype, 'value')?.set?.call(field, String(value));
  }
  field.dispatchEvent(new Event('input', { bubbles: true }));
  field.dispatchEvent(new Event('change', { bubbles: true }));
}

/** Chooses by value or label. @returns the values that are chosen then. */
export function chooseOptions(element: Element, wanted: readonly string[]): string[] {
  const list = element as HTMLSelectElement;
  for (const option of list.options)
    option.selected = wanted.includes(option.value) || wanted.includes(option.label);
  list.dispatchEvent(new Event('input', { bubbles: true }));
  list.dispatchEvent(new Event('change', { bubbles: true }));
  return [...list.selectedOptions].map(({ value }) => value);
}

/** What is on the page as lines of role, name and reference; the references hold until the next look. */
export function lookAround(most: number): string {
  const refs = new Map<string, Element>();
  Reflect.set(globalThis, Symbol.for('sandglass.refs'), refs);
  const ROLES: Record<string, string> = {
    A: 'link',
    BUTTON: 'button',
    SELECT: 'combobox',
    TEXTAREA: 'textbox',
    IMG: 'img',
    UL: 'list',
    OL: 'list',
    LI: 'listitem',
    TABLE: 'table',
    TR: 'row',
    TD: 'cell',
    TH: 'columnheader',
    FORM: 'form',
    NAV: 'navigation',
    MAIN: 'main',
    P: 'paragraph',
  };
  const INPUTS: Record<string, string> = {
    checkbox: 'checkbox',
    radio: 'radio',
    submit: 'button',
    button: 'button',
    range: 'slider',
  };
  const roleOf = (element: Element): string | undefined => {
    const given = element.getAttribute('role');
    if (given !== null && given !== '') return given.slice(0, 40);
    if (/^H[1-6]$/.test(element.tagName)) return 'heading';
    if (element instanceof HTMLInputElement) return INPUTS[element.type] ?? 'textbox';
    return ROLES[element.tagName];
  };
  const nameOf = (element: Element): string => {
    const field = element as HTMLInputElement;
    const label = field.labels?.[0]?.textContent;
    const own = element.children.length === 0 || /^(?:A|BUTTON|H[1-6])$/.test(element.tagName);
    const text =
      element.getAttribute('aria-label') ??
      label ??
      element.getAttribute('alt') ??
      element.getAttribute('placeholder') ??
      (own ? element.textContent : '');
    const words = (text ?? '').slice(0, 2_000).split(/\s/);
    return words
      .filter((word) => word !== '')
      .join(' ')
      .slice(0, 200);
  };
  const lines: string[] = [];
  let size = 0;
  const walk = (element: Element, depth: number): void => {
    for (const child of element.children) {
      if (size > most || depth > 200) return;
      if (/^(?:SCRIPT|STYLE|NOSCRIPT|TEMPLATE|HEAD)$/.test(child.tagName)) continue;
      const style = getComputedStyle(child);
      if (style.display === 'none' || style.visibility === 'hidden') continue;
      const role = roleOf(child);
      if (role === undefined) {
        walk(child, depth);
        continue;
      }
      const ref = `e${refs.size + 1}`;
      refs.set(ref, child);
      const name = nameOf(child);
      const line = `${'  '.repeat(depth)}- ${role}${name === '' ? '' : ` ${JSON.stringify(name)}`} [ref=${ref}]`;
      lines.push(line);
      size += line.length + 1;
      walk(child, depth + 1);
    }
  };
  if (document.body !== null) walk(document.body, 0);
  return lines.join('\n').slice(0, most);
}
