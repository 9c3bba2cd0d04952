import { readFileSync } from 'node:fs';

const template = readFileSync(new URL('page.html', import.meta.url), 'utf8');

const ESCAPES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escape = (value) => String(value).replace(/[&<>"']/g, (character) => ESCAPES[character]);

/** The page with its `{{name}}` places filled in. */
export function page(values) {
  return template.replace(/{{(\w+)}}/g, (_, name) => escape(values[name]));
}
