// Slash commands on what could have been said: certainty of each token, alternatives, branches, other sessions.

import {EngineError} from '../../../base/errors.ts';
import type {TokenLogprob} from '../../../engine/contract/backend.ts';
import type {Message} from '../../../engine/contract/requests.ts';
import {contentText} from '../../../engine/contract/requests.ts';
import {BLANK} from '../../markdown/style.ts';
import {certaintyRows, percent, shownPiece, textBefore, uncertain} from '../certainty/certainty-colours.ts';
import {scoreAnswer} from '../certainty/score-answer.ts';
import type {ChatContext, SlashCommand} from '../chat-context.ts';

export const BRANCH_COMMANDS: readonly SlashCommand[] = [
  {
    name: 'heat',
    group: 'look',
    brief: 'show how certain the model was of each token',
    usage: '[off]',
    help: 'colour each token of the last answer by how certain the model was',
    run: showHeat,
  },
  {
    name: 'alt',
    group: 'look',
    brief: 'show what a token could have been instead',
    usage: '[N]',
    help: 'list alternatives to token N and continue from one of them',
    run: showAlternatives,
  },
  {
    name: 'branches',
    group: 'chats',
    brief: 'list the branches of this chat, and switch',
    help: 'list the branches of this chat and switch between them',
    run: async (chat) => {
      const {branches} = chat.session;
      if (branches.length < 2)
        throw new EngineError('usage', 'this chat has only one branch', {
          hint: '/regen, /edit, /undo and /alt create branches',
        });
      const items = branches.map(({messages, current}, index) => ({
        label: `${index + 1}${current ? ' (here)' : ''}`,
        detail: `${messages.length} messages: ${lastWords(messages)}`,
      }));
      const chosen = await chat.pick({title: 'branches of this chat', items});
      const branch = chosen === undefined ? undefined : branches[chosen];
      if (branch === undefined) return;
      chat.conversation.reset(branch.messages, branch.window);
      chat.recall();
    },
  },
  {
    name: 'load',
    group: 'chats',
    aliases: ['resume', 'sessions'],
    usage: '[ID]',
    help: 'open another saved chat',
    run: async (chat, argument) => {
      const {sessions} = chat;
      if (sessions === undefined) throw new EngineError('usage', 'chats are not being saved (--no-save)');
      const id = argument === '' ? await pickSession(chat) : sessions.find(argument);
      if (id === undefined) return;
      const {session, notes} = sessions.enter(id);
      for (const note of notes) chat.note(note);
      chat.open(session);
    },
  },
  {
    name: 'save',
    group: 'chats',
    brief: 'show where this chat is saved',
    help: 'show where this chat is saved (saving is automatic)',
    run: (chat) => {
      const {sessions, session} = chat;
      if (sessions === undefined)
        throw new EngineError('usage', 'chats are not being saved (--no-save)', {hint: '/export FILE saves this one'});
      chat.note(
        `saved as ${session.info.id} in ${sessions.fileOf(session.info.id)}\nTo continue it: mistral-chat --instruct --resume ${session.info.id}\n`,
      );
    },
  },
];

/**
 * The certainty of the last answer's tokens. It is asked for from now on; for an answer that came without it, the answer
 * is read again. Undefined when that was stopped.
 */
async function tokensOf(chat: ChatContext): Promise<readonly TokenLogprob[] | undefined> {
  const {backend, conversation, last, settings, tools} = chat;
  settings.certainty = true;
  const answer = conversation.messages.at(-1);
  const isKnown = last.logprobs.length > 0 && last.scored === answer;
  if (isKnown) return last.logprobs;
  const request = {messages: conversation.told, sampling: settings.sampling, ...tools.request};
  let scored: readonly TokenLogprob[] | undefined;
  const take = (tokens: readonly TokenLogprob[]) => {
    scored = tokens;
  };
  await chat.aside((signal) => scoreAnswer(backend, request, take, signal));
  if (scored === undefined) return undefined;
  Object.assign(last, {logprobs: [...scored], scored: answer, prefix: ''});
  return scored;
}

function vocabulary(chat: ChatContext) {
  const {tokenizer} = chat.backend;
  if (tokenizer === undefined)
    throw new EngineError('unsupported', 'this server does not expose its vocabulary; give one with --tokenizer');
  return tokenizer;
}

async function showHeat(chat: ChatContext, argument: string): Promise<void> {
  if (argument === 'off') {
    chat.settings.certainty = false;
    chat.note('certainty is no longer measured\n');
    return;
  }
  if (argument !== '') throw new EngineError('usage', `/heat takes off or nothing, not ${argument}`);
  const tokenizer = vocabulary(chat);
  const tokens = await tokensOf(chat);
  if (tokens === undefined) return;
  chat.print(...certaintyRows(tokens, tokenizer, chat.theme), BLANK);
}

async function showAlternatives(chat: ChatContext, argument: string): Promise<void> {
  const tokenizer = vocabulary(chat);
  const tokens = await tokensOf(chat);
  if (tokens === undefined) return;
  const number = argument === '' ? await pickToken(chat, tokens) : Number(argument);
  if (number === undefined) return;
  const token = tokens[number - 1];
  if (token === undefined)
    throw new EngineError(
      'usage',
      `token numbers of the last answer go from 1 to ${tokens.length}, not ${argument || number}`,
    );
  const others = token.top.filter((other) => other.token !== token.token && !tokenizer.isControl(other.token));
  if (others.length === 0) throw new EngineError('usage', `token ${number} had no likely alternative`);
  const items = others.map((other) => ({label: shownPiece(tokenizer, other.token), detail: percent(other.logprob)}));
  const chosen = await chat.pick({
    title: `alternatives to ${shownPiece(tokenizer, token.token)} (${percent(token.logprob)})`,
    items,
  });
  const other = chosen === undefined ? undefined : others[chosen];
  if (other === undefined) return;
  const text = chat.last.prefix + textBefore(tokens, number - 1, other.token, tokenizer);
  const before = chat.conversation.messages.slice(0, -1);
  chat.conversation.reset([...before, {role: 'assistant', content: text}], chat.conversation.window);
  chat.note(text);
  await chat.answer((signal) => chat.conversation.continue(signal));
}

/** Number of one of the least certain tokens. */
async function pickToken(chat: ChatContext, tokens: readonly TokenLogprob[]): Promise<number | undefined> {
  const tokenizer = vocabulary(chat);
  const numbers = uncertain(tokens);
  if (numbers.length === 0) throw new EngineError('usage', 'the model was certain of every token');
  const items = numbers.map((number) => {
    const token = tokens[number - 1] as TokenLogprob;
    return {label: `${number} ${shownPiece(tokenizer, token.token)}`, detail: percent(token.logprob)};
  });
  const chosen = await chat.pick({title: 'the least certain tokens of the last answer', items});
  return chosen === undefined ? undefined : numbers[chosen];
}

async function pickSession(chat: ChatContext): Promise<string | undefined> {
  const entries = chat.sessions?.list().slice(0, 50) ?? [];
  if (entries.length === 0) throw new EngineError('usage', 'there are no saved chats yet');
  const items = entries.map(({id, changed}) => ({label: id, detail: new Date(changed).toLocaleString()}));
  const chosen = await chat.pick({title: 'choose a chat', items});
  return chosen === undefined ? undefined : entries[chosen]?.id;
}

function lastWords(messages: readonly Message[]): string {
  return contentText(messages.at(-1)?.content).replaceAll(/\s+/g, ' ').slice(0, 60);
}
