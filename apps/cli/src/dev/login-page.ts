import { DEVELOPMENT_PRINCIPALS, type DevelopmentPrincipal } from './development-principals.ts'

/** What a person sees who is to sign in at the development issuer: everybody there is, to be chosen by a click. */
export function loginPage(): string {
  const people = Object.entries(DEVELOPMENT_PRINCIPALS).map(
    ([key, { sub, groups }]) =>
      `<li><a href="?as=${key}"><strong>${sub}</strong> <span>${groups.length === 0 ? 'no group' : groups.join(', ')}</span></a></li>`,
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
a { display: block; padding: .7rem 1rem; border: 1px solid #8888; border-radius: .5rem; color: inherit; text-decoration: none }
a:hover, a:focus { border-color: currentcolor } span { opacity: .7; float: right }
</style>
</head>
<body>
<h1>Who are you?</h1>
<p>This issuer is for development: it believes whoever asks, and listens on this machine alone.</p>
<ul>
${people.join('\n')}
</ul>
</body>
</html>
`
}

/** The one whom a request chose; null: nobody, or somebody who is not there. */
export function chosen(as: string | null): DevelopmentPrincipal | null {
  return as !== null && Object.hasOwn(DEVELOPMENT_PRINCIPALS, as) ? (as as DevelopmentPrincipal) : null
}
