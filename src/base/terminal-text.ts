// Text from a model, a file or a tool must not drive the terminal: what people see is letters, never orders.

// C0 and C1 controls except tab and newline, and the marks that reorder or hide text (bidi, annotation, tags).
const HOSTILE =
  /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFFF9-\uFFFB\u{E0000}-\u{E007F}]/gu;

/** JSON that says the same without those characters: JSON.stringify escapes only the C0 ones. */
export function sanitiseJson(json: string): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  // The only control characters between JSON's own signs are line ends and tabs, which stay.
  return json.replace(HOSTILE, (found) => found.split('').map(escaped).join(''));
}

/** Removes control characters (so also the lead-in of every terminal escape) and bidi overrides; tabs and newlines stay. */
export function sanitise(text: string): string {
  return text.replace(HOSTILE, '');
}
