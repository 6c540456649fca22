export { explainForAdmin } from './admin-explain.ts'
