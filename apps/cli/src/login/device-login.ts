import { isLoopbackHost } from '@gatehouse/core'
import { decodeJwt } from 'jose'
import * as client from 'openid-client'
import * as z from 'zod'
import { CommandFailed } from '../exit-status.ts'
import type { KeptLogin } from './kept-login.ts'

/** For each answer of the issuer, in seconds. */
const ISSUER_TIMEOUT_SECONDS = 10

/** How the admin service says that developers sign in. */
export interface DeviceLogin {
  readonly issuer: string
  readonly clientId: string
  readonly scope: string
  /** What the request for a code carries besides. */
  readonly parameters: Readonly<Record<string, string>>
  /** Which token of the answer is for the gateway. */
  readonly token: KeptLogin['tokenKind']
}

export const deviceLogin: z.ZodType<DeviceLogin> = z.object({
  issuer: z.string(),
  clientId: z.string(),
  scope: z.string(),
  parameters: z.record(z.string(), z.string()),
  token: z.enum(['access_token', 'id_token']),
})

/** Where a person goes, and what they enter there. */
export interface DeviceCode {
  readonly page: string
  /** The same with the code in it; null: the issuer has none. */
  readonly pageWithCode: string | null
  readonly code: string
}

/** Signs a person in by OAuth's device flow (RFC 8628); `show` tells them where to go. Rejects with `CommandFailed`. */
export async function signIn(url: string, device: DeviceLogin, show: (code: DeviceCode) => void): Promise<KeptLogin> {
  const { issuer, clientId, scope, parameters, token: tokenKind } = device
  const configuration = await discovered(issuer, clientId)
  try {
    const asked = await client.initiateDeviceAuthorization(configuration, { ...parameters, scope })
    show({
      page: asked.verification_uri,
      pageWithCode: asked.verification_uri_complete ?? null,
      code: asked.user_code,
    })
    const tokens = await client.pollDeviceAuthorizationGrant(configuration, asked)
    return { url, issuer, clientId, tokenKind, ...readTokens(tokens, tokenKind, null) }
  } catch (error) {
    throw failed('The sign-in did not come about', error)
  }
}

/** The login with a new token. Rejects with `CommandFailed`. */
export async function renew(login: KeptLogin): Promise<KeptLogin> {
  const { issuer, clientId, refreshToken, tokenKind } = login
  if (refreshToken === null) throw new CommandFailed('Your sign-in has ended: gatehouse login.')
  const configuration = await discovered(issuer, clientId)
  try {
    const tokens = await client.refreshTokenGrant(configuration, refreshToken)
    return { ...login, ...readTokens(tokens, tokenKind, refreshToken) }
  } catch (error) {
    throw failed('Your sign-in has ended (gatehouse login begins anew)', error)
  }
}

/** Tells the issuer that the refresh token is not wanted any more. Rejects with `CommandFailed`. */
export async function giveBack({ issuer, clientId, refreshToken }: KeptLogin): Promise<void> {
  if (refreshToken === null) return
  const configuration = await discovered(issuer, clientId)
  if (configuration.serverMetadata().revocation_endpoint === undefined) return
  try {
    await client.tokenRevocation(configuration, refreshToken)
  } catch (error) {
    throw failed('The issuer did not take the sign-in back', error)
  }
}

async function discovered(issuer: string, clientId: string): Promise<client.Configuration> {
  const { protocol, hostname } = new URL(issuer)
  const inClear = protocol === 'http:' && isLoopbackHost(hostname)
  try {
    return await client.discovery(new URL(issuer), clientId, undefined, client.None(), {
      timeout: ISSUER_TIMEOUT_SECONDS,
      execute: inClear ? [client.allowInsecureRequests] : [],
    })
  } catch (error) {
    throw failed(`The identity provider ${issuer} was not reached`, error)
  }
}

function readTokens(
  tokens: client.TokenEndpointResponse & client.TokenEndpointResponseHelpers,
  kind: KeptLogin['tokenKind'],
  formerRefreshToken: string | null,
): Pick<KeptLogin, 'token' | 'refreshToken' | 'expiresAt'> {
  const token = kind === 'id_token' ? tokens.id_token : tokens.access_token
  if (token === undefined) throw new Error(`the answer holds no ${kind}`)
  return {
    token,
    refreshToken: tokens.refresh_token ?? formerRefreshToken,
    expiresAt: kind === 'id_token' ? expiryOf(token) : inSeconds(tokens.expires_in),
  }
}

function expiryOf(token: string): number | null {
  const { exp } = decodeJwt(token)
  return exp === undefined ? null : exp * 1000
}

function inSeconds(seconds: number | undefined): number | null {
  return seconds === undefined ? null : Date.now() + seconds * 1000
}

/** Says why, in the issuer's code word where it gives one: its other words may hold what must not be printed. */
function failed(what: string, error: unknown): CommandFailed {
  if (error instanceof CommandFailed) return error
  if (error instanceof client.ResponseBodyError) return new CommandFailed(`${what}: ${wordOf(error.error)}.`)
  return new CommandFailed(`${what}: ${error instanceof Error ? error.message : 'unknown'}.`)
}

function wordOf(code: string): string {
  return /^[a-z_]{1,64}$/.test(code) ? code : 'an unknown error'
}
