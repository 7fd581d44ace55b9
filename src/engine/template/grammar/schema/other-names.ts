// Names of members that are none of some given ones.
import {choice, type Expression, literal, sequence} from '../expression.ts';
import {hex} from '../pattern.ts';
import type {Reading} from './reading.ts';

/** Names that begin with so many characters of a given one are left out: fewer names than there are is allowed. */
const DEEPEST = 8;
/** With more names than this they differ in their first character. */
const MOST_NAMES = 200;

const NO_PLAIN = '"\\\\\\x7F\\x00-\\x1F';

/** The rule for strings, without escapes, that are none of `names`. */
export function otherNames(names: readonly string[], reading: Reading): Expression {
  const deepest = names.length > MOST_NAMES ? 1 : DEEPEST;
  const behind = (beginnings: readonly string[], at: number): Expression => {
    const groups = grouped(beginnings, at);
    const isName = beginnings.some((name) => name.length === at);
    const excluded = [...groups.keys()].map((code) => hex(code)).join('');
    const options = [...groups].flatMap(([code, same]) => {
      const char = String.fromCodePoint(code);
      const isPlain = !/[\p{Surrogate}"\\\x00-\x1f\x7f]/u.test(char);
      return isPlain && at < deepest ? [sequence(literal(char), behind(same, at + char.length))] : [];
    });
    return reading.rule(choice([...options, `[^${NO_PLAIN}${excluded}] [^${NO_PLAIN}]*`, ...(isName ? [] : ['""'])]));
  };
  return reading.rule(sequence('"\\""', behind(names, 0), '"\\""'));
}

function grouped(names: readonly string[], at: number): Map<number, string[]> {
  const groups = new Map<number, string[]>();
  for (const name of names) {
    const code = name.codePointAt(at);
    if (code === undefined) continue;
    const same = groups.get(code);
    if (same) same.push(name);
    else groups.set(code, [name]);
  }
  return groups;
}
