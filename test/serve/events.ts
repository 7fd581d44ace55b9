// Reads server-sent events as a test sees them.

/** The data lines of an event stream. */
// biome-ignore lint/suspicious/noExplicitAny: tests state literally what is in there
export function parseEvents(text: string): any[] {
  const data = text.split('\n\n').filter((event) => event.startsWith('data: '));
  return data.map((event) => (event === 'data: [DONE]' ? '[DONE]' : JSON.parse(event.slice('data: '.length))));
}
