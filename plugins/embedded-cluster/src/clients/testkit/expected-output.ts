/** What stands for text that differs each time. */
const PLACEHOLDERS: Readonly<Record<string, string>> = {
  '<age>': String.raw`(?:\d+[smhdy]){1,2}`,
  '<time>': String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)`,
  // helm writes no zeros at the end of a second's digits, and fills its columns
  '<date>': String.raw`(?:[A-Z][a-z]{2},? [\w: ]{18}\d\d(?: \+0000)?|[\d-]{10} [\d:.]{8,18} \+0000 UTC) *`,
  '<uid>': '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}',
  '<hash>': '[0-9a-z]{6,10}',
  '<rand>': '[0-9a-z]{5}',
  '<ip>': String.raw`\d+\.\d+\.\d+\.\d+`,
  '<n>': String.raw`\d+`,
  '<any>': '.*?',
};

/**
 * A pattern for the whole output. Of a line, gaps of two or more blanks stand for such gaps of any width, and
 * placeholders such as "<age>" for what they say; a line "..." stands for any number of lines.
 */
function outputPattern(expected: readonly string[]): RegExp {
  const lines = trimmed(expected).map((line) => (line === '...' ? '(?:.*\n)*?' : `${linePattern(line)}\n`));
  return new RegExp(`^${lines.join('')}$`);
}

/** Whether the output is what is expected; blanks at the ends of lines and empty lines around it do not count. */
export function isExpected(expected: readonly string[], output: string): boolean {
  const lines = trimmed(output.split('\n'));
  return outputPattern(expected).test(lines.map((line) => `${line}\n`).join(''));
}

/** The output with placeholders for what differs each time, to be put into a transcript and read by its author. */
export function generalized(output: string): readonly string[] {
  return trimmed(output.split('\n')).map((line) =>
    line
      .replace(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, '<uid>')
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, '<time>')
      .replace(/[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000/g, '<date>')
      .replace(/[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}/g, '<date>')
      .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ \+0000 UTC/g, '<date>')
      .replace(/(resourceVersion"?: )"\d+"/g, '$1"<n>"')
      .replace(/\b(10|127\.96)(\.\d+){2,3}\b/g, '<ip>')
      .replace(/([-=])[2456789bcdfghjklmnpqrstvwxz]{8,10}\b/g, '$1<hash>')
      .replace(/-[2456789bcdfghjklmnpqrstvwxz]{5}\b/g, '-<rand>')
      .replace(/(?<!cpu:)( {2,}|^)\d+[smh](\d+[smh])?(?= {2,}|$)/g, '$1<age>'),
  );
}

function linePattern(line: string): string {
  return line
    .split(/(<[a-z]+>| {2,})/)
    .map((part, index) => {
      if (index % 2 === 0) return escaped(part);
      if (!part.startsWith(' ')) return PLACEHOLDERS[part] ?? escaped(part);
      return line.startsWith(part) && index === 1 ? part : ' {2,}';
    })
    .join('');
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}

function trimmed(lines: readonly string[]): readonly string[] {
  const ended = lines.map((line) => line.trimEnd());
  const first = ended.findIndex((line) => line !== '');
  return first < 0 ? [] : ended.slice(first, ended.findLastIndex((line) => line !== '') + 1);
}
