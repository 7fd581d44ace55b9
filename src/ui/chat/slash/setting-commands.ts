// Slash commands about how answers come to be: sampling, the model, figures, the exact prompt.

import {EngineError} from '../../../base/errors.ts';
import {CONTEXT_POLICIES, type ContextPolicy} from '../../../engine/conversation/context/context-policy.ts';
import {BLANK, joinRows, paint, rowText} from '../../markdown/style.ts';
import {count} from '../../rows/status-line.ts';
import type {ChatContext, SlashCommand} from '../chat-context.ts';
import {changeSampling, SETTINGS, samplingList} from './change-sampling.ts';
import {FACE_SETTINGS, faceList, setFace} from './face-settings.ts';
import {MODEL_COMMANDS} from './model-commands.ts';

export const SETTING_COMMANDS: readonly SlashCommand[] = [
  {
    name: 'set',
    group: 'model',
    brief: 'show or change the sampling settings',
    usage: '[NAME VALUE]',
    help: `show or change ${[...SETTINGS, 'think', 'context', ...FACE_SETTINGS].join(', ')} (off = default)`,
    run: (chat, argument) => {
      if (argument === '')
        return chat.note(`${samplingList(chat.settings.sampling)}${contextLine(chat)}${faceList(chat)}`);
      const [name = '', ...rest] = argument.replace(/^parameter\s+/, '').split(/\s+/);
      set(chat, name.toLowerCase().replaceAll('-', '_'), rest.join(' '));
    },
  },
  {name: 'temp', usage: 'X', help: 'set the temperature', run: (chat, argument) => set(chat, 'temperature', argument)},
  {
    name: 'seed',
    usage: 'N',
    help: 'set the seed (off = a new one each time)',
    run: (chat, argument) => set(chat, 'seed', argument),
  },
  {
    name: 'max',
    usage: 'N',
    help: 'limit the length of answers, in tokens',
    run: (chat, argument) => set(chat, 'max_tokens', argument),
  },
  {
    name: 'effort',
    usage: '[LEVEL]',
    help: 'show or set how much the model thinks, by its own levels (off = default)',
    run: (chat, argument) => (argument === '' ? showEffort(chat) : setEffort(chat, argument)),
  },
  ...MODEL_COMMANDS,
  {name: 'stats', group: 'model', help: 'show the statistics of the last answer', run: showStats},
  {
    name: 'tokens',
    group: 'look',
    brief: 'show the exact tokens of the last prompt',
    aliases: ['template'],
    help: 'show the exact tokens of the last prompt',
    run: showTokens,
  },
];

function set(chat: ChatContext, name: string, value: string): void {
  if (value === '')
    throw new EngineError('usage', `/set ${name} needs a value`, {hint: '/set without a name lists all settings'});
  if (name === 'think') {
    setThoughts(chat, value);
    return;
  }
  if (name === 'context') {
    setContext(chat, value);
    return;
  }
  if (setFace(chat, name, value)) return;
  const {sampling, note} = changeSampling(chat.settings.sampling, name, value);
  chat.settings.sampling = sampling;
  chat.note(`${note}\n`);
}

function showEffort(chat: ChatContext): void {
  const {efforts} = chat.backend.model;
  const set = chat.settings.reasoningEffort ?? efforts?.default;
  const levels = efforts?.levels ?? [];
  const known = levels.length === 0 ? '' : `, one of ${levels.join(', ')}`;
  chat.note(`reasoning effort: ${set ?? 'not set'}${known}\n`);
}

/** @throws EngineError `usage` for a level that the model does not have. */
function setEffort(chat: ChatContext, level: string): void {
  const levels = chat.backend.model.efforts?.levels;
  if (level !== 'off' && levels !== undefined && !levels.includes(level)) {
    throw levels.length === 0
      ? new EngineError('usage', 'this model has no levels of reasoning effort')
      : new EngineError('usage', `this model has the levels ${levels.join(', ')}, not ${level}`);
  }
  chat.settings.reasoningEffort = level === 'off' ? undefined : level;
  chat.note(level === 'off' ? 'reasoning effort: the default of the model\n' : `reasoning effort: ${level}\n`);
}

/** @throws EngineError `usage` for another word. */
function setThoughts(chat: ChatContext, value: string): void {
  const {settings} = chat;
  if (value === 'show' || value === 'hide') {
    settings.showThoughts = value === 'show';
    chat.note(`thoughts are ${settings.showThoughts ? 'shown' : 'collapsed'}\n`);
    return;
  }
  if (value !== 'drop' && value !== 'keep') {
    throw new EngineError('usage', `think must be show, hide, drop or keep, not ${value}`, {
      hint: 'drop: thoughts of earlier answers are no longer sent to the model.',
    });
  }
  settings.dropThoughts = value === 'drop';
  chat.note(
    `thoughts of earlier answers are ${settings.dropThoughts ? 'no longer sent' : 'sent to the model again'}\n`,
  );
}

const contextLine = ({settings}: ChatContext) =>
  `${'context'.padEnd(20)} ${settings.contextPolicy.padEnd(10)} when the chat no longer fits: ${CONTEXT_POLICIES.join(', ')}\n`;

/** @throws EngineError `usage` for another word. */
function setContext(chat: ChatContext, value: string): void {
  const policy = CONTEXT_POLICIES.find((name) => name === value);
  if (policy === undefined) {
    throw new EngineError('usage', `context is ${CONTEXT_POLICIES.join(', ')}, not ${value}`, {
      hint: 'It says what becomes of a chat that no longer fits; --ctx sets how many tokens fit.',
    });
  }
  chat.settings.contextPolicy = policy;
  chat.note(CONTEXT_NOTES[policy]);
}

const CONTEXT_NOTES: Readonly<Record<ContextPolicy, string>> = {
  trim: 'when the chat no longer fits, its oldest turns are left out\n',
  stop: 'when the chat no longer fits, it ends\n',
  summarise: 'when the chat nearly fills the context, it is summed up\n',
};

function showStats(chat: ChatContext): void {
  const finish = chat.last.finish;
  if (finish === undefined) throw new EngineError('usage', 'there is no answer yet');
  const {usage, timings} = finish;
  const rate = (value: number | undefined) => (value === undefined ? '' : ` (${value.toFixed(1)} tok/s)`);
  chat.note(
    [
      `prompt     ${count(usage.promptTokens)} tokens, ${count(usage.cachedTokens)} of them cached; ${(timings.promptMs / 1000).toFixed(2)} s${rate(timings.promptTokensPerSecond)}`,
      `answer     ${count(usage.completionTokens)} tokens; ${(timings.generationMs / 1000).toFixed(2)} s${rate(timings.tokensPerSecond)}`,
      ...(usage.reasoningTokens === undefined
        ? []
        : [
            `thought    ${count(usage.reasoningTokens)} of these tokens${finish.thinkingCut ? ', ended by its budget' : ''}`,
          ]),
      `first      ${timings.firstTokenMs === undefined ? 'no tokens' : `${(timings.firstTokenMs / 1000).toFixed(2)} s`}`,
      `seed       ${finish.seed ?? 'unknown'}`,
      '',
    ].join('\n'),
  );
}

/** Each token as `id` and text; control tokens stand out by colour and by their brackets. */
function showTokens(chat: ChatContext): void {
  const {tokenizer} = chat.backend;
  if (tokenizer === undefined)
    throw new EngineError('unsupported', 'this server does not expose its vocabulary; give one with --tokenizer');
  if (chat.last.prompt.length === 0) throw new EngineError('usage', 'nothing has been sent yet');
  const {theme} = chat;
  const shown = chat.last.prompt.map((token) => {
    const text = rowText(tokenizer.piece(token).replaceAll('\n', '\\n')) || ' ';
    const mark = tokenizer.isControl(token);
    return joinRows([paint(String(token), theme.dim), mark ? paint(`<${text}>`, theme.warning) : paint(text, '')]);
  });
  chat.print(paint(`${chat.last.prompt.length} tokens`, ''), joinRows(shown, paint(' ', '')), BLANK);
}
