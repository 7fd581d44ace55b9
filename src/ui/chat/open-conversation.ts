// The conversation behind a chat, and the tools it begins with: the same with a screen and without.
import type {Backend} from '../../engine/contract/backend.ts';
import type {ChatCompletionRequest, Content} from '../../engine/contract/requests.ts';
import type {SamplingParams} from '../../engine/contract/sampling.ts';
import {Conversation} from '../../engine/conversation/conversation.ts';
import {TOP} from './certainty/score-answer.ts';
import type {ChatContext, Settings} from './chat-context.ts';
import {parseCommand, runCommand} from './slash/all-commands.ts';

/** Calls in a row before the person is asked. */
const MOST_ROUNDS = 20;

/** Tools a chat is started with: their file, and `name=command` for those that run. */
export interface GivenTools {
  readonly file: string;
  readonly commands: readonly string[];
}

/** The conversation of the chat's session, with the settings and tools the chat has at each turn. */
export function openConversation(
  backend: Backend,
  {settings, tools, session}: Pick<ChatContext, 'settings' | 'tools' | 'session'>,
  system: Content | undefined,
): Conversation {
  const conversation = new Conversation({
    backend,
    settings: () => ({...requestSettings(settings), ...tools.request}),
    dropThoughts: () => settings.dropThoughts,
    contextPolicy: () => settings.contextPolicy,
    messages: session.messages,
    window: session.window,
    runTool: (call, signal) => tools.run(call, signal),
    maxToolRounds: MOST_ROUNDS,
    goOn: (rounds, signal) => tools.mayGoOn(rounds, signal),
  });
  if (system !== undefined) conversation.setSystem(system);
  return conversation;
}

function requestSettings(settings: Settings): Pick<ChatCompletionRequest, 'sampling' | 'reasoningEffort'> {
  const {reasoningEffort} = settings;
  return {sampling: samplingOf(settings), ...(reasoningEffort !== undefined && {reasoningEffort})};
}

/** Certainty costs time: it is asked for only while somebody looks at it. */
function samplingOf({certainty, sampling}: Settings): SamplingParams {
  return certainty ? {...sampling, topLogprobs: TOP} : sampling;
}

/** Takes tools as `/tools` takes them. */
export async function takeTools(chat: ChatContext, {file, commands}: GivenTools): Promise<void> {
  for (const argument of [file, ...commands]) {
    const command = parseCommand(`/tools ${argument}`);
    if (command !== undefined) await runCommand(chat, command);
  }
}
