import { createHash, createHmac } from 'node:crypto'
import type { Asked } from './loopback-service.ts'

/** What is signed with. */
export interface SigningKeys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/**
 * Whether a request is signed as AWS wants it, worked out again from its documentation ("Create a signed AWS API request"), with nothing of
 * the SDK. `service` and `region` are what it must be signed for.
 */
export function isSigned(asked: Asked, keys: SigningKeys, service: string, region: string): boolean {
  const found =
    /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      asked.headers.authorization ?? '',
    ) ?? []
  const [, credential = '', signedHeaders = '', signature = ''] = found
  const date = String(asked.headers['x-amz-date'])
  const scope = `${date.slice(0, 8)}/${region}/${service}/aws4_request`
  if (credential !== `${keys.accessKeyId}/${scope}`) return false
  const headers = signedHeaders.split(';').map((name) => `${name}:${String(asked.headers[name]).trim()}\n`)
  const canonical = [asked.method, asked.path, '', headers.join(''), signedHeaders, sha256(asked.body)].join('\n')
  return signature === sign(canonical, date, scope, keys)
}

/** Whether a token for RDS is the presigned request that its documentation describes, for exactly this user and endpoint. */
export function isRdsToken(
  token: string,
  keys: SigningKeys & { readonly sessionToken?: string },
  wanted: { readonly host: string; readonly port: number; readonly user: string; readonly region: string },
): boolean {
  const url = new URL(`https://${token}`)
  const query = new Map(url.searchParams)
  const date = query.get('X-Amz-Date') ?? ''
  const scope = `${date.slice(0, 8)}/${wanted.region}/rds-db/aws4_request`
  const must: readonly (readonly [string, string | undefined])[] = [
    ['Action', 'connect'],
    ['DBUser', wanted.user],
    ['X-Amz-Algorithm', 'AWS4-HMAC-SHA256'],
    ['X-Amz-Credential', `${keys.accessKeyId}/${scope}`],
    ['X-Amz-Expires', '900'],
    ['X-Amz-SignedHeaders', 'host'],
    ['X-Amz-Security-Token', keys.sessionToken],
  ]
  if (must.some(([name, value]) => query.get(name) !== value)) return false
  if (url.host !== `${wanted.host}:${wanted.port}` || url.pathname !== '/') return false
  const signed = [...query]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .toSorted()
  const canonical = ['GET', '/', signed.join('&'), `host:${url.host}\n`, 'host', sha256('')].join('\n')
  return query.get('X-Amz-Signature') === sign(canonical, date, scope, keys)
}

function sign(canonical: string, date: string, scope: string, { secretAccessKey }: SigningKeys): string {
  const text = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n')
  let key: Buffer = Buffer.from(`AWS4${secretAccessKey}`)
  for (const part of scope.split('/')) key = createHmac('sha256', key).update(part).digest()
  return createHmac('sha256', key).update(text).digest('hex')
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** URI encoding as the signature wants it (RFC 3986). */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
}
