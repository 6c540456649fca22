// SPIFFE-ID specification, section 2: a trust domain in lower case, segments of a path that are neither empty nor dots; 2048 bytes.
const SPIFFE_ID = /^spiffe:\/\/([a-z0-9._-]{1,255})((?:\/[A-Za-z0-9._-]+)+)$/

/** The trust domain of a workload's SPIFFE ID; null: the text is none. */
export function trustDomainOf(id: string): string | null {
  const [, domain, path] = SPIFFE_ID.exec(id.length > 2048 ? '' : id) ?? []
  if (domain === undefined || path === undefined) return null
  return path.split('/').some((segment) => segment === '.' || segment === '..') ? null : domain
}
