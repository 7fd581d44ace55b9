// Whether a foreign template tells a model its tools, and in which form calls are written.
import {type Printed, WORD} from '../version/probes.ts';

export interface ToolForm {
  /** The template prints the tools that are offered. */
  readonly isOffered: boolean;
  /** `hermes`: JSON between <tool_call> and </tool_call>. Calls of other forms are not read. */
  readonly calls: 'hermes' | 'unread';
  /** How the template wants the arguments of a call. */
  readonly argumentsAs: 'object' | 'text';
}

export const HERMES = {open: '<tool_call>', close: '</tool_call>'} as const;

/** By what was printed for the probes with a tool. */
export function toolForm({calls, offered}: Printed): ToolForm {
  // Each conversation was rendered whole and up to the result, with the arguments as a text and as an object.
  const [text, textShort, object, objectShort] = calls;
  const isNamed = (printed: string | undefined) => printed?.includes(WORD.tool) === true;
  const asObject = object ?? objectShort;
  return {
    isOffered: isNamed(offered) || calls.some(isNamed),
    calls: calls.some((printed) => printed?.includes(HERMES.open)) ? 'hermes' : 'unread',
    argumentsAs:
      asObject !== undefined && hasArguments(asObject) ? 'object' : hasArguments(text ?? textShort) ? 'text' : 'object',
  };
}

/** The arguments as JSON, not as a text with its quotes escaped. */
const hasArguments = (printed: string | undefined) => /(?<!\\)"k(?<!\\)": ?"v"/.test(printed ?? '');
