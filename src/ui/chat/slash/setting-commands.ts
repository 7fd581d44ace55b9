// Slash commands about how answers come to be: sampling, the model, figures, the exact prompt.

import {EngineError} from '../../../base/errors.ts';
import {BLANK, joinRows, paint, rowText} from '../../markdown/style.ts';
import {count} from '../../rows/status-line.ts';
import type {ChatContext, SlashCommand} from '../chat-context.ts';
import {changeSampling, SETTINGS, samplingList} from './change-sampling.ts';

export const SETTING_COMMANDS: readonly SlashCommand[] = [
  {
    name: 'set',
    usage: '[NAME VALUE]',
    help: `show or change ${[...SETTINGS, 'think'].join(', ')} (off = default)`,
    run: (chat, argument) => {
      if (argument === '') return chat.note(samplingList(chat.settings.sampling));
      const [name = '', ...rest] = argument.replace(/^parameter\s+/, '').split(/\s+/);
      set(chat, name.toLowerCase().replaceAll('-', '_'), rest.join(' '));
    },
  },
  {name: 'temp', usage: 'X', help: 'set the temperature', run: (chat, argument) => set(chat, 'temperature', argument)},
  {
    name: 'seed',
    usage: 'N',
    help: 'set the seed (off = a fresh one)',
    run: (chat, argument) => set(chat, 'seed', argument),
  },
  {
    name: 'max',
    usage: 'N',
    help: 'set the maximum tokens of an answer',
    run: (chat, argument) => set(chat, 'max_tokens', argument),
  },
  {
    name: 'effort',
    usage: '[LEVEL]',
    help: 'show or set how much the model thinks, by its own levels (off = default)',
    run: (chat, argument) => (argument === '' ? showEffort(chat) : setEffort(chat, argument)),
  },
  {name: 'model', aliases: ['show'], help: 'what answers, and how', run: showModel},
  {name: 'stats', help: 'figures of the last answer', run: showStats},
  {
    name: 'tokens',
    aliases: ['template'],
    help: 'the exact ids of the last prompt, control tokens marked',
    run: showTokens,
  },
];

function set(chat: ChatContext, name: string, value: string): void {
  if (value === '')
    throw new EngineError('usage', `/set ${name} needs a value`, {hint: '/set alone shows all of them'});
  if (name === 'think') {
    setThoughts(chat, value);
    return;
  }
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
  chat.note(level === 'off' ? 'reasoning effort is as the model has it\n' : `reasoning effort: ${level}\n`);
}

/** @throws EngineError `usage` for another word. */
function setThoughts(chat: ChatContext, value: string): void {
  const {settings} = chat;
  if (value === 'show' || value === 'hide') {
    settings.showThoughts = value === 'show';
    chat.note(`thoughts are ${settings.showThoughts ? 'shown' : 'folded'}\n`);
    return;
  }
  if (value !== 'drop' && value !== 'keep') {
    throw new EngineError('usage', `think is show, hide, drop or keep, not ${value}`, {
      hint: 'drop leaves the thoughts of earlier answers out of what the model is told again.',
    });
  }
  settings.dropThoughts = value === 'drop';
  chat.note(`thoughts of earlier answers are ${settings.dropThoughts ? 'left out' : 'told to the model again'}\n`);
}

function showModel(chat: ChatContext): void {
  const {model} = chat.backend;
  const facts: [string, string | undefined][] = [
    ['model', model.id],
    ['file', model.path],
    ['template', model.template && `${model.template} (${model.templateReason ?? 'given'})`],
    [
      'context',
      model.contextSize === undefined
        ? undefined
        : `${count(model.contextSize)} tokens of ${count(model.trainedContextSize ?? 0)} trained`,
    ],
    ['runs on', model.device],
    [
      'abilities',
      [model.supportsTools && 'tools', model.supportsFim && 'fill-in-the-middle'].filter(Boolean).join(', ') || 'chat',
    ],
  ];
  chat.note([...facts.flatMap(([name, value]) => (value ? [`${name.padEnd(10)} ${value}`] : [])), ''].join('\n'));
}

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
      `first      ${timings.firstTokenMs === undefined ? 'no token came' : `${(timings.firstTokenMs / 1000).toFixed(2)} s`}`,
      `seed       ${finish.seed ?? 'not known'}`,
      '',
    ].join('\n'),
  );
}

/** Each token as `id` and text; control tokens stand out by colour and by their brackets. */
function showTokens(chat: ChatContext): void {
  const {tokenizer} = chat.backend;
  if (tokenizer === undefined)
    throw new EngineError('unsupported', 'this server does not show its vocabulary; --tokenizer names one');
  if (chat.last.prompt.length === 0) throw new EngineError('usage', 'nothing was sent yet');
  const {theme} = chat;
  const shown = chat.last.prompt.map((token) => {
    const text = rowText(tokenizer.piece(token).replaceAll('\n', '\\n')) || ' ';
    const mark = tokenizer.isControl(token);
    return joinRows([paint(String(token), theme.dim), mark ? paint(`<${text}>`, theme.warning) : paint(text, '')]);
  });
  chat.print(paint(`${chat.last.prompt.length} tokens`, ''), joinRows(shown, paint(' ', '')), BLANK);
}
