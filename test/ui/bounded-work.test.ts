// Texts that models write when they loop, and that others write to do harm: none may cost more than its length.
import {describe, test} from 'vitest';
import {graphemes, shorten, width} from '../../src/base/cells/graphemes.ts';
import {dumpsJson, parseJson} from '../../src/base/json.ts';
import {oneLine, sanitise} from '../../src/base/terminal-text.ts';
import {inlinePieces} from '../../src/ui/markdown/inline/inline-line.ts';
import {MarkdownStream} from '../../src/ui/markdown/stream.ts';
import {createTheme} from '../../src/ui/markdown/style.ts';
import {Sentences} from '../../src/ui/sentences.ts';
import {expectBounded, expectLinear, timeTaken} from '../fixtures/growth.ts';

/** Each is repeated up to the length asked for. */
const UNITS: Readonly<Record<string, string>> = {
  dots: '.',
  'numbered points': '1.',
  'stops in quotes': '."',
  'wide stops': '。」',
  bars: '|',
  'table delimiters': '|-',
  quotes: '> > >',
  stars: '*',
  'stars and words': '*a ',
  'strong stars': '**a',
  underscores: '_',
  'underscores in words': '_a',
  backticks: '`',
  'backticks of many lengths': '`a``b```c',
  'stars and backticks': '*`',
  tildes: '~~a',
  brackets: '[',
  'half links': '[a](',
  'links that do not end': '](',
  'brackets inside': '[[a]',
  dollars: '$',
  'formulas that do not end': '$a+',
  'openers of formulas': '\\(',
  'lines that open formulas': '\\[\n',
  'macros in each other': '$\\frac{',
  'character references': '&#',
  addresses: 'https://a',
  'tags that do not end': '<a',
  backslashes: '\\',
  'nested lists': '- - ',
  'dashes of a rule': '- ',
  hashes: '#',
  words: 'word ',
  'one long word': 'a',
  spaces: ' ',
  tabs: '\t',
  'emoji that are joined': '👩\u200d',
  joiners: '\u200d',
  'combining marks': '\u0301',
  flags: '🇩',
  'lone surrogates': '\ud83d',
  'spaces without width': '\u200b',
  ideographs: '日本',
  'conjoining syllables': '\u1100\u1161',
  'escape sequences': '\x1b[31m',
  'lines of bars': '|\n',
  'lines of quotes': '>\n',
  'lines of fences': '```\n',
  'blank lines': '\n',
};

const textOf = (unit: string, length: number) => unit.repeat(Math.ceil(length / unit.length)).slice(0, length);

function* piecesOf(text: string, size: number) {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
}

const THEME = createTheme({color: true, unicode: true, hyperlinks: false});

/** What works on a whole text: its name, the work, and a length that takes some milliseconds. */
const WHOLE: Readonly<Record<string, readonly [work: (text: string) => unknown, length: number]>> = {
  sanitise: [sanitise, 10_000],
  oneLine: [oneLine, 10_000],
  graphemes: [graphemes, 2_000],
  width: [width, 2_000],
  shorten: [(text) => shorten(text, 80), 10_000],
  'inline marks': [(text) => inlinePieces(text, THEME, {last: 0}), 1_500],
  'JSON strings': [(text) => dumpsJson(parseJson(JSON.stringify(text))), 10_000],
};

describe.each(Object.entries(WHOLE))('%s', (_name, [work, length]) => {
  test.each(Object.entries(UNITS))('%s', (_unit, unit) => {
    expectLinear((size) => work(textOf(unit, size)), length);
  });
});

describe.each([1, 3, 4, Number.POSITIVE_INFINITY])('in pieces of %d', (piece) => {
  test.each(Object.entries(UNITS))('sentences of %s', (_unit, unit) => {
    expectLinear((size) => {
      const sentences = new Sentences();
      for (const part of piecesOf(textOf(unit, size), piece)) sentences.push(part);
      sentences.end();
    }, 4_000);
  });
});

describe('in pieces of 4 with live rows after each', () => {
  test.each<[string, number]>([
    // The first 4,096 are held as the row of a table, and cost less.
    ['bars', 16_000],
    ['joiners', 8_000],
    ['combining marks', 8_000],
    ['quotes', 8_000],
    ['one long word', 8_000],
    ['dollars', 8_000],
    ['half links', 8_000],
  ])('%s', (name, length) => {
    expectLinear((size) => {
      const stream = new MarkdownStream(80, THEME);
      for (const part of piecesOf(textOf(UNITS[name] ?? '', size), 4)) {
        stream.write(part);
        stream.tail(8);
      }
      stream.end();
    }, length);
  });
});

describe('a frame costs the same however much was written before', () => {
  test.each(Object.entries(UNITS))('markdown of %s', (_unit, unit) => {
    for (const start of ['', '```\n', '| a |']) {
      const frames = (before: number) => {
        const stream = new MarkdownStream(80, THEME);
        stream.write(start + textOf(unit, before));
        return timeTaken(() => {
          for (const part of piecesOf(textOf(unit, 150), 3)) {
            stream.write(part);
            stream.tail(20);
          }
        });
      };
      // Apart by a multiple of the length at which lines of code are cut.
      expectBounded(frames, 6000, 6000 + 4 * 4096);
    }
  });
});
