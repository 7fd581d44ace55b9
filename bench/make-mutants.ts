// Faults of a source text, one change each, as someone who edits it might make them; those in guards are marked.
import {parseAst} from 'vitest/node';

export interface Mutant {
  readonly file: string;
  /** Of the change, from 1. */
  readonly line: number;
  readonly kind: string;
  /** Offsets in the source, and what stands between them instead. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** The condition of an early exit, a check, a limit or a clean-up. */
  readonly isGuard: boolean;
}

/** A node of an ESTree; only its fields that are nodes or lists of them are walked. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  // biome-ignore lint/suspicious/noExplicitAny: each type of node has fields of its own
  readonly [field: string]: any;
}

interface Place {
  /** Inside the condition of an early exit. */
  readonly guards: boolean;
  readonly isCleanUp: boolean;
}

type Change = readonly [kind: string, node: {start: number; end: number}, text: string, isGuard?: boolean];

const COMPARED: Readonly<Record<string, string>> = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '===': '!==',
  '!==': '===',
};
const LEAVES = new Set(['ThrowStatement', 'ReturnStatement', 'ContinueStatement', 'BreakStatement']);
const SWAPPED_CALLS: Readonly<Record<string, string>> = {min: 'max', max: 'min', some: 'every', every: 'some'};
const CHECK = /^#?(?:check|validate|assert|throwIf)/;

/**
 * All faults of one file, in the order of the text. Left as they are: texts for people, and the bounds of counting loops,
 * where a step too many mostly changes nothing.
 */
export function makeMutants(file: string, source: string): Mutant[] {
  const found: Mutant[] = [];
  const add = ([kind, {start, end}, text, isGuard = false]: Change) => {
    found.push({file, line: source.slice(0, start).split('\n').length, kind, start, end, text, isGuard});
  };
  const visit = (node: Node, place: Place): void => {
    if (isText(node)) return;
    const changes = changesOf(node, place, source);
    for (const [kind, at, text, isGuard = false] of changes) add([kind, at, text, isGuard || place.guards]);
    for (const [field, value] of Object.entries(node)) {
      for (const child of Array.isArray(value) ? value : [value]) {
        if (!isNode(child)) continue;
        const guards =
          (place.guards || (field === 'test' && leaves(node.consequent))) && child.type !== 'BlockStatement';
        if (node.type === 'ForStatement' && field === 'test') continue;
        visit(child, {guards, isCleanUp: field === 'finalizer' || (place.isCleanUp && field !== 'params')});
      }
    }
  };
  visit(parseAst(source, {lang: file.endsWith('x') ? 'tsx' : 'ts'}) as unknown as Node, {
    guards: false,
    isCleanUp: false,
  });
  return found.sort((a, b) => a.start - b.start);
}

/** The source with the fault in it. */
export function mutated(source: string, {start, end, text}: Mutant): string {
  return source.slice(0, start) + text + source.slice(end);
}

function changesOf(node: Node, {isCleanUp}: Place, source: string): Change[] {
  const code = ({start, end}: Node) => source.slice(start, end);
  switch (node.type) {
    case 'IfStatement': {
      const exits = leaves(node.consequent);
      const changes: Change[] = [['negated condition', node.test, `!(${code(node.test)})`, exits]];
      if (exits && !node.alternate) changes.push(['dropped guard', node, ';', true]);
      return changes;
    }
    case 'ConditionalExpression':
      return [['negated condition', node.test, `!(${code(node.test)})`]];
    case 'BinaryExpression':
      return binaryChanges(node, source);
    case 'LogicalExpression': {
      const other = node.operator === '&&' ? '||' : node.operator === '||' ? '&&' : undefined;
      if (other === undefined) return [];
      return [['swapped logic', node, `(${withOperator(node, source, other)})`]];
    }
    case 'CallExpression': {
      const {type, object, property} = node.callee;
      const other = type === 'MemberExpression' ? SWAPPED_CALLS[property.name] : undefined;
      if (other === undefined || (other.length === 3 && object.name !== 'Math')) return [];
      return [[other.length === 3 ? 'swapped limit' : 'swapped quantifier', property, other, other.length === 3]];
    }
    case 'ThrowStatement':
      return [['dropped throw', node, ';', true]];
    case 'ExpressionStatement': {
      if (isCleanUp) return [['dropped clean-up', node, ';', true]];
      return CHECK.test(calledName(node.expression)) ? [['dropped check', node, ';', true]] : [];
    }
    case 'VariableDeclarator': {
      const {id, init} = node;
      if (!/^[A-Z][A-Z0-9_]+$/.test(id.name ?? '') || !init || !/^[\d_.e* ]+$/.test(code(init))) return [];
      return [1000, 1 / 1000].map(
        (factor): Change => ['wrong unit of a limit', init, `(${code(init)}) * ${factor}`, true],
      );
    }
    case 'Literal':
      return node.regex ? patternChanges(node, code(node)) : [];
    case 'ArrayExpression':
      return listChanges(node, code);
    default:
      return [];
  }
}

function binaryChanges(node: Node, source: string): Change[] {
  const {operator, right} = node;
  const compared = COMPARED[operator];
  if (compared !== undefined) return [['changed comparison', node, withOperator(node, source, compared)]];
  const left = source.slice(node.start, operatorAt(node, source)).trimEnd();
  if ((operator === '+' || operator === '-') && right.value === 1) return [['off by one', node, `(${left})`]];
  const isUnit = (operator === '*' || operator === '/') && [1000, 1024].includes(right.value);
  return isUnit ? [['wrong unit', node, `(${left})`, true]] : [];
}

/** The tree has no node for brackets, so the operator is looked for between its operands. */
function operatorAt({left, operator}: Node, source: string): number {
  return source.indexOf(operator, left.end);
}

function withOperator(node: Node, source: string, other: string): string {
  const at = operatorAt(node, source);
  return source.slice(node.start, at) + other + source.slice(at + node.operator.length, node.end);
}

/** A pattern that also finds what only begins, ends or contains what it is for. */
function patternChanges(node: Node, code: string): Change[] {
  const end = code.lastIndexOf('/');
  const changes: Change[] = [];
  if (code.startsWith('/^')) changes.push(['loosened pattern', node, `/${code.slice(2)}`, true]);
  if (code[end - 1] === '$' && code[end - 2] !== '\\') {
    changes.push(['loosened pattern', node, code.slice(0, end - 1) + code.slice(end), true]);
  }
  return changes.filter(([, , text]) => !text.startsWith('//'));
}

function listChanges(node: Node, code: (node: Node) => string): Change[] {
  const elements: readonly (Node | null)[] = node.elements;
  const isList = elements.length >= 3 && elements.every((one) => one?.type === 'Identifier' || one?.type === 'Literal');
  if (!isList || elements.every((one) => typeof one?.value === 'number')) return [];
  return elements.map((gone): Change => {
    const rest = elements.filter((one) => one !== gone).map((one) => code(one as Node));
    return ['forgotten element', node, `[${rest.join(', ')}]`];
  });
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as {type?: unknown}).type === 'string';
}

/** What people read, and types, which are gone when the program runs. */
function isText({type, callee}: Node): boolean {
  if (type === 'NewExpression') return /Error$|^Refusal$/.test(callee.name ?? '');
  return type === 'TemplateLiteral' || (/^TS/.test(type) && !/^TS(?:As|NonNull|Satisfies)/.test(type));
}

function leaves(node: Node | undefined): boolean {
  if (node?.type !== 'BlockStatement') return node !== undefined && LEAVES.has(node.type);
  return leaves(node.body.at(-1));
}

function calledName(node: Node): string {
  if (node.type === 'AwaitExpression') return calledName(node.argument);
  const {type, name, property} = node.callee ?? {};
  return type === 'MemberExpression' ? (property.name ?? '') : (name ?? '');
}
