/** The URL without what lets one in, for records, logs and messages: over SSH the user name is no secret. */
export function withoutPassword(url: string): string {
  // Where a URL cannot be read, a password with a slash or the like may be why; then all before the last @ may be of it.
  const userinfo = URL.canParse(url) ? '[^/?#]*' : '.*';
  if (/^ssh:/i.test(url)) return url.replace(new RegExp(`^(ssh://[^/@:]*):${userinfo}@`, 'is'), '$1@');
  return url.replace(new RegExp(`^([a-z][a-z0-9+.-]*://)${userinfo}@`, 'is'), '$1');
}
