import type { IncomingMessage, ServerResponse } from 'node:http'
import { DEVELOPMENT_PRINCIPALS, type DevelopmentPrincipal } from './development-principals.ts'

// Without form-action: it would forbid the way back to the admin page.
const CONTENT_SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"

/** What a person sees who is to sign in at the development issuer: everybody there is, to be chosen by a click. */
function loginPage(): string {
  const people = Object.entries(DEVELOPMENT_PRINCIPALS).map(
    ([key, { sub, groups }]) =>
      `<li><button name="as" value="${key}"><strong>${sub}</strong> <span>${groups.length === 0 ? 'no group' : groups.join(', ')}</span></button></li>`,
  )
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Sign in: Gatehouse development issuer</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 10vh auto; max-width: 30rem; padding: 0 1rem; color-scheme: light dark }
li { list-style: none; margin: .5rem 0 } ul { padding: 0 }
button { width: 100%; padding: .7rem 1rem; border: 1px solid #8888; border-radius: .5rem; background: none; color: inherit; font: inherit; text-align: left; cursor: pointer }
button:hover, button:focus { border-color: currentcolor } span { opacity: .7; float: right }
</style>
</head>
<body>
<h1>Who are you?</h1>
<p>This issuer is for development: it believes whoever asks, and listens on this machine alone.</p>
<form method="post">
<ul>
${people.join('\n')}
</ul>
</form>
</body>
</html>
`
}

/** The one whom a form chose; null: nobody, or somebody who is not there. */
function chosen(form: string): DevelopmentPrincipal | null {
  const as = new URLSearchParams(form).get('as')
  return as !== null && Object.hasOwn(DEVELOPMENT_PRINCIPALS, as) ? (as as DevelopmentPrincipal) : null
}

/** Longest form that is read, in bytes. */
const MAX_FORM_BYTES = 1024

/**
 * Answers the browser of somebody who is to sign in: with the page, and to what its form sends, with `signIn`. What another site
 * makes a browser send signs nobody in. `origin`: the issuer's own.
 */
export function answerLogin(
  origin: string,
  request: IncomingMessage,
  response: ServerResponse,
  signIn: (request: IncomingMessage, response: ServerResponse, who: DevelopmentPrincipal) => Promise<void>,
): void {
  response.setHeader('content-security-policy', CONTENT_SECURITY_POLICY).setHeader('cache-control', 'no-store')
  if (request.method === 'GET') {
    response.setHeader('content-type', 'text/html; charset=utf-8').end(loginPage())
    return
  }
  if (request.method !== 'POST') return refuse(response, 405, 'Only GET and POST are answered here.')
  if (request.headers.origin !== origin) return refuse(response, 403, 'This was not sent by the sign-in page.')
  let form = ''
  request.setEncoding('utf8')
  request.on('data', (text: string) => {
    form += text
    if (form.length > MAX_FORM_BYTES) request.destroy()
  })
  request.on('end', () => {
    const who = chosen(form)
    if (who === null) refuse(response, 400, 'There is nobody of that name.')
    else signIn(request, response, who).catch(() => response.destroy())
  })
}

function refuse(response: ServerResponse, status: number, why: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(why)
}
