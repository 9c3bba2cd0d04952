import { badRequest } from '../status.ts';
import { invalid, type FieldError } from '../schema/field-error.ts';
import { labelValue, qualifiedName } from '../schema/names.ts';

type Labels = Readonly<Record<string, string>>;
/** True for labels that a selector wants. */
export type LabelMatcher = (labels: Labels) => boolean;

const TOKEN = /\s*(?:(==|!=|[=!<>(),])|([^\s=!<>(),]+))\s*/y;

/** Parses the syntax of `kubectl get -l`: `a=b,c!=d,e in (x,y),f,!g,h>1`. Fails with 400. */
export function parseLabels(text: string): LabelMatcher {
  return new Parser(text).parse();
}

class Parser {
  readonly #tokens: readonly string[];
  #next = 0;

  constructor(text: string) {
    this.#tokens = [...text.trim().matchAll(new RegExp(TOKEN.source, 'g'))].map(
      ([, symbol, word]) => symbol ?? word ?? '',
    );
  }

  parse(): LabelMatcher {
    const requirements: LabelMatcher[] = [];
    for (;;) {
      requirements.push(this.#requirement());
      const token = this.#take();
      if (token === '') return (labels) => requirements.every((matches) => matches(labels));
      if (token !== ',') throw badRequest(`found '${token}', expected: ',' or 'end of string'`);
      if (this.#peek() === '') throw badRequest("found '', expected: identifier after ','");
    }
  }

  #requirement(): LabelMatcher {
    if (this.#peek() === '!') {
      this.#take();
      const absent = this.#key();
      return (labels) => !(absent in labels);
    }
    const key = this.#key();
    const operator = this.#peek();
    if (operator === '' || operator === ',') return (labels) => key in labels;
    this.#take();
    switch (operator) {
      case '=':
      case '==':
        return this.#compare(key, (value, wanted) => value === wanted);
      case '!=':
        return this.#compare(key, (value, wanted) => value !== wanted);
      case '>':
        return this.#compare(key, (value, wanted) => value !== undefined && Number(value) > Number(wanted));
      case '<':
        return this.#compare(key, (value, wanted) => value !== undefined && Number(value) < Number(wanted));
      case 'in': {
        const values = this.#values();
        return (labels) => key in labels && values.has(labels[key] ?? '');
      }
      case 'notin': {
        const values = this.#values();
        return (labels) => !(key in labels) || !values.has(labels[key] ?? '');
      }
      default:
        throw refused(`found '${operator}', expected: in, notin, =, ==, !=, gt, lt`);
    }
  }

  #key(): string {
    const token = this.#take();
    if (!isWord(token)) throw refused(`found '${token}', expected: identifier`);
    const [complaint] = qualifiedName(token);
    if (complaint !== undefined) throw refused(text(invalid('key', token, complaint)));
    return token;
  }

  #compare(key: string, test: (value: string | undefined, wanted: string) => boolean): LabelMatcher {
    const token = this.#peek();
    const wanted = token === ',' || token === '' ? '' : this.#take();
    if (wanted !== '' && !isWord(wanted)) throw refused(`found '${wanted}', expected: identifier`);
    checkValue(key, wanted);
    return (labels) => test(labels[key], wanted);
  }

  #values(): ReadonlySet<string> {
    const open = this.#take();
    if (open !== '(') throw refused(`found '${open}' expected: '('`);
    const values = new Set<string>();
    for (let value = ''; ;) {
      const token = this.#take();
      if (token === ',' || token === ')') {
        checkValue('values', value);
        values.add(value);
        value = '';
        if (token === ')') return values;
      } else if (!isWord(token) || value !== '') {
        throw refused(`found '${token}', expected: ',' or ')'`);
      } else {
        value = token;
      }
    }
  }

  #peek(): string {
    return this.#tokens[this.#next] ?? '';
  }

  #take(): string {
    return this.#tokens[this.#next++] ?? '';
  }
}

function isWord(token: string): boolean {
  return token !== '' && !/^(==|!=|[=!<>(),])$/.test(token);
}

function checkValue(key: string, value: string): void {
  const [complaint] = labelValue(value);
  if (complaint !== undefined) throw refused(text(invalid(`values[0][${key}]`, value, complaint)));
}

function text({ field, message }: FieldError): string {
  return `${field}: ${message}`;
}

function refused(why: string): Error {
  return badRequest(`unable to parse requirement: ${why}`);
}
