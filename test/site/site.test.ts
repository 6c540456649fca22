import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSite, siteContents } from '@gatehouse/site'
import { chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findChromium } from '../servers/chromium.ts'
import { ROOT } from '../documents/markdown-blocks.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-site-'))
let pages: readonly string[]

beforeAll(() => {
  pages = buildSite(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const read = (file: string): string => readFileSync(join(folder, file), 'utf8')

describe('the site', () => {
  test('has every page of docs/, each once', () => {
    const listed = siteContents().flatMap((section) => section.pages)
    expect(new Set(listed).size).toBe(listed.length)
    expect(globSync('docs/**/*.md', { cwd: ROOT }).filter((page) => !listed.includes(page))).toEqual([])
  })

  test('loads nothing from another host', () => {
    for (const file of globSync('**/*.{html,css,js,svg}', { cwd: folder })) {
      const text = read(file).replaceAll('http://www.w3.org/2000/svg', '')
      const loads = Array.from(text.matchAll(/<(?:script|link|img|iframe|source|form|use)\b[^>]*/g), ([mark]) => mark)
      expect(loads.filter((mark) => /(?:https?:)?\/\//.test(mark))).toEqual([])
      // Text of the pages may name addresses; what is run or drawn may not.
      if (/\.(?:css|svg)$|^search\.js$/.test(file)) expect(text, file).not.toMatch(/https?:|@import|\/\/[a-z]+\./)
    }
  })

  test('has no dead link, and no anchor that is not there', () => {
    const dead: string[] = []
    for (const page of pages) {
      for (const [, href = ''] of read(page).matchAll(/(?:href|src)="([^"]*)"/g)) {
        if (/^(?:https?|mailto|data):/.test(href)) continue
        const [path = '', anchor] = href.split('#')
        const file = path === '' ? page : path
        if (!existsSync(join(folder, file))) dead.push(`${page}: ${href}`)
        else if (anchor !== undefined && !read(file).includes(`id="${anchor}"`)) dead.push(`${page}: ${href}`)
      }
    }
    expect(dead).toEqual([])
  })

  test('finds what is looked for, leads there, and asks nobody', async ({ skip }) => {
    const found = await findChromium()
    if (found.kind === 'absent') {
      skip(found.reason)
      return
    }
    const { command, env } = found.program
    const browser = await chromium.launch({
      executablePath: command,
      env: { ...process.env, ...env },
      args: ['--no-sandbox'],
    })
    try {
      const page = await browser.newPage()
      const asked: string[] = []
      const faults: string[] = []
      page.on('request', (request) => asked.push(request.url()))
      page.on('pageerror', (error) => faults.push(error.message))
      await page.goto(`file://${folder}/index.html`)
      await page.keyboard.press('/')
      await page.keyboard.type('trail disk full')
      await page.getByRole('link', { name: /Operations › The trail.s disk is full/ }).click()
      await page.getByRole('heading', { name: /The trail.s disk is full/ }).waitFor()
      expect(page.url()).toContain('/operations.html#')
      await page.getByRole('searchbox').fill('nosuchwordanywhere')
      await page.getByText('Nothing was found.').waitFor()
      expect(faults).toEqual([])
      expect(asked.filter((url) => !url.startsWith('file://') && !url.startsWith('data:'))).toEqual([])
    } finally {
      await browser.close()
    }
  })
})
