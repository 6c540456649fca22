// The package carries no types of its own; this is what the development issuer uses of it.
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http'

  export interface Configuration {
    readonly adapter: new (model: string) => Adapter
    readonly clients: readonly object[]
    readonly jwks: { readonly keys: readonly object[] }
    readonly cookies: { readonly keys: readonly string[] }
    readonly features: Readonly<Record<string, { readonly enabled: boolean }>>
    readonly claims: Readonly<Record<string, readonly string[]>>
    readonly routes: Readonly<Record<string, string>>
    readonly enabledJWA: Readonly<Record<string, readonly string[]>>
    readonly clientDefaults: Readonly<Record<string, unknown>>
  }

  export interface Adapter {
    upsert(): Promise<void>
    find(): Promise<undefined>
    findByUid(): Promise<undefined>
    findByUserCode(): Promise<undefined>
    consume(): Promise<void>
    destroy(): Promise<void>
    revokeByGrantId(): Promise<void>
  }

  export class Provider {
    constructor(issuer: string, configuration: Configuration)
    callback(): (request: IncomingMessage, response: ServerResponse) => void
    on(event: string, listener: (...what: readonly unknown[]) => void): this
  }
}
