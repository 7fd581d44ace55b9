// The system prompt that a model's maker recommends: found, dated and cut into chunks. It is offered, never sent unasked.
import {basename, dirname} from 'node:path';
import type {DefaultSystem} from '../contract/backend.ts';
import type {Content, ContentChunk, TemplateVersion} from '../contract/requests.ts';
import {TEMPLATES} from '../contract/templates.ts';
import {readSystemPrompt, SYSTEM_PROMPT_FILE} from '../defaults/system-prompt-file.ts';
import type {LoadedTokenizer} from './load-tokenizer.ts';
import {printedSystem, readTemplate} from './version/read-template.ts';

/**
 * Of the file beside the model, else the one its conversion kept, else what its chat template prints by itself; undefined
 * where there is none.
 */
export function defaultSystemOf(loaded: LoadedTokenizer): DefaultSystem | undefined {
  const {path, name = basename(path), isConverted, keptSystem, template, chatTemplate} = loaded;
  const text = readSystemPrompt(dirname(path)) ?? keptSystem;
  const prompt = (origin: string, sample: string, textAt: (now: Date) => string): DefaultSystem => ({
    origin,
    thinks: /\[THINK\]|<think>/.test(sample),
    at: (now) => systemChunks(filled(textAt(now), name, now), template.version),
  });
  if (text !== undefined) return prompt(SYSTEM_PROMPT_FILE, text, () => text);
  if (chatTemplate === undefined || isConverted) return undefined;
  const reading = readTemplate(chatTemplate);
  if (reading.form !== 'mistral' || reading.defaultSystem === undefined) return undefined;
  const {defaultSystem} = reading;
  let last: {readonly today: string; readonly text: string} | undefined;
  // Rendered again only when it is asked for.
  return prompt('its chat template', defaultSystem, (now) => {
    // Where the template takes the date as a variable, it has a fixed one for those who do not give it.
    const today = dayText(now, true);
    if (last?.today !== today) {
      const yesterday = dayText(dayBefore(now), true);
      last = {today, text: printedSystem(chatTemplate, {today, yesterday}) ?? defaultSystem};
    }
    return last.text;
  });
}

/** The words that Mistral's own examples fill in before they send such a text, dates as they write them. */
function filled(text: string, name: string, now: Date): string {
  return text
    .replaceAll('{name}', () => name)
    .replaceAll('{today}', dayText(now))
    .replaceAll('{yesterday}', dayText(dayBefore(now)));
}

const dayBefore = (now: Date) => new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);

/** The local date: 2026-04-29, or with the day first 29-04-2026. */
function dayText(date: Date, dayFirst = false): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const parts = [String(date.getFullYear()), two(date.getMonth() + 1), two(date.getDate())];
  return (dayFirst ? parts.reverse() : parts).join('-');
}

/**
 * The text as a message's content: [THINK] and [/THINK] in it are control tokens where the version has a place for a thought
 * in a system message, as in mistral-common's SystemPrompt; elsewhere the text is plain.
 */
function systemChunks(text: string, version: TemplateVersion | undefined): Content {
  const row = version === undefined ? undefined : TEMPLATES[version];
  if (row?.thinking !== 'encoded' || !row.chunks.system.includes('thinking')) return text;
  const parts = /^([\s\S]*?)\[THINK\]([\s\S]*?)\[\/THINK\]([\s\S]*)$/.exec(text);
  if (parts === null) return text;
  const [, before = '', thinking = '', behind = ''] = parts;
  const textChunk = (part: string): ContentChunk[] => (part === '' ? [] : [{type: 'text', text: part}]);
  return [...textChunk(before), {type: 'thinking', thinking, closed: true}, ...textChunk(behind)];
}
