// Text from a model, a file or a tool must not drive the terminal: what people see is letters, never orders.

// C0 and C1 controls except tab and newline, and the marks that reorder or hide text (bidi, annotation, tags).
const HOSTILE =
  /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFFF9-\uFFFB\u{E0000}-\u{E007F}]/gu;

/** Removes control characters (so also the lead-in of every terminal escape) and bidi overrides; tabs and newlines stay. */
export function sanitise(text: string): string {
  return text.replace(HOSTILE, '');
}
