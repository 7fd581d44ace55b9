// The metrics of several processes as one text: each sample with the model it is of.

/** A family: its HELP and TYPE, and its samples. */
interface Family {
  readonly head: string[];
  readonly samples: string[];
}

/** Counted by the router, which sees every request. */
const OF_ROUTER = 'mistral_requests_total';

/** `own` is the router's text, `models` that of each model by its name; what both count is the router's. */
export function mergedMetrics(own: string, models: ReadonlyMap<string, string>): string {
  const families = new Map<string, Family>();
  const counted = familiesIn(own).get(OF_ROUTER);
  if (counted) families.set(OF_ROUTER, counted);
  for (const [model, text] of models) {
    for (const [name, {head, samples}] of familiesIn(text)) {
      if (name === OF_ROUTER) continue;
      const known = families.get(name) ?? {head, samples: []};
      known.samples.push(...samples.map((sample) => labelled(sample, model)));
      families.set(name, known);
    }
  }
  return `${[...families.values()].flatMap(({head, samples}) => [...head, ...samples]).join('\n')}\n`;
}

function familiesIn(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  let current: Family = {head: [], samples: []};
  for (const line of text.split('\n')) {
    const [, kind, name = ''] = /^# (HELP|TYPE) (\S+)/.exec(line) ?? [];
    if (kind === 'HELP') {
      current = {head: [line], samples: []};
      families.set(name, current);
    } else if (kind === 'TYPE') current.head.push(line);
    else if (line !== '') current.samples.push(line);
  }
  return families;
}

/** `name{a="b"} 1` and `name 1` alike. */
function labelled(sample: string, model: string): string {
  const [, name = '', labels = '', value = ''] = /^([^\s{]+)(?:\{(.*)\})? (\S+.*)$/.exec(sample) ?? [];
  return `${name}{${labelOf(model)}${labels === '' ? '' : `,${labels}`}} ${value}`;
}

const labelOf = (model: string) =>
  `model="${model.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;

/** Two gauges of the models themselves, in the same form. */
export function modelGauges(
  models: readonly {readonly id: string; readonly isLoaded: boolean; readonly bytes: number}[],
): string {
  const loaded = models.map(({id, isLoaded}) => `mistral_model_loaded{${labelOf(id)}} ${Number(isLoaded)}`);
  const memory = models.map(({id, bytes}) => `mistral_model_memory_bytes{${labelOf(id)}} ${bytes}`);
  return [
    '# HELP mistral_model_loaded Whether the model is loaded',
    '# TYPE mistral_model_loaded gauge',
    ...loaded,
    '# HELP mistral_model_memory_bytes Memory that the model takes when it is loaded',
    '# TYPE mistral_model_memory_bytes gauge',
    ...memory,
    '',
  ].join('\n');
}
