export { buildSite } from './build-site.ts'
export { CONTENTS, type Section } from './contents.ts'
export { Anchors } from './headings.ts'
