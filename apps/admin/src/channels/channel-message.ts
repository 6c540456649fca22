import type { Approval } from '@gatehouse/coordination'
import type { DecideLinks } from './decide-links.ts'

/** Longest text of a statement that is sent, in characters; the page has all of it. */
const MOST_STATEMENT_CHARACTERS = 2_000
const MOST_FIELD_CHARACTERS = 200
const MOST_VALUES = 20

/** What channels are told, in plain text: nothing in it is markup of any of them. */
export interface ChannelMessage {
  readonly event: 'asked' | 'ended'
  readonly approval: Approval
  /** One line. */
  readonly title: string
  readonly facts: readonly { readonly name: string; readonly value: string }[]
  /** The statement, as far as it is sent; empty when it ended. */
  readonly statement: string
  /** Where the card is. */
  readonly url: string
  /** Null: there are none for this channel. */
  readonly links: DecideLinks | null
}

/** What people are told of a request. `publicUrl`: where the page is. `whole`: nothing is cut, for whoever decides by it. */
export function channelMessage(
  event: 'asked' | 'ended',
  approval: Approval,
  publicUrl: string,
  links: DecideLinks | null,
  whole = false,
): ChannelMessage {
  const field = whole ? oneLine : cutLine
  const { id, request } = approval
  const { principal, target, statement } = request
  const who = field(principal.actor === null ? principal.subject : `${principal.actor} for ${principal.subject}`)
  const what = field(
    statement.doings.filter((doing) => doing.includes(' on ')).join(', ') || statement.actions.join(', '),
  )
  const url = `${publicUrl}/approvals/${id}`
  if (event === 'ended') {
    const facts = [{ name: 'What', value: what }, ...endedFacts(approval)]
    return {
      event,
      approval,
      title: `${who} on ${field(target)}: ${approval.state}`,
      facts,
      statement: '',
      url,
      links: null,
    }
  }
  const facts = [
    { name: 'What', value: what },
    { name: 'Rules', value: field(request.rules.join(', ')) },
    { name: 'Expected rows', value: request.estimatedRows === null ? 'not known' : String(request.estimatedRows) },
    ...(request.approvalsNeeded > 1 ? [{ name: 'Approvals needed', value: String(request.approvalsNeeded) }] : []),
    ...(statement.unmasked.length === 0
      ? []
      : [{ name: 'Masked columns in clear', value: field(statement.unmasked.join(', ')) }]),
    ...Object.entries(statement.settings).map(([name, value]) => ({
      name: `Setting ${field(name)}`,
      value: field(value),
    })),
    ...values(statement.parameters, whole),
  ]
  return {
    event,
    approval,
    title: `${who} asks on ${field(target)}`,
    facts,
    statement: whole ? plainText(statement.text) : shownStatement(statement.text),
    url,
    links,
  }
}

function endedFacts({ decisions, endReason }: Approval): ChannelMessage['facts'] {
  return [
    ...decisions.map(({ by, verdict, reason }) => ({
      name: verdict === 'approve' ? 'Approved by' : 'Refused by',
      value: cutLine(reason === null ? by.subject : `${by.subject}: ${reason}`),
    })),
    ...(endReason === null || decisions.length > 0 ? [] : [{ name: 'Why', value: cutLine(endReason) }]),
  ]
}

function values(parameters: readonly (string | null)[], whole: boolean): ChannelMessage['facts'] {
  const shown = parameters.slice(0, whole ? Infinity : MOST_VALUES).map((value, index) => ({
    name: `Value ${String(index + 1)}`,
    value: value === null ? 'NULL' : whole ? plainText(value) : cutLine(value),
  }))
  const left = parameters.length - shown.length
  return left === 0 ? shown : [...shown, { name: 'More values', value: `${String(left)}, on the page` }]
}

/** Characters that are not seen, or make a text look other than it is. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/gu

/** A stranger's text: what would not be seen is written out. Line breaks stay. */
export function plainText(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(UNSEEN, (found) => (found === '\n' ? found : `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`))
}

function oneLine(text: string): string {
  return plainText(text.replaceAll(/\s+/g, ' ').trim())
}

function cutLine(text: string): string {
  return cut(oneLine(text), MOST_FIELD_CHARACTERS)
}

function shownStatement(text: string): string {
  const characters = Array.from(plainText(text))
  const left = characters.length - MOST_STATEMENT_CHARACTERS
  if (left <= 0) return characters.join('')
  return `${characters.slice(0, MOST_STATEMENT_CHARACTERS).join('')}\n… and ${String(left)} characters more, on the page`
}

function cut(text: string, most: number): string {
  const characters = Array.from(text)
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`
}
