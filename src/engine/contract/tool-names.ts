// What a function and a tool call may be called.

// Python's `$` also matches before a last newline, and mistral-common's patterns inherit that.
const FUNCTION_NAME = /^[a-zA-Z0-9_-]{1,64}\n?$/;
const CALL_ID = /^[a-zA-Z0-9]{9}\n?$/;

/** The id of a call that has none. */
export const NO_ID = 'null';

export const FUNCTION_NAME_RULE = 'must be 1 to 64 letters, digits, underscores or dashes';
export const CALL_ID_RULE = 'must be 9 letters or digits';

export function isFunctionName(name: string): boolean {
  return FUNCTION_NAME.test(name);
}

export function isCallId(id: string): boolean {
  return CALL_ID.test(id);
}
