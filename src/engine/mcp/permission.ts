// Which calls may run without a question: patterns that a person has written.
import type {Permission} from './tool-source.ts';

export interface PermissionRules {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

/** Letters, digits, `_` and `-` as names of tools have them, and `*` for any number of them. */
const PATTERN = /^[A-Za-z0-9_*-]{1,128}$/;

/** Whether this is a pattern of names of tools: one with another character would never fit. */
export function isToolPattern(text: string): boolean {
  return PATTERN.test(text);
}

/** What the rules say of a name, as a model calls it. Denying wins. */
export function permissionOf(name: string, {allow, deny}: PermissionRules): Permission {
  if (deny.some((pattern) => fits(name, pattern))) return 'deny';
  return allow.some((pattern) => fits(name, pattern)) ? 'allow' : 'ask';
}

/** The parts between the stars, found one after the other from the left: in time of the product at most. */
export function fits(name: string, pattern: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return name === pattern;
  const last = rest.pop() ?? '';
  if (!name.startsWith(first) || name.length < first.length + last.length || !name.endsWith(last)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= name.length - last.length;
}
