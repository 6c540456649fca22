import type { CookieSerializeOptions } from '@fastify/cookie'

/** What the cookies are called. */
export interface CookieNames {
  readonly session: string
  readonly signIn: string
}

/** Over TLS, names that a browser takes only from this very host, securely set. */
export function cookieNames(publicUrl: string): CookieNames {
  const prefix = isSecure(publicUrl) ? '__Host-' : ''
  return { session: `${prefix}gatehouse-session`, signIn: `${prefix}gatehouse-sign-in` }
}

/** `strict`: never sent along from another site; `lax`: also when one is led here by a link. */
export function cookieAttributes(
  publicUrl: string,
  sameSite: 'strict' | 'lax',
  seconds: number,
): CookieSerializeOptions {
  return { path: '/', httpOnly: true, secure: isSecure(publicUrl), sameSite, maxAge: seconds }
}

function isSecure(publicUrl: string): boolean {
  return publicUrl.startsWith('https:')
}
