// A tool's result that does not fit the context: its beginning and its end, and between them how much is left out.
import {contentText, type ToolMessage} from '../../contract/requests.ts';

/** The result with `characters` of its own at most; how many of its middle are left out. */
export function shortenResult(
  message: ToolMessage,
  characters: number,
): {readonly message: ToolMessage; readonly leftOut: number} {
  const text = contentText(message.content);
  if (text.length <= characters) return {message, leftOut: 0};
  const head = wholeStart(text, Math.ceil(characters / 2));
  const tail = wholeEnd(text, text.length - Math.floor(characters / 2));
  const leftOut = tail - head;
  const mark = `[... ${leftOut.toLocaleString('en-US')} characters left out ...]`;
  return {message: {...message, content: `${text.slice(0, head)}\n${mark}\n${text.slice(tail)}`}, leftOut};
}

/** No half of a pair of surrogates stands at a cut. */
function wholeStart(text: string, at: number): number {
  return isLow(text, at) ? at - 1 : at;
}

function wholeEnd(text: string, at: number): number {
  return isLow(text, at) ? at + 1 : at;
}

function isLow(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit <= 0xdfff;
}
