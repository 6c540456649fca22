export { buildSite } from './build-site.ts'
export { type Section, siteContents } from './contents.ts'
export { Anchors } from './headings.ts'
