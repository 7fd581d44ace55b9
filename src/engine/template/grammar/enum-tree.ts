// Many fixed texts as a tree of their common beginnings: one alternative at a time, whatever their number.
import type {Steps} from '../../../base/in-turns.ts';
import {literal} from './expression.ts';

/** Where the rules of a grammar go. */
export interface RuleSink {
  reserve(): string;
  define(name: string, body: string): void;
}

/** Texts that agree in their first `at` UTF-16 units, and the rule that writes the rest of them. */
interface Branch {
  readonly name: string;
  readonly texts: readonly string[];
  readonly at: number;
}

/**
 * A body for exactly these texts. A list of alternatives would be held by llama.cpp as so many open ends at once; here an
 * answer follows one branch. Iterative: 8,000 texts that begin with each other would overflow a stack.
 */
export function* enumTree(texts: readonly string[], sink: RuleSink): Steps<string> {
  const all = [...new Set(texts)];
  if (all.length === 1) return literal(all[0] ?? '');
  const root: Branch = {name: sink.reserve(), texts: all, at: 0};
  const open = [root];
  for (let branch = open.pop(); branch; branch = open.pop()) {
    sink.define(branch.name, yield* branchBody(branch, sink, open));
    yield;
  }
  return root.name;
}

/** Texts, or ways to go on, that are looked at between two pauses. */
const AT_ONCE = 500;

function* branchBody({texts, at}: Branch, sink: RuleSink, open: Branch[]): Steps<string> {
  let whole = false;
  let count = 0;
  const byCharacter = new Map<number, string[]>();
  for (const text of texts) {
    if (++count % AT_ONCE === 0) yield;
    // Never between the halves of a surrogate pair.
    const code = text.codePointAt(at);
    if (code === undefined) whole = true;
    else {
      const same = byCharacter.get(code);
      if (same) same.push(text);
      else byCharacter.set(code, [text]);
    }
  }
  const options: string[] = [];
  for (const same of byCharacter.values()) {
    const [first = ''] = same;
    if (++count % AT_ONCE === 0) yield;
    if (same.length === 1) options.push(literal(first.slice(at)));
    else {
      const end = yield* commonEnd(same, at);
      const name = sink.reserve();
      open.push({name, texts: same, at: end});
      options.push(`${literal(first.slice(at, end))} ${name}`);
    }
  }
  return [...options, ...(whole ? ['""'] : [])].join(' | ');
}

/** Up to where all texts agree, which is behind the character at `at`. */
function* commonEnd(texts: readonly string[], at: number): Steps<number> {
  const [first = ''] = texts;
  let end = first.length;
  let count = 0;
  for (const text of texts) {
    if (++count % AT_ONCE === 0) yield;
    let same = at;
    while (same < end && text.charCodeAt(same) === first.charCodeAt(same)) same += 1;
    end = same;
  }
  const last = first.charCodeAt(end - 1);
  return last >= 0xd800 && last <= 0xdbff && end < first.length ? end - 1 : end;
}
