/**
 * Builds the documents into a static site: `npm run site`, into `.gatehouse/site`. The pages are the Markdown files of the repository; nothing of
 * another host is loaded, and the files can be opened as they are.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, posix, relative } from 'node:path'
import { type Section, siteContents } from './contents.ts'
import { escaped, renderPage, type RenderedPage, type Resolve } from './render-page.ts'

const ROOT = join(import.meta.dirname, '../..')
const OWN = ['site.css', 'search.js']

/** Builds it into `folder`, which is emptied first. Returns the built pages, from that folder. A link to what is not there leads nowhere. */
export function buildSite(folder: string): readonly string[] {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const contents = siteContents()
  const pages = contents.flatMap((section) => section.pages)
  const texts = new Map(pages.map((page) => [page, readFileSync(join(ROOT, page), 'utf8')]))
  const titles = new Map([...texts].map(([page, text]) => [page, /^# (.+)$/m.exec(text)?.[1] ?? page]))
  const rendered = new Map<string, RenderedPage>()
  for (const [page, text] of texts)
    rendered.set(
      page,
      renderPage(text, (target) => placeOf(target, page, titles, folder)),
    )
  for (const [page, { title, html }] of rendered) {
    writeFileSync(join(folder, fileOf(page)), layout(title, html, contentsFor(page, contents, rendered)))
  }
  const index = [...rendered].flatMap(([page, { title, parts }]) =>
    parts.map(({ heading, anchor, text }) => ({
      page: title,
      heading,
      href: anchor === '' ? fileOf(page) : `${fileOf(page)}#${anchor}`,
      text,
    })),
  )
  // A script, not a document that is fetched: so the search works from the disk as well.
  writeFileSync(join(folder, 'search-index.js'), `globalThis.searchIndex = ${JSON.stringify(index)}\n`)
  for (const file of OWN) cpSync(join(import.meta.dirname, file), join(folder, file))
  return pages.map(fileOf)
}

/** `docs/tls.md` is `tls.html`, `bench/README.md` is `bench.html`, `deploy/helm/README.md` is `deploy-helm.html`. */
function fileOf(page: string): string {
  if (page === 'README.md') return 'index.html'
  const name = page.endsWith('/README.md') ? posix.dirname(page) : posix.basename(page, '.md')
  return `${name.toLowerCase().replaceAll('/', '-')}.html`
}

/** Where a page's link leads: to a page, or to a file of `docs/`, which is copied. Null: it is in the repository alone. */
function placeOf(
  target: string,
  page: string,
  titles: ReadonlyMap<string, string>,
  folder: string,
): ReturnType<Resolve> {
  const [path = '', anchor] = target.split('#')
  const hash = anchor === undefined ? '' : `#${anchor}`
  if (path === '') return { href: hash, title: null }
  const file = posix.normalize(posix.join(posix.dirname(page), path))
  const title = titles.get(file)
  if (title !== undefined) return { href: fileOf(file) + hash, title }
  const from = join(ROOT, file)
  if (!file.startsWith('docs/') || !existsSync(from) || statSync(from).isDirectory()) return null
  const place = relative('docs', file)
  mkdirSync(dirname(join(folder, place)), { recursive: true })
  cpSync(from, join(folder, place))
  return { href: place, title: null }
}

function contentsFor(
  current: string,
  contents: readonly Section[],
  rendered: ReadonlyMap<string, RenderedPage>,
): string {
  const link = (page: string): string => {
    const here = page === current ? ' aria-current="page"' : ''
    const [title = ''] = (rendered.get(page)?.title ?? '').split(':')
    return `<li><a href="${fileOf(page)}"${here}>${escaped(page === 'README.md' ? 'Overview' : title)}</a></li>`
  }
  return contents.map(({ title, pages }) => `<h2>${title}</h2><ul>${pages.map(link).join('')}</ul>`).join('\n')
}

function layout(title: string, html: string, contents: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title === 'Gatehouse' ? title : `${title} · Gatehouse`)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="site.css">
</head>
<body>
<a class="skip" href="#page">To the text</a>
<header>
<a class="name" href="index.html">Gatehouse</a>
<div class="search" role="search">
<input id="search" type="search" placeholder="Search" aria-label="Search the documents" autocomplete="off">
<div id="found" role="region" aria-label="What was found" aria-live="polite" hidden></div>
</div>
</header>
<div class="columns">
<nav aria-label="Pages"><details open><summary>Pages</summary>
${contents}
</details></nav>
<main id="page">
${html}</main>
</div>
<script src="search-index.js" defer></script>
<script src="search.js" defer></script>
</body>
</html>
`
}

if (import.meta.main) {
  const folder = process.argv[2] ?? join(ROOT, '.gatehouse/site')
  const pages = buildSite(folder)
  process.stdout.write(`${String(pages.length)} pages in ${folder}; open ${join(folder, 'index.html')}\n`)
}
