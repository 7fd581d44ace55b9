// The page at /docs: one HTML file without scripts, written from the OpenAPI document.

interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly requestBody?: {readonly content: Readonly<Record<string, {readonly schema?: JsonSchema}>>};
  readonly responses?: Readonly<Record<string, unknown>>;
}

export interface OpenApiDocument {
  readonly info: {readonly title: string; readonly description?: string};
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

const ESCAPES: Record<string, string> = {'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;'};
const escapeHtml = (text: string) => text.replace(/[&<>"]/g, (char) => ESCAPES[char] ?? char);

/** A schema's type in a few words. */
function typeName(schema: JsonSchema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (schema.anyOf) return [...new Set(schema.anyOf.map(typeName))].join(' | ');
  if (schema.type === 'array') return `list of ${schema.items ? typeName(schema.items) : 'anything'}`;
  return schema.type ? [schema.type].flat().join(' | ') : 'anything';
}

function fieldRows(schema: JsonSchema): string {
  const required = new Set(schema.required);
  return Object.entries(schema.properties ?? {})
    .map(([name, field]) => {
      const mark = required.has(name) ? ' *' : '';
      const cells = [`<code>${escapeHtml(name)}</code>${mark}`, typeName(field), field.description ?? ''];
      return `<tr><td>${cells[0]}</td><td>${escapeHtml(cells[1] ?? '')}</td><td>${escapeHtml(cells[2] ?? '')}</td></tr>`;
    })
    .join('\n');
}

function operationSection(method: string, path: string, operation: Operation): string {
  const schema = operation.requestBody?.content['application/json']?.schema;
  const rows = schema ? fieldRows(schema) : '';
  const statuses = Object.keys(operation.responses ?? {}).join(', ');
  return `<section><h3><code>${method.toUpperCase()} ${escapeHtml(path)}</code></h3>
<p>${escapeHtml(operation.summary ?? '')}</p>
${rows && `<table><tr><th>field</th><th>type</th><th></th></tr>\n${rows}</table>`}
<p>Answers: ${statuses}</p></section>`;
}

/** The whole page. A field marked * must be given. */
export function docsPage({info, paths}: OpenApiDocument): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({method, path, operation})),
  );
  const tags = [...new Set(operations.map(({operation}) => operation.tags?.[0] ?? ''))];
  const groups = tags.map((tag) => {
    const own = operations.filter(({operation}) => (operation.tags?.[0] ?? '') === tag);
    const sections = own.map(({method, path, operation}) => operationSection(method, path, operation));
    return `<h2>${escapeHtml(tag)}</h2>\n${sections.join('\n')}`;
  });
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(info.title)}</title>
<meta name="viewport" content="width=device-width">
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; } td, th { text-align: left; padding: 0.1rem 1rem 0.1rem 0; vertical-align: top; }
section { border-top: 1px solid #8884; } @media (prefers-color-scheme: dark) { body { background: #111; color: #ddd; } }
</style></head><body>
<h1>${escapeHtml(info.title)}</h1>
<p>${escapeHtml(info.description ?? '')}</p>
<p>The same as data: <a href="/openapi.json">/openapi.json</a>. A field marked * must be given.</p>
${groups.join('\n')}
</body></html>
`;
}
