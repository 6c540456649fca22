// Finds the sections in which every word occurs; what stands in a heading counts most. The index is in memory: nothing is asked of a server.
const input = document.getElementById('search')
const found = document.getElementById('found')
const MOST = 12

// On a narrow screen the text comes first.
if (globalThis.innerWidth <= 800) document.querySelector('nav details').open = false

const wordsOf = (text) =>
  text
    .toLowerCase()
    .split(/[^\p{L}\p{N}_$]+/u)
    .filter((word) => word !== '')

const index = globalThis.searchIndex.map((entry) => ({
  ...entry,
  inHeading: `${entry.page} ${entry.heading}`.toLowerCase(),
  inText: entry.text.toLowerCase(),
}))

function find(words) {
  const scored = []
  for (const entry of index) {
    let score = 0
    for (const word of words) {
      const here = (entry.inHeading.includes(word) ? 10 : 0) + Math.min(entry.inText.split(word).length - 1, 5)
      if (here === 0) {
        score = 0
        break
      }
      score += here
    }
    if (score > 0) scored.push({ entry, score })
  }
  return scored
    .sort((a, b) => b.score - a.score)
    .slice(0, MOST)
    .map(({ entry }) => entry)
}

function excerpt({ text, inText }, words) {
  const at = Math.max(0, Math.min(...words.map((word) => inText.indexOf(word)).filter((place) => place >= 0)) - 40)
  const cut = Number.isFinite(at) ? at : 0
  return (cut > 0 ? '… ' : '') + text.slice(cut, cut + 140) + (text.length > cut + 140 ? ' …' : '')
}

function show() {
  const words = wordsOf(input.value)
  found.replaceChildren()
  found.hidden = words.length === 0
  if (words.length === 0) return
  const entries = find(words)
  if (entries.length === 0) found.append('Nothing was found.')
  for (const entry of entries) {
    const link = document.createElement('a')
    link.href = entry.href
    const name = document.createElement('strong')
    name.textContent = entry.heading === entry.page ? entry.page : `${entry.page} › ${entry.heading}`
    const text = document.createElement('span')
    text.textContent = excerpt(entry, words)
    link.append(name, text)
    found.append(link)
  }
}

input.addEventListener('input', show)
document.addEventListener('keydown', (event) => {
  if (event.key === '/' && document.activeElement !== input) {
    event.preventDefault()
    input.focus()
  } else if (event.key === 'Escape') {
    input.value = ''
    show()
  } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
    const links = [...found.querySelectorAll('a')]
    if (links.length === 0 || (document.activeElement !== input && !found.contains(document.activeElement))) return
    event.preventDefault()
    const next = links.indexOf(document.activeElement) + (event.key === 'ArrowDown' ? 1 : -1)
    ;(links[next] ?? input).focus()
  }
})
document.addEventListener('click', (event) => {
  if (!found.contains(event.target) && event.target !== input) found.hidden = true
})
input.addEventListener('focus', show)
