// What a request asked for and does not get, although it is answered: in a header of the reply, and in the log.
import type {FastifyReply} from 'fastify';

/** The header that lists the notes. */
export const WARNINGS_HEADER = 'x-mistral-warnings';

/** More would make a header that proxies refuse. */
const MAX_NOTES = 32;
const MAX_NOTE_LENGTH = 300;
/** Half a character, which has no place in a header. */
const LONE_SURROGATE = /\p{Surrogate}/gu;

/** The notes of each reply that has any, in the order they were told. */
const NOTES = new WeakMap<FastifyReply, readonly string[]>();

/**
 * Tells the client of `reply` each of these sentences, once: in the header `x-mistral-warnings`, percent-encoded with `; `
 * between, which a stream has too where they are told before it opens.
 */
export function tell(reply: FastifyReply, ...notes: readonly string[]): void {
  const short = notes.map((note) => (note.length > MAX_NOTE_LENGTH ? `${note.slice(0, MAX_NOTE_LENGTH)}…` : note));
  const all = [...new Set([...toldOf(reply), ...short])].slice(0, MAX_NOTES);
  if (all.length === toldOf(reply).length) return;
  NOTES.set(reply, all);
  reply.log.warn({notes: short}, 'told the client what it asked for and does not get');
  if (!reply.sent)
    reply.header(
      WARNINGS_HEADER,
      all.map((note) => encodeURIComponent(note.replaceAll(LONE_SURROGATE, '\uFFFD'))).join('; '),
    );
}

/** What has been told so far. */
export function toldOf(reply: FastifyReply): readonly string[] {
  return NOTES.get(reply) ?? [];
}
