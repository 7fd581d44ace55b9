// The chat template a converted file carries for other tools (llama-server, LM Studio): Jinja, one text a version.
// This program does not use it: it builds token ids itself. No blanks are written around markers, as llama.cpp
// puts SentencePiece's word mark in front of every text after a control token by itself.

import type {TemplateVersion} from '../../contract/requests.ts';
import {TEMPLATES} from '../../contract/templates.ts';

interface Traits {
  /** Where the system prompt goes: in front of the first or last user text, or in markers of its own. */
  readonly system: 'first' | 'last' | 'own';
  /** Before which user message the tools stand. */
  readonly tools: 'none' | 'last' | 'first';
  readonly calls: 'none' | 'json' | 'json-id' | 'args-id' | 'args';
  readonly results: 'none' | 'json' | 'json-id' | 'id-text' | 'text';
  readonly thinking: boolean;
  readonly settings: boolean;
  /** Where "[INST]" is typed as text, there is a blank on its inner side. */
  readonly blank: '' | ' ';
}

const SYSTEM = {'first-user': 'first', 'last-user': 'last', 'in-place': 'own'} as const;
const TOOLS = {none: 'none', 'last-user': 'last', 'first-user': 'first'} as const;
/** Jinja has no lists to build results in: each stands alone. */
const RESULTS = {none: 'none', 'json-list': 'json', json: 'json-id', 'id-text': 'id-text', text: 'text'} as const;

function traitsOf(version: TemplateVersion): Traits {
  const row = TEMPLATES[version];
  return {
    system: SYSTEM[row.systemPrompt],
    tools: TOOLS[row.availableTools],
    calls: row.toolCalls,
    results: RESULTS[row.toolResults],
    thinking: row.thinking === 'encoded',
    settings: row.modelSettings === 'encoded',
    blank: row.instructionMarkers === 'text' ? ' ' : '',
  };
}

/** The Jinja text for a template version; `byDefault` is the effort (v15) of a request that names none. */
export function chatTemplate(version: TemplateVersion, byDefault?: string): string {
  const traits = traitsOf(version);
  return [
    traits.settings && byDefault !== undefined
      ? `{%- set reasoning_effort = reasoning_effort or ${JSON.stringify(byDefault)} -%}`
      : '',
    textMacro(traits),
    `{%- set state = namespace(system='', first=-1, last=-1) -%}`,
    `{%- for message in messages -%}`,
    `{%- if message['role'] == 'user' -%}`,
    `{%- if state.first < 0 -%}{%- set state.first = loop.index0 -%}{%- endif -%}`,
    `{%- set state.last = loop.index0 -%}`,
    ...(traits.system === 'own' ? [] : [`{%- elif message['role'] == 'system' -%}`, collectSystem]),
    `{%- endif -%}`,
    `{%- endfor -%}`,
    `{{- bos_token -}}`,
    `{%- for message in messages -%}`,
    `{%- if message['role'] == 'user' -%}`,
    ...userPart(traits),
    `{%- elif message['role'] == 'assistant' -%}`,
    ...assistantPart(traits),
    `{%- elif message['role'] == 'system' -%}`,
    traits.system === 'own' ? `{{- '[SYSTEM_PROMPT]' + text(message['content']) + '[/SYSTEM_PROMPT]' -}}` : '',
    ...toolPart(traits, version),
    `{%- endif -%}`,
    `{%- endfor -%}`,
  ]
    .filter((line) => line !== '')
    .join('\n');
}

const collectSystem = `{%- set state.system = state.system + text(message['content']) + '\\n\\n' -%}`;

function textMacro({thinking}: Traits): string {
  const thought = `{{- '[THINK]' + part['thinking'] + '[/THINK]' -}}`;
  return [
    `{%- macro text(content) -%}`,
    `{%- if content is string -%}{{- content -}}`,
    `{%- elif content -%}`,
    `{%- for part in content -%}`,
    `{%- if part['type'] == 'text' -%}{{- part['text'] -}}`,
    ...(thinking ? [`{%- elif part['type'] == 'thinking' -%}${thought}`] : []),
    `{%- else -%}{{- raise_exception('only text can be read') -}}{%- endif -%}`,
    `{%- endfor -%}`,
    `{%- endif -%}`,
    `{%- endmacro -%}`,
  ].join('\n');
}

function userPart({system, tools, settings, blank}: Traits): string[] {
  const offered = `{{- '[AVAILABLE_TOOLS]' + (tools | tojson) + '[/AVAILABLE_TOOLS]' -}}`;
  const effort = `{{- '[MODEL_SETTINGS]{"reasoning_effort": "' + reasoning_effort + '"}[/MODEL_SETTINGS]' -}}`;
  // With the tools, where there are any.
  const place = tools === 'last' ? 'last' : 'first';
  const prompt = system === 'own' ? '' : `(state.system if loop.index0 == state.${system} else '') + `;
  return [
    tools === 'none' ? '' : `{%- if tools and loop.index0 == state.${tools} -%}${offered}{%- endif -%}`,
    settings ? `{%- if reasoning_effort and loop.index0 == state.${place} -%}${effort}{%- endif -%}` : '',
    `{{- '[INST]${blank}' + ${prompt}text(message['content']) + '${blank}[/INST]' -}}`,
  ];
}

function assistantPart({calls, thinking, blank}: Traits): string[] {
  const reasoning = `{{- '[THINK]' + message['reasoning_content'] + '[/THINK]' -}}`;
  const begin = blank === '' ? '' : `' ' + `;
  return [
    thinking ? `{%- if message['reasoning_content'] -%}${reasoning}{%- endif -%}` : '',
    `{%- if message['content'] -%}{{- ${begin}text(message['content']) -}}{%- endif -%}`,
    ...callPart(calls),
    `{{- eos_token -}}`,
  ];
}

function callPart(calls: Traits['calls']): string[] {
  if (calls === 'none') return [];
  const name = `call['function']['name']`;
  const args =
    `{%- set args = call['function']['arguments'] -%}` +
    `{%- if args is not string -%}{%- set args = args | tojson -%}{%- endif -%}`;
  const loop = `{%- for call in message['tool_calls'] -%}`;
  const open = `{%- if message['tool_calls'] -%}`;
  if (calls === 'args' || calls === 'args-id') {
    const id = calls === 'args-id' ? ` + '[CALL_ID]' + call['id']` : '';
    return [
      open,
      loop,
      args,
      `{{- '[TOOL_CALLS]' + ${name}${id} + '[ARGS]' + args -}}`,
      `{%- endfor -%}`,
      `{%- endif -%}`,
    ];
  }
  const id = calls === 'json-id' ? ` + ', "id": "' + call['id'] + '"'` : '';
  return [
    open,
    `{{- '[TOOL_CALLS][' -}}`,
    loop,
    args,
    `{{- (', ' if not loop.first else '') + '{"name": "' + ${name} + '", "arguments": ' + args${id} + '}' -}}`,
    `{%- endfor -%}`,
    `{{- ']' -}}`,
    `{%- endif -%}`,
  ];
}

function toolPart({results}: Traits, version: TemplateVersion): string[] {
  const content = `text(message['content'])`;
  const json: Record<Traits['results'], string> = {
    none: '',
    json: `'[{"name": "' + message['name'] + '", "content": ' + (${content} | tojson) + '}]'`,
    'json-id': `'{"content": ' + (${content} | tojson) + ', "call_id": "' + message['tool_call_id'] + '"}'`,
    'id-text': `message['tool_call_id'] + '[TOOL_CONTENT]' + ${content}`,
    text: content,
  };
  const unknown = `{{- raise_exception('template ${version} knows no role ' + message['role']) -}}`;
  if (results === 'none') return [`{%- else -%}`, unknown];
  return [
    `{%- elif message['role'] == 'tool' -%}`,
    `{{- '[TOOL_RESULTS]' + ${json[results]} + '[/TOOL_RESULTS]' -}}`,
    `{%- else -%}`,
    unknown,
  ];
}
