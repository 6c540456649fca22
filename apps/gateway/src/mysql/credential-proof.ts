import { Secret } from '@gatehouse/core'
import {
  AuthenticationPlugin,
  Capability,
  encodeAuthenticationPacket,
  ServerAuthentication,
  type ServerAuthenticationRefusal,
} from '@gatehouse/mysql-wire'
import type { CredentialLogin, Proved } from '../credential-login.ts'
import { insistOnTls, type LoginOptions } from '../login-policy.ts'
import type { LoginRefused } from '../login-refused.ts'
import type { Identification } from './identification.ts'
import { wantsSwitch } from './key-exchange.ts'
import type { LoginPackets } from './login-packets.ts'

/** How a client logs in: what it said of itself, and what it was greeted with. */
export interface Exchange {
  readonly packets: LoginPackets
  /** What both sides agreed on. */
  readonly capabilities: number
  readonly scramble: Buffer
  readonly said: Identification
}

/**
 * Has the client prove that it has the credential's secret: by the scramble of its plugin, or, where it cannot, by the secret
 * itself under TLS. Throws `LoginRefused` and `ProtocolError`.
 */
export async function proveCredential(
  { packets, capabilities, scramble, said }: Exchange,
  login: CredentialLogin,
  options: LoginOptions,
): Promise<Proved> {
  const { encrypted } = packets.connection
  const { authPluginName, authResponse } = beginning(said, encrypted && (capabilities & Capability.PLUGIN_AUTH) !== 0)
  const authentication = new ServerAuthentication({
    scramble,
    clearPassword: encrypted || options.allowClearTextPassword,
    secure: encrypted,
    pluginAuth: (capabilities & Capability.PLUGIN_AUTH) !== 0,
    stored: login.stored,
  })
  let step = authentication.start(authPluginName, authResponse)
  for (;;) {
    switch (step.kind) {
      case 'send': {
        const { packet } = step
        packets.write((writer) => encodeAuthenticationPacket(packet, writer))
        step = authentication.next(await packets.next())
        break
      }
      case 'accepted': {
        const proved = await login.admit()
        const { packet } = step
        // Not before: it tells that the secret was right.
        if (packet !== undefined) packets.write((writer) => encodeAuthenticationPacket(packet, writer))
        return proved
      }
      case 'password':
        if (!login.fits(new Secret(step.password.toString('utf8')))) throw login.refusal('the secret is wrong')
        return await login.admit()
      case 'refused':
        throw cannotProve(step.reason, packets, login, options)
      default:
        throw step satisfies never
    }
  }
}

/** The plugin that the client begins with, and its response. */
function beginning(
  said: Identification,
  canSwitch: boolean,
): { readonly authPluginName: string; readonly authResponse: Buffer } {
  if (canSwitch && wantsSwitch(said))
    return { authPluginName: AuthenticationPlugin.CLEAR, authResponse: Buffer.alloc(0) }
  const { authPluginName, authResponse } = said
  // A change of user may leave the response empty and wait to be asked, which at the start means no password.
  if (said.kind === 'COM_CHANGE_USER' && authResponse.length === 0) return { authPluginName: '', authResponse }
  return { authPluginName, authResponse }
}

function cannotProve(
  reason: ServerAuthenticationRefusal,
  { connection }: LoginPackets,
  login: CredentialLogin,
  options: LoginOptions,
): LoginRefused {
  switch (reason) {
    case 'needs-tls':
      insistOnTls(connection, options, 'Connect with --ssl-mode=REQUIRED (or VERIFY_IDENTITY).', 'secret')
      return login.refusal('its plugin sends the secret itself')
    case 'no-password':
      return login.refusal('the client has no password')
    case 'no-plugin':
      return login.refusal('the client cannot be asked for a plugin that would do')
    case 'wrong-password':
      return login.refusal('the secret is wrong')
    default:
      return reason satisfies never
  }
}
