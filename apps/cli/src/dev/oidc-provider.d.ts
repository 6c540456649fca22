// The package carries no types of its own; this is what is used of it.
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http'

  export interface Configuration {
    readonly adapter?: new (model: string) => Adapter
    readonly clients: readonly object[]
    readonly jwks: { readonly keys: readonly object[] }
    readonly cookies: { readonly keys: readonly string[] }
    readonly features: Readonly<Record<string, { readonly enabled: boolean; readonly [setting: string]: unknown }>>
    readonly claims?: Readonly<Record<string, readonly string[]>>
    readonly routes?: Readonly<Record<string, string>>
    readonly issueRefreshToken?: (context: unknown, client: { readonly clientId: string }) => boolean
    readonly expiresWithSession?: () => boolean
    readonly enabledJWA: Readonly<Record<string, readonly string[]>>
    readonly clientDefaults?: Readonly<Record<string, unknown>>
    readonly findAccount?: (context: unknown, id: string) => Account
    readonly extraTokenClaims?: (context: unknown, token: { readonly accountId: string }) => object | undefined
    /** What the provider itself asks others by. */
    readonly fetch?: (to: URL | string, options: RequestInit) => Promise<Response>
    readonly interactions?: { readonly url: (context: unknown, interaction: { readonly uid: string }) => string }
    readonly loadExistingGrant?: (context: OidcContext) => Promise<Grant>
  }

  export interface Client {
    /** Tells the client that this subject has logged out. Rejects where it does not answer with 200 or 204. */
    backchannelLogout(subject: string, sid?: string): Promise<void>
  }

  /** What a page is answered with. */
  export interface PageContext {
    body: unknown
    set(header: string, value: string): void
  }

  export interface Account {
    readonly accountId: string
    readonly claims: () => Readonly<Record<string, unknown>>
  }

  export interface OidcContext {
    readonly oidc: {
      readonly provider: Provider
      readonly client: { readonly clientId: string }
      readonly session: { readonly accountId: string }
    }
  }

  export interface Grant {
    addOIDCScope(scope: string): void
    addResourceScope(resource: string, scope: string): void
    save(): Promise<string>
  }

  export interface Payload {
    readonly uid?: string
    readonly grantId?: string
    readonly userCode?: string
    consumed?: number
  }

  export interface Adapter {
    upsert(id: string, payload: Payload, expiresIn: number): Promise<void>
    find(id: string): Promise<Payload | undefined>
    findByUid(uid: string): Promise<Payload | undefined>
    findByUserCode(userCode: string): Promise<Payload | undefined>
    consume(id: string): Promise<void>
    destroy(id: string): Promise<void>
    revokeByGrantId(grantId: string): Promise<void>
  }

  export class Provider {
    constructor(issuer: string, configuration: Configuration)
    /** Clients that it knows. */
    readonly Client: { find(id: string): Promise<Client | undefined> }
    readonly Grant: new (what: { readonly clientId: string; readonly accountId: string }) => Grant
    interactionFinished(
      request: IncomingMessage,
      response: ServerResponse,
      result: { readonly login: { readonly accountId: string } },
    ): Promise<void>
    callback(): (request: IncomingMessage, response: ServerResponse) => void
    on(event: string, listener: (...what: readonly unknown[]) => void): this
  }
}
