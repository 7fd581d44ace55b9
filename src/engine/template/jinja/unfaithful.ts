// What a template does that this interpreter would print otherwise than Python's Jinja: found in the tree, before it runs.
import type {Program, Statement} from './jinja-library.ts';

const STATEMENTS = ['If', 'For', 'Break', 'Continue', 'Set', 'Macro', 'Comment', 'FilterStatement', 'CallStatement'];
const isPrint = ({type}: Statement) => !STATEMENTS.includes(type);

/** Why the template is not printed as Python's Jinja prints it; undefined when nothing speaks against it. */
export function whyUnfaithful(program: Program): string | undefined {
  for (const node of nodesOf(program)) {
    if (node.type !== 'For') continue;
    const leaves = leavesEarly(node.body ?? []);
    if (leaves && (node.defaultBlock ?? []).length > 0) return `it has a loop with "else" that is left by "${leaves}"`;
    const lost = lostOutput(node.body ?? []);
    if (lost) return `its loop prints something before "${lost}", which would be lost`;
  }
  return undefined;
}

export interface WatchedNodes {
  /** What is turned into text: printed, joined by `~`, or passed to the filter `string`. */
  readonly printed: ReadonlySet<Statement>;
  /** What a member is asked of. */
  readonly looked: ReadonlySet<Statement>;
}

/** The nodes whose values are looked at while the template runs. */
export function watchedNodes(program: Program): WatchedNodes {
  const printed = new Set<Statement>();
  const looked = new Set<Statement>();
  for (const node of nodesOf(program)) {
    for (const block of [node.body, node.alternate, node.defaultBlock]) {
      for (const inner of block ?? []) if (isPrint(inner)) printed.add(inner);
    }
    if (node.type === 'BinaryExpression' && node.operator?.value === '~') {
      for (const side of [node.left, node.right]) if (side) printed.add(side);
    }
    if (node.type === 'FilterExpression' && node.filter?.value === 'string' && node.operand) printed.add(node.operand);
    if (node.type === 'MemberExpression' && node.object) looked.add(node.object);
  }
  return {printed, looked};
}

/** Every node of the tree, without recursion: a hostile tree is deep. */
function* nodesOf(program: Program): Generator<Statement> {
  const open: unknown[] = [program];
  while (open.length > 0) {
    const next = open.pop();
    if (Array.isArray(next)) open.push(...next);
    else if (next instanceof Map) open.push(...next.keys(), ...next.values());
    else if (typeof next === 'object' && next !== null) {
      if ('type' in next && typeof next.type === 'string') yield next as Statement;
      open.push(...Object.values(next));
    }
  }
}

const isJump = ({type}: Statement) => type === 'Break' || type === 'Continue';

/** The word that leaves an iteration of this loop, wherever it stands in its body. */
function leavesEarly(body: readonly Statement[]): string | undefined {
  for (const node of body) {
    if (isJump(node)) return node.type.toLowerCase();
    if (node.type !== 'If') continue;
    const inner = leavesEarly([...(node.body ?? []), ...(node.alternate ?? [])]);
    if (inner) return inner;
  }
  return undefined;
}

/** The word that leaves an iteration in which something may have been printed before it. */
function lostOutput(body: readonly Statement[], before = false): string | undefined {
  let printed = before;
  for (const node of body) {
    if (isJump(node) && printed) return node.type.toLowerCase();
    if (node.type === 'If') {
      const lost = lostOutput(node.body ?? [], printed) ?? lostOutput(node.alternate ?? [], printed);
      if (lost) return lost;
    }
    printed ||= prints(node);
  }
  return undefined;
}

function prints(node: Statement): boolean {
  if (isPrint(node) || node.type === 'FilterStatement' || node.type === 'CallStatement') return true;
  if (node.type !== 'If' && node.type !== 'For') return false;
  return [...(node.body ?? []), ...(node.alternate ?? []), ...(node.defaultBlock ?? [])].some(prints);
}
