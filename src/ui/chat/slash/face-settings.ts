// What /set does to the settings of the face: each is one of a few words.
import {EngineError} from '../../../base/errors.ts';
import {STATS_LEVELS} from '../../rows/end-row.ts';
import type {ChatContext, Settings} from '../chat-context.ts';
import {NOTIFY_CHOICES} from '../notify-choice.ts';

interface FaceSetting {
  readonly name: string;
  readonly values: readonly string[];
  readonly help: string;
  readonly get: (settings: Settings) => string;
  readonly set: (settings: Settings, value: string) => void;
}

/** A setting whose value in the chat's settings has its name. */
function setting<K extends 'stats' | 'notify'>(name: K, values: readonly Settings[K][], help: string): FaceSetting {
  return {
    name,
    values,
    help,
    get: (settings) => settings[name],
    set: (settings, value) => {
      const known = values.find((each) => each === value);
      if (known !== undefined) settings[name] = known;
    },
  };
}

const SETTINGS: readonly FaceSetting[] = [
  setting('stats', STATS_LEVELS, 'figures below each answer'),
  setting('notify', NOTIFY_CHOICES, 'tell when an answer is ready or a tool asks'),
];

export const FACE_SETTINGS: readonly string[] = SETTINGS.map(({name}) => name);

/** Changes a setting; false where there is none of that name. @throws EngineError `usage` for a value it does not take. */
export function setFace(chat: ChatContext, name: string, value: string): boolean {
  const found = SETTINGS.find((each) => each.name === name);
  if (found === undefined) return false;
  if (!found.values.includes(value)) {
    throw new EngineError('usage', `${name} must be one of ${found.values.join(', ')}, not ${value}`);
  }
  found.set(chat.settings, value);
  chat.note(`${name} = ${value}\n`);
  return true;
}

/** One line for each: its name, its value, what it does. */
export function faceList({settings}: ChatContext): string {
  return SETTINGS.map(
    ({name, values, help, get}) => `${name.padEnd(20)} ${get(settings).padEnd(10)} ${help}: ${values.join(', ')}\n`,
  ).join('');
}
