import { createHmac } from 'node:crypto'
import type { Secret } from '@gatehouse/core'
import type { ChannelConfig } from '../config/admin-config.ts'
import type { ChannelMessage } from './channel-message.ts'

/** What is sent by POST, as JSON. */
export interface ChannelPost {
  /** Besides that of its type. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A message in the form that the channel takes. `now`: milliseconds since the epoch. */
export function postFor(channel: ChannelConfig, message: ChannelMessage, now: number): ChannelPost {
  switch (channel.kind) {
    case 'webhook':
      return signedPost(channel.name, channel.signingKey, message, now)
    case 'slack':
      return { headers: {}, body: JSON.stringify(slackBody(message)) }
    case 'teams':
      return { headers: {}, body: JSON.stringify(teamsBody(message)) }
    default:
      throw channel.kind satisfies never
  }
}

/** Signed as Standard Webhooks says (standardwebhooks.com): HMAC-SHA256 over id, timestamp and body. The id is the same for every try. */
function signedPost(channel: string, key: Secret<string> | null, message: ChannelMessage, now: number): ChannelPost {
  const { event, approval, title, facts, statement, url, links } = message
  const { id: approvalId, state, request } = approval
  const { principal, target, engine, risk, estimatedRows, rules, approvalsNeeded } = request
  const id = `${approvalId}.${event}.${channel}`
  const timestamp = String(Math.floor(now / 1000))
  const { parameters, actions, relations, doings, unmasked, settings } = request.statement
  const body = JSON.stringify({
    type: event === 'asked' ? 'approval.asked' : 'approval.ended',
    timestamp: new Date(now).toISOString(),
    data: {
      id: approvalId,
      state,
      title,
      facts,
      principal,
      target,
      engine,
      statement: { text: statement, parameters, actions, relations, doings, unmasked, settings },
      risk,
      estimatedRows,
      rules,
      approvalsNeeded,
      url,
      links,
    },
  })
  if (key === null) throw new Error('a webhook has no key')
  const signature = createHmac('sha256', keyBytes(key.expose())).update(`${id}.${timestamp}.${body}`).digest('base64')
  return {
    headers: {
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${signature}`,
    },
    body,
  }
}

/** `whsec_…` is a key in base64; anything else is taken as it is. */
function keyBytes(key: string): Buffer {
  return key.startsWith('whsec_') ? Buffer.from(key.slice('whsec_'.length), 'base64') : Buffer.from(key)
}

/** Rich text alone: Slack reads no markup in its text elements, so no statement can mention anybody or make a link. */
function slackBody({ event, title, facts, statement, url, links }: ChannelMessage): object {
  const text = (value: string, style?: object): object => ({
    type: 'text',
    text: value === '' ? ' ' : value,
    ...(style === undefined ? {} : { style }),
  })
  const lines = facts.flatMap(({ name, value }) => [text(`${name}: `, { bold: true }), text(`${value}\n`)])
  const button = (label: string, to: string, style?: 'primary' | 'danger'): object => ({
    type: 'button',
    text: { type: 'plain_text', text: label },
    url: to,
    ...(style === undefined ? {} : { style }),
  })
  return {
    text: event === 'asked' ? 'A statement is held' : 'A held statement has ended',
    unfurl_links: false,
    unfurl_media: false,
    blocks: [
      { type: 'rich_text', elements: [{ type: 'rich_text_section', elements: [text(title, { bold: true })] }] },
      ...(statement === ''
        ? []
        : [{ type: 'rich_text', elements: [{ type: 'rich_text_preformatted', elements: [text(statement)] }] }]),
      { type: 'rich_text', elements: [{ type: 'rich_text_section', elements: lines }] },
      {
        type: 'actions',
        elements: [
          button('Open', url),
          ...(links === null
            ? []
            : [button('Approve', links.approve, 'primary'), button('Refuse', links.refuse, 'danger')]),
        ],
      },
    ],
  }
}

/** Text runs alone: Teams reads Markdown in text blocks and facts, and none in those. */
function teamsBody({ title, facts, statement, url, links }: ChannelMessage): object {
  const block = (...inlines: readonly object[]): object => ({ type: 'RichTextBlock', inlines })
  const run = (text: string, more: object = {}): object => ({
    type: 'TextRun',
    text: text === '' ? ' ' : text,
    ...more,
  })
  const open = (name: string, to: string): object => ({ type: 'Action.OpenUrl', title: name, url: to })
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body: [
            block(run(title, { weight: 'Bolder', size: 'Medium' })),
            ...(statement === '' ? [] : [block(run(statement, { fontType: 'Monospace' }))]),
            ...facts.map(({ name, value }) => block(run(`${name}: `, { weight: 'Bolder' }), run(value))),
          ],
          actions: [
            open('Open', url),
            ...(links === null ? [] : [open('Approve', links.approve), open('Refuse', links.refuse)]),
          ],
        },
      },
    ],
  }
}
