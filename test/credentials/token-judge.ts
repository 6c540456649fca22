import { isRdsToken } from '@gatehouse/upstream-credentials/testing'
import { errors, jwtVerify, type CryptoKey } from 'jose'

/** What the database of a cloud goes by when somebody logs in with a token: only what its provider publishes, and its own endpoint. */
export interface TokenJudge {
  /** The endpoint that tokens of RDS are for. */
  readonly endpoint: { readonly host: string; readonly port: number; readonly region: string }
  readonly awsKeys: { readonly accessKeyId: string; readonly secretAccessKey: string }
  /** Accounts of RDS. */
  readonly rds: ReadonlySet<string>
  /** Accounts of Entra, by the `oid` in their tokens. */
  readonly entra: ReadonlyMap<string, string>
  readonly entraKey: CryptoKey
  readonly entraIssuer: string
  /** What Google's token service knows of access tokens. */
  readonly googleTokens: ReadonlyMap<
    string,
    { readonly email: string; readonly scope: string; readonly expiresAt: number }
  >
  /** Accounts of Cloud SQL, by the address of the service account. */
  readonly google: ReadonlyMap<string, string>
}

/** For how long RDS takes a token, in milliseconds. */
const RDS_MILLISECONDS = 15 * 60_000

/** Entra's name of the databases, the audience of their tokens. */
export const ENTRA_AUDIENCE = 'https://ossrdbms-aad.database.windows.net'

/** Whether this user may log in with this token at `now` (milliseconds since the epoch): as RDS, Azure Database and Cloud SQL say they decide. */
export async function isGoodToken(judge: TokenJudge, user: string, token: string, now: number): Promise<boolean> {
  if (judge.rds.has(user)) return isGoodRdsToken(judge, user, token, now)
  if ([...judge.entra.values()].includes(user)) return await isGoodEntraToken(judge, user, token, now)
  const known = judge.googleTokens.get(token)
  if (known === undefined || known.expiresAt <= now) return false
  if (known.scope !== 'https://www.googleapis.com/auth/sqlservice.login') return false
  return judge.google.get(known.email) === user
}

function isGoodRdsToken({ endpoint, awsKeys }: TokenJudge, user: string, token: string, now: number): boolean {
  const url = URL.parse(`https://${token}`)
  if (url === null || !isRdsToken(token, awsKeys, { ...endpoint, user })) return false
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(url.searchParams.get('X-Amz-Date') ?? '') ?? []
  const [year = 0, month = 0, ...rest] = parts.map(Number)
  const signedAt = Date.UTC(year, month - 1, ...rest)
  return signedAt <= now + 60_000 && now < signedAt + RDS_MILLISECONDS
}

async function isGoodEntraToken(judge: TokenJudge, user: string, token: string, now: number): Promise<boolean> {
  try {
    const options = {
      issuer: judge.entraIssuer,
      audience: ENTRA_AUDIENCE,
      algorithms: ['RS256'],
      currentDate: new Date(now),
    }
    const { payload } = await jwtVerify(token, judge.entraKey, { ...options, requiredClaims: ['exp', 'oid'] })
    return judge.entra.get(String(payload['oid'])) === user
  } catch (error) {
    if (error instanceof errors.JOSEError) return false
    throw error
  }
}
