// Vision and audio parts inside the file of a text model: ollama's own form.
import type {GgufFile} from '../read-header.ts';

/** What is inside beside the text model, in words; undefined for a plain one. llama.cpp needs it in a file of its own. */
export function towerInside({metadata, tensors}: Pick<GgufFile, 'metadata' | 'tensors'>): string | undefined {
  const architecture = metadata.string('general.architecture') ?? '';
  const hasKey = (kind: string) => metadata.keys.some((key) => key.startsWith(`${architecture}.${kind}.`));
  const hasTensor = (start: RegExp) => tensors.some(({name}) => start.test(name));
  if (hasTensor(/^(v|mm)\./) || hasKey('vision')) return 'a vision tower';
  return hasTensor(/^a\./) || hasKey('audio') ? 'an audio tower' : undefined;
}
