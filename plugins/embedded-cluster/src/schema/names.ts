/** Rules for names. Each answers the complaints about a value in Kubernetes' words; none when it is fine. */
export type NameRule = (value: string) => readonly string[];

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const LABEL_1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const LABEL_VALUE = `(${QUALIFIED})?`;

const labelPattern = whole(LABEL);
const subdomainPattern = whole(SUBDOMAIN);
const label1035Pattern = whole(LABEL_1035);
const qualifiedPattern = whole(QUALIFIED);
const labelValuePattern = whole(LABEL_VALUE);

/** RFC 1123 subdomain: the rule for most names. */
export const dnsSubdomain: NameRule = (value) => [
  ...longerThan(value, 253),
  ...(subdomainPattern.test(value)
    ? []
    : [
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with " +
          regex('an alphanumeric character', SUBDOMAIN, 'example.com'),
      ]),
];

/** RFC 1123 label: namespaces, containers, volumes. */
export const dnsLabel: NameRule = (value) => [
  ...longerThan(value, 63),
  ...(labelPattern.test(value)
    ? []
    : [
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with " +
          regex('an alphanumeric character', LABEL, 'my-name', '123-abc'),
      ]),
];

/** RFC 1035 label: services. */
export const dns1035Label: NameRule = (value) => [
  ...longerThan(value, 63),
  ...(label1035Pattern.test(value)
    ? []
    : [
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with " +
          regex('an alphanumeric character', LABEL_1035, 'my-name', 'abc-123'),
      ]),
];

/** What may stand between slashes: names of roles. */
export const pathSegment: NameRule = (value) => {
  if (value === '.' || value === '..') return [`may not be '${value}'`];
  return ['/', '%'].filter((mark) => value.includes(mark)).map((mark) => `may not contain '${mark}'`);
};

/** `prefix/name` with an optional prefix: label and annotation keys, finalizers. */
export const qualifiedName: NameRule = (value) => {
  const parts = value.split('/');
  const name = parts.at(-1) ?? '';
  const complaints: string[] = [];
  if (parts.length > 2) {
    return [
      'a valid label key ' +
        regex(
          "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
          QUALIFIED,
          'MyName',
          'my.name',
          '123-abc',
        ) +
        " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
    ];
  }
  if (parts.length === 2) {
    const prefix = parts[0] ?? '';
    if (prefix === '') complaints.push('prefix part must be non-empty');
    else complaints.push(...dnsSubdomain(prefix).map((complaint) => `prefix part ${complaint}`));
  }
  if (name === '') complaints.push('name part must be non-empty');
  else complaints.push(...longerThan(name, 63).map((complaint) => `name part ${complaint}`));
  if (!qualifiedPattern.test(name)) {
    complaints.push(
      'name part ' +
        regex(
          "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
          QUALIFIED,
          'MyName',
          'my.name',
          '123-abc',
        ),
    );
  }
  return complaints;
};

export const labelValue: NameRule = (value) => [
  ...longerThan(value, 63),
  ...(labelValuePattern.test(value)
    ? []
    : [
        'a valid label must be an empty string or ' +
          regex(
            "consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
            LABEL_VALUE,
            'MyValue',
            'my_value',
            '12345',
          ),
      ]),
];

/** Keys of ConfigMaps and Secrets. */
export const configKey: NameRule = (value) => {
  const complaints = [...longerThan(value, 253)];
  if (!/^[-._a-zA-Z0-9]+$/.test(value)) {
    complaints.push(
      "a valid config key must consist of alphanumeric characters, '-', '_' or '.'" +
        " (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    );
  }
  if (value === '.') complaints.push("must not be '.'");
  else if (value === '..') complaints.push("must not be '..'");
  else if (value.startsWith('..')) complaints.push("must not start with '..'");
  return complaints;
};

/** Names of environment variables: any printable ASCII but "=". */
export const envName: NameRule = (value) =>
  /^[ -<>-~]+$/.test(value)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"];

/** Port names: IANA service names. */
export const portName: NameRule = (value) => {
  const complaints: string[] = [];
  if (value.length > 15) complaints.push('must be no more than 15 characters');
  if (!/^[-a-z0-9]+$/.test(value))
    complaints.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(value)) complaints.push('must contain at least one letter (a-z)');
  if (value.includes('--')) complaints.push('must not contain consecutive hyphens');
  if (value.startsWith('-') || value.endsWith('-')) complaints.push('must not begin or end with a hyphen');
  return complaints;
};

export function portNumber(value: number): readonly string[] {
  return value >= 1 && value <= 65535 ? [] : ['must be between 1 and 65535, inclusive'];
}

function whole(pattern: string): RegExp {
  return new RegExp(`^${pattern}$`);
}

function longerThan(value: string, maximum: number): readonly string[] {
  return value.length > maximum ? [`must be no more than ${maximum} characters`] : [];
}

function regex(text: string, pattern: string, ...examples: readonly string[]): string {
  const list = examples.map((example, index) => `${index > 0 ? ' or ' : ''}'${example}'`).join(', ');
  return `${text} (e.g. ${list}, regex used for validation is '${pattern}')`;
}
