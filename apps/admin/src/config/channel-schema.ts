import { secret } from '@gatehouse/configuration'
import { isLoopbackHost } from '@gatehouse/core'
import * as z from 'zod'
import type { AdminConfig, ChannelConfig } from './admin-config.ts'

/** The shortest key that signs something, in characters. */
const MIN_KEY_LENGTH = 32

const key = secret.refine((value) => value.expose().length >= MIN_KEY_LENGTH, {
  error: `must be at least ${MIN_KEY_LENGTH} characters long`,
})

const channel: z.ZodType<ChannelConfig> = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, { error: 'may hold small letters, digits and dashes, at most 40' })
    .describe('What the channel is called.'),
  kind: z
    .enum(['webhook', 'slack', 'teams'])
    .describe('`webhook`: signed JSON. `slack`: an incoming webhook. `teams`: a Workflows webhook.'),
  url: secret
    .refine((url) => isSafeUrl(url.expose()), { error: 'must be an https address (http only on a loopback address)' })
    .describe('Where it is sent, by reference: who knows such an address may write there.'),
  signingKey: key.nullable().default(null).describe('What the messages of a `webhook` are signed with, by reference.'),
  targets: z.array(z.string().min(1)).default([]).describe('Only requests on these targets. Empty: on any.'),
  decidesAs: z
    .strictObject({
      issuer: z.string().min(1).describe('One of `issuers`.'),
      subject: z.string().min(1).describe('Who it is, as the issuer says.'),
      groups: z.array(z.string().min(1)).default([]).describe('Their groups: what rules and `roles` look at.'),
    })
    .nullable()
    .prefault(null)
    .describe(
      'The one person to whom the channel belongs: whoever reads it decides as them by links. Null: links lead to the page.',
    ),
})

/** The settings of channels and links, for the service's schema. */
export const channelSettings: {
  readonly channels: z.ZodType<AdminConfig['channels']>
  readonly linkKey: z.ZodType<AdminConfig['linkKey']>
  readonly formerLinkKeys: z.ZodType<AdminConfig['formerLinkKeys']>
} = {
  channels: z.array(channel).default([]).describe('Where people are told of what is held.'),
  linkKey: key
    .nullable()
    .default(null)
    .describe('What links that decide are signed with, by reference, the same on every replica. Null: there are none.'),
  formerLinkKeys: z
    .array(key)
    .default([])
    .describe('Keys that such links may be signed with besides, from before the key was replaced.'),
}

/** What is wrong with channels together, and beside the other settings. */
export function channelContradictions({
  channels,
  linkKey,
  issuers,
}: AdminConfig): { readonly path: (string | number)[]; readonly message: string }[] {
  return channels.flatMap(({ name, kind, signingKey, decidesAs }, index) => {
    const at = (setting: string, message: string): { path: (string | number)[]; message: string }[] => [
      { path: ['channels', index, setting], message },
    ]
    return [
      ...(channels.findIndex((other) => other.name === name) === index ? [] : at('name', 'is the name of another')),
      ...(kind === 'webhook' && signingKey === null
        ? at('signingKey', 'is wanted for a webhook: what receives it cannot know otherwise who sent it')
        : []),
      ...(kind !== 'webhook' && signingKey !== null ? at('signingKey', `is of no use to ${kind}`) : []),
      ...(decidesAs !== null && linkKey === null ? at('decidesAs', 'needs linkKey, which signs the links') : []),
      ...(decidesAs !== null && !issuers.some(({ issuer }) => issuer === decidesAs.issuer)
        ? at('decidesAs', 'names an issuer that is none of issuers')
        : []),
    ]
  })
}

function isSafeUrl(text: string): boolean {
  const url = URL.parse(text)
  if (url === null) return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname))
}
