// The messages of a kept chat as a tree, and the parts of its branches that the model is told.
import type {Message} from '../contract/requests.ts';
import {messageToWire} from '../wire/write-messages.ts';
import {systemLength} from './context/cut-turns.ts';
import type {Window} from './context/window.ts';
import type {SessionLine} from './session-lines.ts';

/** A message and the one it follows. Undoing, editing and answering again start a branch: nothing is ever removed. */
export interface Node {
  readonly id: number;
  readonly parent: Node | undefined;
  readonly message: Message;
  /** Of a summary and the request for it: an exchange beside the chat. */
  isAside?: true;
}

type MessageLine = Extract<SessionLine, {type: 'message'}>;
type WindowLine = Extract<SessionLine, {type: 'window'}>;

/** Where what the model is told begins, and the answer to the request for a summary of what is before. */
interface NodeWindow {
  readonly from: Node;
  readonly summary: Node | undefined;
}

/** The windows that a chat has had, on all its branches. */
export class KeptWindows {
  readonly #windows: NodeWindow[] = [];

  /** As lines of the file. */
  get lines(): WindowLine[] {
    return this.#windows.map(windowLine);
  }

  /** The last one that begins in this branch; undefined where the model is told all of it. */
  of(branch: readonly Node[]): Window | undefined {
    const found = this.#windows.findLast(({from}) => branch.includes(from));
    if (found === undefined) return undefined;
    const left = branch.indexOf(found.from) - systemLength(branch.map((node) => node.message));
    const {summary} = found;
    if (left <= 0 && summary === undefined) return undefined;
    return {left, ...(summary?.parent && {summary: [summary.parent.message, summary.message]})};
  }

  /** The summary of an earlier window, which a later one goes on with. */
  summaryOf(request: Message | undefined, answer: Message | undefined): Node | undefined {
    if (request === undefined || answer === undefined) return undefined;
    return this.#windows.findLast(
      ({summary}) => summary?.parent && same(summary.message, answer) && same(summary.parent.message, request),
    )?.summary;
  }

  /** Notes one; returns its line. */
  add(from: Node, summary: Node | undefined): WindowLine {
    this.#windows.push({from, summary});
    return windowLine({from, summary});
  }

  /** One as it was read. It is none where its first message is lost, and without a summary where that is. */
  take(from: Node | undefined, summary: Node | undefined): void {
    if (from === undefined) return;
    const exchange =
      summary?.message.role === 'assistant' && summary.parent?.message.role === 'user' ? [summary, summary.parent] : [];
    for (const node of exchange) node.isAside = true;
    this.add(from, exchange[0]);
  }
}

function windowLine({from, summary}: NodeWindow): WindowLine {
  return {type: 'window', from: from.id, ...(summary !== undefined && {summary: summary.id})};
}

export function lineOf({id, parent, message}: Node): MessageLine {
  return {type: 'message', node: id, parent: parent?.id ?? 0, message};
}

/** A message with all that lead to it, the first one first. */
export function path(head: Node | undefined): Node[] {
  const nodes: Node[] = [];
  for (let node = head; node !== undefined; node = node.parent) nodes.push(node);
  return nodes.reverse();
}

export function same(a: Message, b: Message): boolean {
  return a === b || JSON.stringify(messageToWire(a)) === JSON.stringify(messageToWire(b));
}
