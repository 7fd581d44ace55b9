// What to do with a model whose prompts are not known: refuse its chats with the reason, and name the ways out.
import {EngineError} from '../../../base/errors.ts';
import type {TemplateVersion} from '../../contract/requests.ts';
import {templateVersions} from '../../contract/templates.ts';
import type {DetectedTemplate, ForeignTemplate} from './detect.ts';
import {type ControlTokens, carriedVersions} from './mistral-vocabulary.ts';

/**
 * The template version to write chats in.
 * @throws EngineError `template_unknown` where there is none.
 */
export function requireVersion(template: DetectedTemplate): TemplateVersion {
  if (template.form === 'mistral') return template.version;
  throw unknown(template);
}

function unknown(template: DetectedTemplate, who = ''): EngineError {
  return new EngineError('template_unknown', `${who}${whyNot(template)}: ${template.reasons.join('; ')}`, {
    hint: WAYS_OUT,
  });
}

/** Whether chats are rendered by the file's own template. */
export function isRendered(template: DetectedTemplate): template is ForeignTemplate {
  return template.form === 'foreign' && (template.isMistrals || template.isUnproved === true);
}

/** @throws EngineError `template_unknown` where nothing tells a chat to the model in `path`, not even its own template. */
export function requireChats(template: DetectedTemplate, path: string): void {
  if (template.form !== 'mistral' && !isRendered(template)) throw unknown(template, `${path}: `);
}

const WAYS_OUT = `If one of Mistral's templates fits, name it with --template (${templateVersions().join(', ')}); another is taken from a file with --chat-template. Of other vocabularies than Mistral's, --foreign tries it with tokens that nobody proved. Plain text goes on without.`;

function whyNot(template: DetectedTemplate): string {
  if (template.form !== 'foreign') return 'nobody can say which prompts this model knows';
  return template.isMistrals
    ? 'its prompts are those of another model'
    : "its vocabulary is not Mistral's, and its prompts are those of another model";
}

/** The version to fill in the middle with: all that have it write it alike, whatever the chats of a model are. */
export function fimVersion({version}: DetectedTemplate, tokenizer: ControlTokens): TemplateVersion {
  return version ?? carriedVersions(tokenizer)[0];
}

/** A guess, as a line to tell; undefined for what is known better. */
export function guessLine(template: DetectedTemplate): string | undefined {
  if (template.form !== 'mistral' || template.confidence !== 'guess') return undefined;
  return `template ${template.version} is a guess: ${template.reasons.join('; ')}`;
}
