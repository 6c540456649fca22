import { type ChannelMessage } from './channel-message.ts'
import type { LinkClaim } from './decide-links.ts'

/** What the form of a link sends back. */
export interface LinkForm {
  /** How many sessions waited when the page was made. */
  readonly waiters: number
}

/** The page behind a link that decides: it decides nothing itself, for chat programs look at links to show a preview. */
export function linkPage(claim: LinkClaim, message: ChannelMessage, who: string, { waiters }: LinkForm): string {
  const word = claim.verdict === 'approve' ? 'Approve' : 'Refuse'
  const facts = message.facts.map(({ name, value }) => `<dt>${html(name)}</dt><dd>${html(value)}</dd>`).join('')
  const reason =
    claim.verdict === 'refuse'
      ? '<label>Why, for the agent <input name="reason" required maxlength="1000" autocomplete="off"></label>'
      : ''
  return page(
    `${word}: ${message.title}`,
    `<h1>${html(message.title)}</h1><pre>${html(message.statement)}</pre><dl>${facts}</dl>
<p>${waiters === 1 ? 'One session waits' : `${String(waiters)} sessions wait`}. You decide as ${html(who)}. <a href="${html(message.url)}">Open the whole card</a></p>
<form method="post"><input type="hidden" name="waiters" value="${String(waiters)}">${reason}<button>${word}</button></form>`,
  )
}

/** A page that says one thing. */
export function wordsPage(title: string, text: string): string {
  return page(title, `<h1>${html(title)}</h1><p>${html(text)}</p>`)
}

/** How the pages look; they have no script. */
export const LINK_STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}
pre{white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid;padding:.75rem;border-radius:.4rem}
dt{font-weight:600}dd{margin:0 0 .5rem;overflow-wrap:anywhere}input{font:inherit;width:100%;padding:.4rem;margin:.25rem 0 1rem}button{font:inherit;padding:.5rem 1.5rem}`

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex"><title>${html(title)}</title><link rel="stylesheet" href="/links/style.css"></head><body>${body}</body></html>`
}

function html(text: string): string {
  return text.replaceAll(/[&<>"']/g, (found) => `&#${String(found.charCodeAt(0))};`)
}
