import { badRequest } from '../status.ts';
import { invalid, type FieldError } from '../schema/field-error.ts';
import { labelValue, qualifiedName } from '../schema/names.ts';

type Labels = Readonly<Record<string, string>>;
/** True for labels that a selector wants. */
export type LabelMatcher = (labels: Labels) => boolean;

const TOKEN = /(!=|==|[=!<>(),])|([^\s=!<>(),]+)/g;
const OPERATORS = 'in, notin, =, ==, !=, gt, lt';
const MAX_INTEGER = 9223372036854775807n;

/** Parses the syntax of `kubectl get -l`: `a=b,c!=d,e in (x,y),f,!g,h>1`. Fails with 400. */
export function parseLabels(text: string): LabelMatcher {
  return new Parser(text).parse();
}

/** A token; the end is an empty one. */
interface Token {
  readonly text: string;
  readonly kind: 'word' | 'symbol' | 'end';
}

const END: Token = { text: '', kind: 'end' };

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(text: string) {
    this.#tokens = [...text.matchAll(TOKEN)].map(([token, symbol]) => ({
      text: token,
      kind: symbol === undefined ? 'word' : 'symbol',
    }));
  }

  parse(): LabelMatcher {
    const requirements: LabelMatcher[] = [];
    const all: LabelMatcher = (labels) => requirements.every((matches) => matches(labels));
    for (;;) {
      const first = this.#peek();
      if (first.kind === 'end') return all;
      if (!this.#beginsRequirement())
        throw badRequest(`found '${first.text}', expected: !, identifier, or 'end of string'`);
      requirements.push(this.#requirement());
      const separator = this.#take();
      if (separator.kind === 'end') return all;
      if (separator.text !== ',')
        throw badRequest(`found '${separator.text}', expected: ',' or 'end of string'`);
      if (!this.#beginsRequirement())
        throw badRequest(`found '${this.#peek().text}', expected: identifier after ','`);
    }
  }

  #beginsRequirement(): boolean {
    const { kind, text } = this.#peek();
    return kind === 'word' || text === '!';
  }

  #requirement(): LabelMatcher {
    if (this.#peek().text === '!') {
      this.#take();
      const absent = this.#key();
      if (this.#endsRequirement()) return (labels) => !Object.hasOwn(labels, absent);
      return this.#binary(absent); // a `!` before a comparison means nothing
    }
    const key = this.#key();
    return this.#endsRequirement() ? (labels) => Object.hasOwn(labels, key) : this.#binary(key);
  }

  #endsRequirement(): boolean {
    const { kind, text } = this.#peek();
    return kind === 'end' || text === ',';
  }

  #binary(key: string): LabelMatcher {
    const operator = this.#take().text;
    switch (operator) {
      case '=':
      case '==':
      case '!=': {
        const wanted = checked(key, this.#exactValue());
        const equal = operator !== '!=';
        return (labels) => (valueOf(labels, key) === wanted) === equal;
      }
      case '>':
      case '<': {
        const bound = integer(key, this.#exactValue());
        return (labels) => {
          const value = integerOf(valueOf(labels, key));
          return value !== undefined && (operator === '>' ? value > bound : value < bound);
        };
      }
      case 'in':
      case 'notin': {
        const values = new Set([...this.#values()].sort().map((value, index) => checked(key, value, index)));
        const wanted = operator === 'in';
        return (labels) => {
          const value = valueOf(labels, key);
          return (value !== undefined && values.has(value)) === wanted;
        };
      }
      default:
        throw refused(`found '${operator}', expected: ${OPERATORS}`);
    }
  }

  #key(): string {
    const { kind, text } = this.#take();
    if (kind !== 'word') throw refused(`found '${text}', expected: identifier`);
    const complaints = qualifiedName(text);
    if (complaints.length > 0) throw refused(shown(invalid('<nil>', text, complaints.join('; '))));
    return text;
  }

  #exactValue(): string {
    if (this.#endsRequirement()) return '';
    const { kind, text } = this.#take();
    if (kind !== 'word') throw refused(`found '${text}', expected: identifier`);
    return text;
  }

  #values(): ReadonlySet<string> {
    const open = this.#take();
    if (open.text !== '(') throw refused(`found '${open.text}' expected: '('`);
    const first = this.#peek();
    if (first.text === ')') {
      this.#take();
      return new Set(['']);
    }
    if (first.kind !== 'word' && first.text !== ',')
      throw refused(`found '${first.text}', expected: ',', ')' or identifier`);
    const values = new Set<string>();
    for (;;) {
      const { kind, text } = this.#take();
      const { text: after } = this.#peek();
      if (kind === 'word') {
        values.add(text);
        if (after !== ',' && after !== ')') throw refused(`found '${after}', expected: ',' or ')'`);
      } else if (text === ',') {
        if (values.size === 0 || after === ',' || after === ')') values.add('');
      } else {
        throw refused(`found '${text}', expected: ',', or identifier`);
      }
      if (after !== ')') continue;
      this.#take();
      return values;
    }
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? END;
  }

  #take(): Token {
    return this.#tokens[this.#next++] ?? END;
  }
}

function valueOf(labels: Labels, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

function checked(key: string, value: string, index = 0): string {
  const complaints = labelValue(value);
  if (complaints.length === 0) return value;
  throw refused(shown(invalid(`values[${index}][${key}]`, value, complaints.join('; '))));
}

function integer(key: string, value: string): bigint {
  const found = integerOf(value);
  if (found !== undefined) return found;
  const why = "for 'Gt', 'Lt' operators, the value must be an integer";
  checked(key, value);
  throw refused(shown(invalid('values[0]', value, why)));
}

function integerOf(value: string | undefined): bigint | undefined {
  if (value === undefined || !/^[+-]?\d{1,19}$/.test(value)) return undefined;
  const found = BigInt(value.replace('+', ''));
  return found > MAX_INTEGER || found < -MAX_INTEGER - 1n ? undefined : found;
}

function shown({ field, message }: FieldError): string {
  return `${field}: ${message}`;
}

function refused(why: string): Error {
  return badRequest(`unable to parse requirement: ${why}`);
}
