// How many terminal cells a cluster takes: a sum over its code points with what a terminal does to ten classes of text.
import {eastAsianWidth} from 'get-east-asian-width';

/**
 * What terminals differ in. The defaults are right in most of them; a terminal that answers to probes has a table of its
 * own. All else (ASCII, Han, Kana, Hangul syllables, box drawing, arrows, private use) is the same in every terminal.
 */
export interface WidthTable {
  /** Cells that Thai and Lao SARA AM (U+0E33, U+0EB3) adds behind a consonant. */
  readonly saraAm: 0 | 1;
  /** Cells of a spacing vowel sign (general category Mc), as Devanagari has them. */
  readonly vowelSign: 0 | 1;
  /** True where every consonant of a cluster takes its cells, false where only the first does. */
  readonly conjunctAdds: boolean;
  /** Cells of a Hangul vowel or final consonant that stands as a code point of its own. */
  readonly jamo: 0 | 1;
  /** True where U+FE0F makes a narrow character two cells wide, and U+FE0E a wide one narrow. */
  readonly selectorWidens: boolean;
  /** Cells of a skin tone behind an emoji. */
  readonly skinTone: 0 | 2;
  /** True where emoji joined by U+200D are as wide as the widest of them, false where each takes its cells. */
  readonly joinerMerges: boolean;
  /** Cells of a flag, which is two regional indicators. */
  readonly flag: 2 | 4;
  /** Cells of characters whose width Unicode calls ambiguous. */
  readonly ambiguous: 1 | 2;
  /** Cells of emoji that came with Unicode 15 or later. */
  readonly newEmoji: 0 | 1 | 2;
}

/** Right for all but two of 66 classes in xterm, foot, urxvt and st, for all but five in tmux. */
export const DEFAULT_WIDTHS: WidthTable = {
  saraAm: 1,
  vowelSign: 1,
  conjunctAdds: true,
  jamo: 0,
  selectorWidens: false,
  skinTone: 2,
  joinerMerges: false,
  flag: 2,
  ambiguous: 1,
  newEmoji: 2,
};

const VOWEL_SIGN = /^\p{Mc}$/u;
/** Marks that stand above, below or around another character, and format characters; not the soft hyphen, which is shown. */
const NO_CELLS = /^[\p{Mn}\p{Me}\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\u061c\u{e0000}-\u{e0fff}]$/u;
const NEW_EMOJI =
  /^[\u{1fa75}-\u{1fa77}\u{1fa87}-\u{1fa89}\u{1fa8e}\u{1fa8f}\u{1faad}-\u{1faaf}\u{1fabb}-\u{1fabf}\u{1fac6}\u{1fac8}\u{1facd}-\u{1facf}\u{1fada}-\u{1fadf}\u{1fae8}-\u{1faea}\u{1faef}\u{1faf7}\u{1faf8}]$/u;
/** Trigrams, hexagrams and monograms of the Yijing: wide since Unicode 16, which hardly a terminal has followed. */
const WIDE_ON_PAPER = /^[\u2630-\u2637\u268a-\u268f\u4dc0-\u4dff]$/u;
const MEDIAL_OR_FINAL_JAMO = /^[\u1160-\u11ff\ud7b0-\ud7ff]$/u;
const SKIN_TONE = /^[\u{1f3fb}-\u{1f3ff}]$/u;
const SARA_AM = /^[\u0e33\u0eb3]$/u;
const PICTOGRAPH = /^\p{Extended_Pictographic}/u;
const REGIONAL = /^\p{Regional_Indicator}/u;
const KEYCAP = '\u20e3';
const EMOJI_STYLE = '\ufe0f';
const TEXT_STYLE = '\ufe0e';
const JOINER = '\u200d';

/** Marks of the classes in which terminals differ: one of them in a text is enough. */
const UNCERTAIN =
  /[\p{Mc}\p{Regional_Indicator}\u00ad\u0e33\u0eb3\u1160-\u11ff\ud7b0-\ud7ff\u200b-\u200f\u2060\ufeff\u061c\u2630-\u2637\u268a-\u268f\u4dc0-\u4dff\u{1fa75}-\u{1faff}]|[\u{1f3fb}-\u{1f3ff}]|[\u302a-\u302f]|\ufe0e|\ufe0f/u;
/** A letter behind a mark: in one cluster they are a conjunct. */
const MAYBE_CONJUNCT = /\p{Mn}\p{L}/u;

/** True where terminals may differ in the cells of a cluster, or of some cluster of a text. */
export function isUncertain(text: string): boolean {
  return UNCERTAIN.test(text) || MAYBE_CONJUNCT.test(text);
}

/** Cells of one cluster in a terminal with this table; control characters take none. */
export function clusterWidth(cluster: string, table: WidthTable): number {
  const characters = [...cluster];
  const [first = '', second = ''] = characters;
  if (characters.length === 1) return characterWidth(first, table);
  if (REGIONAL.test(first)) return REGIONAL.test(second) ? table.flag : table.flag / 2;
  if (PICTOGRAPH.test(first) || second === EMOJI_STYLE || characters.includes(KEYCAP)) {
    return emojiWidth(cluster, table);
  }
  return lettersWidth(characters, table);
}

function characterWidth(character: string, table: WidthTable): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return 0;
  const wide = eastAsianWidth(code, {ambiguousAsWide: table.ambiguous === 2});
  if (code < 0x300) return code === 0xad ? 1 : wide;
  if (MEDIAL_OR_FINAL_JAMO.test(character)) return table.jamo;
  if (VOWEL_SIGN.test(character)) return table.vowelSign;
  if (NO_CELLS.test(character)) return 0;
  if (REGIONAL.test(character)) return table.flag / 2;
  if (NEW_EMOJI.test(character)) return table.newEmoji;
  return WIDE_ON_PAPER.test(character) ? 1 : wide;
}

function emojiWidth(cluster: string, table: WidthTable): number {
  const parts = cluster.split(JOINER).map((part) => emojiPartWidth([...part], table));
  if (parts.length > 1 && table.joinerMerges) return Math.min(2, Math.max(...parts));
  return parts.reduce((sum, cells) => sum + cells, 0);
}

function emojiPartWidth(characters: readonly string[], table: WidthTable): number {
  let cells = 0;
  characters.forEach((character, index) => {
    if (character === EMOJI_STYLE && table.selectorWidens) cells = cells === 1 ? 2 : cells;
    else if (character === TEXT_STYLE && table.selectorWidens) cells = cells === 2 ? 1 : cells;
    else if (index > 0 && SKIN_TONE.test(character)) cells += table.skinTone;
    else cells += characterWidth(character, table);
  });
  return cells;
}

/** Letters with their marks; a cluster has more than one letter in a conjunct, before SARA AM, and of Hangul. */
function lettersWidth(characters: readonly string[], table: WidthTable): number {
  let cells = 0;
  let letters = 0;
  for (const character of characters) {
    const own = characterWidth(character, table);
    if (own === 0) continue;
    if (VOWEL_SIGN.test(character) || MEDIAL_OR_FINAL_JAMO.test(character)) cells += own;
    else {
      letters += 1;
      if (letters === 1) cells += own;
      else if (SARA_AM.test(character)) cells += table.saraAm;
      else if (table.conjunctAdds) cells += own;
    }
  }
  return cells;
}
