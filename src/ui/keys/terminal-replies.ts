// What a terminal says in a control sequence or a string: answers to what it was asked, and its focus.
import type {TerminalEvent} from './event.ts';

/** Answers that are only answers while they are awaited. */
export interface Awaited {
  /** Reports of the cursor (`CSI 6n`) that are still to come. */
  reports: number;
  /** The primary device attributes (`CSI c`), which come last. */
  attributes: boolean;
}

/** What `CSI parameters final` says; counts down what was awaited. Undefined where it says nothing. */
export function csiReply(parameters: string, final: string, awaited: Awaited): TerminalEvent | undefined {
  if (parameters === '' && (final === 'I' || final === 'O')) return {type: 'focus', focused: final === 'I'};
  if (final === 'u' && /^\?\d+$/.test(parameters)) return {type: 'kitty', flags: Number(parameters.slice(1))};
  if (final === 'c' && parameters.startsWith('?') && awaited.attributes) {
    awaited.attributes = false;
    awaited.reports = 0;
    return {type: 'attributes'};
  }
  const place = final === 'R' ? /^(\d+);(\d+)$/.exec(parameters) : null;
  if (place === null || awaited.reports === 0) return undefined;
  awaited.reports -= 1;
  return {type: 'cursor', row: Number(place[1]), column: Number(place[2])};
}

/** What an operating system command (`]`) or a device control string (`P`) says. */
export function stringReply(opener: string, content: string): TerminalEvent | undefined {
  if (opener === 'P') {
    const name = /^>\|([\x20-\x7e]+)$/.exec(content)?.[1];
    return name === undefined ? undefined : {type: 'version', name};
  }
  const colour = /^11;rgba?:([\da-f]{1,4})\/([\da-f]{1,4})\/([\da-f]{1,4})(?:\/[\da-f]{1,4})?$/i.exec(content);
  const [, red = '', green = '', blue = ''] = colour ?? [];
  if (colour === null || red.length !== green.length || red.length !== blue.length) return undefined;
  return {type: 'background', rgb: `${red}${green}${blue}`.toLowerCase()};
}
