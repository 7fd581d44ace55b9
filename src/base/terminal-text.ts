// Text from a model, a file or a tool must not drive the terminal: what people see is letters, never orders.

/** Bytes meant to drive the terminal, made by this program alone: styles, links, the clipboard, modes. */
export type TerminalSequence = string & {readonly sequence: unique symbol};

// C0 and C1 controls except tab and newline, and the marks that reorder or hide text: bidi embeddings, overrides and
// isolates, the deprecated format characters, annotations, tags. The marks of direction (U+061C, U+200E, U+200F) stay:
// they reorder nothing around them, and Hebrew and Arabic need them.
const HOSTILE = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u206F\uFFF9-\uFFFB\u{E0000}-\u{E007F}]/gu;
const LINE_ENDS = /[\u2028\u2029]/g;
/** Nothing that the two above could find. */
const HARMLESS = /^[\t\n\x20-\x7e]*$/;

/**
 * Text without control characters (so also without the lead-in of every terminal escape) and without what reorders or
 * hides text. Tabs and newlines stay; the line and paragraph separators, which a terminal shows as nothing, become
 * newlines.
 */
export function sanitise(text: string): string {
  return HARMLESS.test(text) ? text : text.replace(HOSTILE, '').replace(LINE_ENDS, '\n');
}

/** The same on one line: what follows a name may not look like a line of its own. */
export function oneLine(text: string): string {
  const clean = sanitise(text);
  if (!clean.includes('\n')) return clean;
  const [first = '', ...others] = clean.split('\n');
  const last = others.pop() ?? '';
  const between = others.map((part) => part.trim()).filter((part) => part !== '');
  return [first.trimEnd(), ...between, last.trimStart()].join(' ');
}

/** JSON that says the same without those characters: JSON.stringify escapes only the C0 ones. */
export function escapeJson(json: string): string {
  const escaped = (found: string) =>
    found
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join('');
  // The only control characters between JSON's own signs are line ends and tabs, which stay.
  return json.replace(HOSTILE, escaped).replace(LINE_ENDS, escaped);
}
