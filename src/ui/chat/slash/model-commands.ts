// Slash command about the model: what it is, which others there are, and going on with another one.
import {EngineError} from '../../../base/errors.ts';
import type {ModelInfo} from '../../../engine/contract/backend.ts';
import {count} from '../../rows/status-line.ts';
import type {ChatContext, SlashCommand} from '../chat-context.ts';

export const MODEL_COMMANDS: readonly SlashCommand[] = [
  {
    name: 'model',
    group: 'model',
    aliases: ['show'],
    usage: '[NAME]',
    brief: 'show the model, or go on with another one',
    help: 'show the model and choose another one; with NAME go on with that one',
    run: (chat, argument) => (argument === '' ? chooseModel(chat) : switchModel(chat, argument)),
  },
];

async function chooseModel(chat: ChatContext): Promise<void> {
  showModel(chat);
  const others = (await chat.models?.list()) ?? [];
  if (others.length === 0) return;
  const chosen = await chat.pick({title: 'Go on with another model?', items: others});
  const name = chosen === undefined ? undefined : others[chosen]?.label;
  if (name !== undefined) await switchModel(chat, name);
}

/**
 * Loads another model beside this one, which goes only when the other is there: what fails leaves all as it was.
 * @throws EngineError with the reason why it cannot be opened
 */
async function switchModel(chat: ChatContext, name: string): Promise<void> {
  const {models, backend} = chat;
  if (models === undefined) throw new EngineError('unsupported', 'this chat stays with its model');
  const before = backend.model;
  chat.working(`loading ${name}`);
  try {
    const other = await models.open(
      name,
      (text) => chat.note(text),
      (fraction) => chat.working(`loading ${name} ${Math.floor(fraction * 100)}%`),
    );
    await chat.goOnWith(other);
  } finally {
    chat.working(undefined);
  }
  chat.note(
    `${[`model      ${chat.backend.model.id} (was ${before.id})`, ...differences(before, chat.backend.model)].join('\n')}\n`,
  );
}

/** What a person should know who goes on with their chat, a line each. */
function differences(before: ModelInfo, after: ModelInfo): string[] {
  const context = ({contextSize}: ModelInfo) =>
    contextSize === undefined ? 'unknown' : `${count(contextSize)} tokens`;
  const template = (model: ModelInfo) => model.template ?? "the server's";
  const pairs = [
    ['template', template(before), template(after)],
    ['context', context(before), context(after)],
    [
      'tools',
      before.supportsTools ? 'supported' : 'not supported',
      after.supportsTools ? 'supported' : 'not supported',
    ],
  ] as const;
  return pairs.flatMap(([name, was, is]) => (was === is ? [] : [`${name.padEnd(10)} ${is} (was ${was})`]));
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
        : `${count(model.contextSize)} tokens (the model was trained for ${count(model.trainedContextSize ?? 0)})`,
    ],
    ['runs on', model.device],
    [
      'abilities',
      [model.supportsTools && 'tools', model.supportsFim && 'fill-in-the-middle'].filter(Boolean).join(', ') || 'chat',
    ],
  ];
  chat.note([...facts.flatMap(([name, value]) => (value ? [`${name.padEnd(10)} ${value}`] : [])), ''].join('\n'));
}
