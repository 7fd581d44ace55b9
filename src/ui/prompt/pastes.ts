// Long pastes are folded: in the editor each is one private character, shown as a label and sent as it was.

/** Plane 16's private use area: no keyboard types it and no icon font uses it. */
const FIRST = 0x10f000;
const COUNT = 256;
const MARK = /[\u{10F000}-\u{10F0FF}]/gu;

const MAX_LINES = 5;
const MAX_LENGTH = 500;

/** Pastes folded so far; `full` texts are found by the number in their mark. */
export type Pastes = readonly string[];

/** What goes into the editor for a pasted text: the text itself, or a mark for one too long to look at. */
export function fold(pastes: Pastes, pasted: string): {pastes: Pastes; typed: string} {
  const text = pasted.replaceAll(MARK, '');
  const long = text.length > MAX_LENGTH || text.split('\n').length > MAX_LINES;
  if (!long || pastes.length >= COUNT) return {pastes, typed: text};
  return {pastes: [...pastes, text], typed: String.fromCodePoint(FIRST + pastes.length)};
}

/** The text as it is sent: every mark replaced by its paste. */
export function unfold(text: string, pastes: Pastes): string {
  return text.replaceAll(MARK, (mark) => pastes[numberOf(mark)] ?? '');
}

/** The text as it is shown: every mark replaced by its label. */
export function labelled(text: string, pastes: Pastes): string {
  return text.replaceAll(MARK, (mark) => label(mark, pastes) ?? '');
}

/** How a mark is shown; undefined for any other cluster. */
export function label(cluster: string, pastes: Pastes): string | undefined {
  const paste = pastes[numberOf(cluster)];
  if (paste === undefined) return undefined;
  const lines = paste.split('\n').length;
  const size = lines > 1 ? `${lines} lines` : `${paste.length} characters`;
  return `[paste ${numberOf(cluster) + 1}: ${size}]`;
}

function numberOf(cluster: string): number {
  return (cluster.codePointAt(0) ?? 0) - FIRST;
}
