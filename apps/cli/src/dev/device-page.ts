import type { PageContext } from 'oidc-provider'

// Without form-action: it would forbid the way on to the sign-in page.
const CONTENT_SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"

/** Asks for the code that a device shows. `form`: the issuer's own; `wrong`: the code before was none. */
export function askForCode(context: PageContext, form: string, wrong: boolean): void {
  const text = wrong
    ? 'There is no such code, or it has been used. Look at it once more.'
    : 'Enter the code that the terminal shows.'
  show(
    context,
    'Sign in a terminal',
    `<p>${text}</p>${form}<button type="submit" form="op.deviceInputForm">Go on</button>`,
  )
}

/** Asks whether it is this device. `code`: as the device shows it. */
export function confirmCode(context: PageContext, form: string, client: string, code: string): void {
  show(
    context,
    'Is this the code in your terminal?',
    `<p><code>${escaped(code)}</code></p>
<p>Whoever has a terminal that shows it will be signed in as you, by <strong>${escaped(client)}</strong>. If you did not begin this, say no.</p>
${form}<button type="submit" form="op.deviceConfirmForm">It is mine</button>
<button type="submit" form="op.deviceConfirmForm" name="abort" value="yes">No</button>`,
  )
}

/** Says that it is done. */
export function codeAccepted(context: PageContext): void {
  show(context, 'Signed in', '<p>Go back to your terminal; this page can be closed.</p>')
}

function show(context: PageContext, title: string, body: string): void {
  context.set('content-security-policy', CONTENT_SECURITY_POLICY)
  context.set('cache-control', 'no-store')
  context.body = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}: Gatehouse development issuer</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 10vh auto; max-width: 30rem; padding: 0 1rem; color-scheme: light dark }
code { font-size: 2rem; letter-spacing: .1em } button, input { padding: .7rem 1rem; font: inherit; margin: .5rem .5rem 0 0 }
</style>
</head>
<body>
<h1>${title}</h1>
${body}
</body>
</html>
`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
