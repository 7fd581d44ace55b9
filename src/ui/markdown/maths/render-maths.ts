// A formula of LaTeX as Unicode text, all of it or none of it.
import {graphemes} from '../../../base/cells/graphemes.ts';
import {
  ACCENTS,
  CALLIGRAPHIC,
  DOUBLE_STRUCK,
  FONTS,
  FUNCTIONS,
  INVISIBLE,
  NEGATED,
  SPACED,
  SPACES,
  SUBSCRIPTS,
  SUPERSCRIPTS,
  SYMBOLS,
} from './maths-symbols.ts';

/** A longer formula stays as it was written. */
const LONGEST = 2000;
/** Braces inside each other; no formula that a row can show has as many. */
const DEEPEST = 12;
/** Stands behind a script that has no form of its own, where a letter that follows needs a space. */
const SCRIPT_END = '\u0001';

/** Thrown inside this file: the formula has something that cannot be shown. */
class Unshowable extends Error {}

/**
 * A formula as rows of Unicode text, with a line end between them; undefined when some part of it cannot be shown, so that
 * nobody sees half of a formula. `display`: it stands alone, so it may have rows (`\\`) and environments.
 */
export function renderMaths(source: string, display = false): string | undefined {
  if (source.length > LONGEST) return undefined;
  try {
    const parser = new FormulaParser(source.trim(), display);
    const rows = parser.all().split('\n').map(tidy);
    const shown = rows.filter((row) => row !== '');
    return shown.length === 0 ? undefined : shown.join('\n');
  } catch (error) {
    if (error instanceof Unshowable) return undefined;
    throw error;
  }
}

function tidy(row: string): string {
  return row
    .replaceAll(/\u0001(?=[\p{L}\p{N}])/gu, ' ')
    .replaceAll(SCRIPT_END, '')
    .replaceAll('′′′', '‴')
    .replaceAll('′′', '″')
    .replaceAll(/ +/g, ' ')
    .replaceAll(/([([⟨⌊⌈]) /g, '$1')
    .replaceAll(/ ([)\]⟩⌋⌉,])/g, '$1')
    .trim();
}

function fail(): never {
  throw new Unshowable();
}

/** Each character by a table; undefined when the table lacks one. */
function mapped(text: string, table: ReadonlyMap<string, string>): string | undefined {
  const images = [...text].map((character) => table.get(character));
  return images.includes(undefined) ? undefined : images.join('');
}

class FormulaParser {
  readonly #source: string;
  readonly #display: boolean;
  #at = 0;
  #depth = 0;
  /** True while the atom that is read follows a letter, digit or bracket without a space. */
  #glued = false;

  constructor(source: string, display: boolean) {
    this.#source = source;
    this.#display = display;
  }

  all(): string {
    const text = this.#list(undefined);
    return this.#at < this.#source.length ? fail() : text;
  }

  get #next(): string | undefined {
    return this.#source[this.#at];
  }

  #skipSpaces(): void {
    while (this.#next !== undefined && /\s/.test(this.#next)) this.#at += 1;
  }

  /** What stands before `end`, which is a closing brace or the end of the formula. */
  #list(end: '}' | undefined): string {
    this.#depth += 1;
    if (this.#depth > DEEPEST) fail();
    let text = '';
    for (let next = this.#next; next !== undefined && next !== end; next = this.#next) {
      if (/\s/.test(next)) {
        this.#at += 1;
        if (text !== '' && !text.endsWith(' ')) text += ' ';
      } else if (next === '^' || next === '_') {
        this.#at += 1;
        text = text.replace(/ $/, '') + this.#script(next);
      } else if (next === '&') {
        this.#at += 1;
        if (!this.#display) fail();
      } else if (next === "'" || next === '~') {
        this.#at += 1;
        text += next === '~' ? ' ' : '′';
      } else if ('}%#'.includes(next)) fail();
      else {
        this.#glued = /[\p{L}\p{N})]$/u.test(text) && next === '\\';
        text += this.#atom();
        this.#glued = false;
      }
    }
    this.#depth -= 1;
    return text;
  }

  /** An argument: a group in braces or one atom. */
  #group(): string {
    this.#skipSpaces();
    return this.#atom();
  }

  /** The source in braces. */
  #rawGroup(): string {
    this.#skipSpaces();
    if (this.#next !== '{') fail();
    let open = 0;
    for (let at = this.#at; at < this.#source.length; at += 1) {
      if (this.#source[at] === '\\') at += 1;
      else if (this.#source[at] === '{') open += 1;
      else if (this.#source[at] === '}') {
        open -= 1;
        if (open > 0) continue;
        const inner = this.#source.slice(this.#at + 1, at);
        this.#at = at + 1;
        return inner;
      }
    }
    return fail();
  }

  /** An argument in square brackets. */
  #option(): string {
    const end = this.#source.indexOf(']', this.#at);
    if (end < 0) fail();
    const inner = this.#source.slice(this.#at + 1, end);
    this.#at = end + 1;
    return inner;
  }

  #script(sign: '^' | '_'): string {
    const text = this.#group().trim();
    if (text === '') return '';
    if (sign === '^' && (text === '∘' || text === '°')) return '°';
    if (sign === '^' && /^′+$/.test(text)) return text;
    const dense = text.replaceAll(' ', '');
    const raised = mapped(dense, sign === '^' ? SUPERSCRIPTS : SUBSCRIPTS);
    if (raised !== undefined) return raised;
    const bare = [...dense].length === 1 ? dense : `(${text.replaceAll(/ *([=≠<>≤≥→←∈+\-±]) */g, '$1')})`;
    return sign + bare + SCRIPT_END;
  }

  #atom(): string {
    const next = this.#next;
    if (next === undefined) return fail();
    if (next === '{') {
      this.#at += 1;
      const inner = this.#list('}');
      if (this.#next !== '}') fail();
      this.#at += 1;
      return inner;
    }
    if (next !== '\\') {
      const character = String.fromCodePoint(this.#source.codePointAt(this.#at) ?? 0);
      this.#at += character.length;
      return character;
    }
    this.#at += 1;
    return this.#macro(this.#macroName());
  }

  /** The name behind a backslash, with the spaces that LaTeX swallows behind letters. */
  #macroName(): string {
    const [name = ''] = /^[A-Za-z]+\*?|^[\s\S]/.exec(this.#source.slice(this.#at)) ?? [];
    if (name === '') fail();
    this.#at += name.length;
    const operatorFollows = /^ +[-+=<>/*|]/.test(this.#source.slice(this.#at, this.#at + 9));
    if (/[A-Za-z]/.test(name) && !operatorFollows) while (this.#next === ' ') this.#at += 1;
    return name.length > 1 ? name.replace(/\*$/, '') : name;
  }

  #macro(name: string): string {
    if ('{}$%&#_'.includes(name)) return name;
    if (name === '|') return '‖';
    if (name === '\\') return this.#rowEnd();
    const space = SPACES.get(name);
    if (space !== undefined) return space;
    if (name === 'mid') return ' | ';
    const symbol = SYMBOLS.get(name);
    if (symbol !== undefined) return SPACED.has(symbol) ? ` ${symbol} ` : symbol;
    if (FUNCTIONS.has(name)) return /^[\p{L}\p{N}\\]/u.test(this.#next ?? '') ? `${name} ` : name;
    if (INVISIBLE.has(name)) return this.#invisible(name);
    if (FONTS.has(name)) return this.#font(name);
    const accent = ACCENTS.get(name);
    if (accent !== undefined) return this.#accented(name, accent);
    return this.#command(name);
  }

  #rowEnd(): string {
    if (!this.#display) fail();
    if (this.#next === '[') this.#option();
    return '\n';
  }

  /** `\left.` and its like stand for no bracket at all. */
  #invisible(name: string): string {
    if (!/^(left|right|middle|[bB]igg?[lr]?)$/.test(name)) return '';
    this.#skipSpaces();
    if (this.#next === '.') this.#at += 1;
    return '';
  }

  #font(name: string): string {
    if (!/^(text|mbox|hbox|emph)/.test(name)) return this.#group();
    const words = this.#rawGroup();
    return /[\\$]/.test(words) ? fail() : words;
  }

  #accented(name: string, mark: string): string {
    const letters = graphemes(this.#group().trim());
    const most = /^(overline|underline)$/.test(name) ? 6 : /^(widehat|widetilde|hat|bar|vec|tilde)$/.test(name) ? 3 : 1;
    return letters.length === 1 || letters.length <= most ? letters.map((letter) => letter + mark).join('') : fail();
  }

  #command(name: string): string {
    switch (name) {
      case 'frac':
      case 'dfrac':
      case 'tfrac':
      case 'cfrac':
      case 'sfrac':
        return this.#fraction();
      case 'binom':
      case 'dbinom':
      case 'tbinom':
        return `(${this.#group().trim()} choose ${this.#group().trim()})`;
      case 'sqrt':
        return this.#root();
      case 'mathbb':
      case 'Bbb':
      case 'mathds':
        return mapped(this.#group(), DOUBLE_STRUCK) ?? fail();
      case 'mathcal':
      case 'mathscr':
        return mapped(this.#group(), CALLIGRAPHIC) ?? fail();
      case 'not':
        this.#skipSpaces();
        return ` ${NEGATED.get(this.#atom().trim()) ?? fail()} `;
      case 'boxed':
      case 'fbox':
        return `[${this.#group().trim()}]`;
      case 'pmod':
        return `(mod ${this.#group().trim()})`;
      case 'bmod':
        return ' mod ';
      case 'tag':
        return `  (${this.#rawGroup()})`;
      case 'label':
        this.#rawGroup();
        return '';
      case 'begin':
        return this.#environment();
      case 'end':
        this.#rawGroup();
        return '';
      default:
        return fail();
    }
  }

  #environment(): string {
    const name = this.#rawGroup();
    const known = /^(aligned|align|gather|gathered|equation|split|multline)\*?$/.test(name);
    return known && this.#display ? this.#list(undefined) : fail();
  }

  #fraction(): string {
    const [above, below] = [this.#group(), this.#group()];
    if (above.includes('\n') || below.includes('\n')) fail();
    const fraction = `${asNumerator(above.trim())}/${asDenominator(below.trim())}`;
    return this.#glued || this.#factorFollows() ? `(${fraction})` : fraction;
  }

  /** True where what follows would be read as a part of the denominator. */
  #factorFollows(): boolean {
    const rest = this.#source.slice(this.#at).replace(/^\s+/, '');
    if (/^[A-Za-z0-9(^_[]/.test(rest)) return true;
    const name = /^\\([A-Za-z]+)/.exec(rest)?.[1];
    if (name === undefined || /^(end|right|quad|qquad|mid|bmod|mod|pmod|text)$/.test(name)) return false;
    return !SPACED.has(SYMBOLS.get(name) ?? '');
  }

  #root(): string {
    const degree = this.#next === '[' ? this.#option() : '2';
    const inner = this.#group().trim();
    const radicand = isOne(inner) ? inner : `(${inner})`;
    if (degree === '' || degree === '2') return `√${radicand}`;
    if (degree === '3') return `∛${radicand}`;
    if (degree === '4') return `∜${radicand}`;
    return `${mapped(degree, SUPERSCRIPTS) ?? fail()}√${radicand}`;
  }
}

/** A number, a letter with its scripts, `dx`, `P(x)` or something in brackets: nothing that brackets would make clearer. */
function isOne(text: string): boolean {
  return /^(\d+(\.\d+)?|[d∂]?\p{L}[\u0300-\u036f\u20d7]*[⁰¹²³⁴-⁹ᵃ-ᵿⁿ₀-₉ₐ-ₜᵢⱼⁱ⁻⁺₊₋]*|\p{L}+\([^()]*\)|\([^()]*\))$/u.test(
    text,
  );
}

function asNumerator(text: string): string {
  if (isOne(text)) return text;
  return /^\p{L}{2,} /u.test(text) || /[-+±∓/,=<>≤≥≠]|\u0001/.test(outsideBrackets(text)) ? `(${text})` : text;
}

function asDenominator(text: string): string {
  return isOne(text) || /^√(\d+|\p{L}|\([^()]*\))$/u.test(text) ? text : `(${text})`;
}

function outsideBrackets(text: string): string {
  let depth = 0;
  let outside = '';
  for (const character of text) {
    if ('([{⟨⌊⌈'.includes(character)) depth += 1;
    else if (')]}⟩⌋⌉'.includes(character)) depth -= 1;
    else if (depth === 0) outside += character;
  }
  return outside;
}
