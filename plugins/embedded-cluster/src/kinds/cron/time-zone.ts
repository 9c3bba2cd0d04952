const PART = /^[A-Za-z.\-_0-9+]{1,14}$/;

/** What is wrong with the name of a time zone, as the real API server says it; undefined when it is known. */
export function timeZoneComplaint(name: string): string | undefined {
  if (name === '') return 'timeZone must be nil or non-empty string';
  const parts = name.split('/');
  if (parts.some((part) => part === '.' || part === '..' || part.startsWith('-') || !PART.test(part)))
    return `unknown time zone ${name}`;
  if (name.toLowerCase() === 'local')
    return 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones';
  return isKnown(name) ? undefined : `unknown time zone ${name}`;
}

function isKnown(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false; // RangeError: it is not in the tz database
  }
}
